"""A metric's data in the order of time, as evaluations ask for them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Any

from emulator.cloudwatch.statistics import Datum

Raw = Any


def _time(datum: Datum) -> float:
    return datum.timestamp


class MetricLog:
    """Follows a list that something else appends to, reading each element once."""

    def __init__(self, read: Callable[[Raw], Datum]) -> None:
        self._read = read
        self._data: list[Datum] = []
        self._raw: list[Raw] = []

    def follow(self, raw: Sequence[Raw]) -> None:
        """Take in what was appended; where older elements were dropped, start again."""
        raw = list(raw)
        known = len(self._raw)
        grown = len(raw) >= known and (
            known == 0 or (raw[0] is self._raw[0] and raw[known - 1] is self._raw[-1])
        )
        if not grown:
            self._data, known = [], 0
        for each in raw[known:]:
            insort(self._data, self._read(each), key=_time)
        self._raw = raw

    def since(self, moment: float) -> Sequence[Datum]:
        return self._data[bisect_left(self._data, moment, key=_time) :]
