"""The card's features as every request is checked against them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import isfinite
from operator import le
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contracts.card import Feature, FeatureType
from ml.serving.limits import BadRequest, shown

LARGEST = float(np.finfo(np.float32).max)
"""Models are asked in float32: what it cannot hold is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedValue:
    row: int
    feature: str
    problem: str

    def __str__(self) -> str:
        return f"row {self.row}, field {self.feature!r}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Names, bounds and types by column, ready for one row and for many."""

    features: tuple[Feature, ...]
    names: tuple[str, ...]
    places: dict[str, int]
    separators: bytes
    """What is left of a line of CSV without its numbers."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    whole: tuple[int, ...]
    """The columns that hold whole numbers."""
    headers: tuple[bytes, ...]
    """The names as a first line of CSV, with each line end; none where names could be values."""

    @classmethod
    def of(cls, features: Sequence[Feature]) -> Self:
        names = tuple(feature.name for feature in features)
        return cls(
            features=tuple(features),
            names=names,
            places={name: place for place, name in enumerate(names)},
            headers=_headers(names),
            separators=b"," * (len(names) - 1) + b"\n",
            low=tuple(max(-LARGEST, _or(f.minimum, -LARGEST)) for f in features),
            high=tuple(min(LARGEST, _or(f.maximum, LARGEST)) for f in features),
            whole=tuple(
                place
                for place, feature in enumerate(features)
                if feature.type is FeatureType.INTEGER
            ),
        )

    def table(self, rows: list[list[Any]], flat: list[Any] | None = None) -> NDArray[np.float64]:
        """Return checked rows of values, each of which must be a number by its very type."""
        if any(len(row) != len(self.names) for row in rows):
            self._refuse_length(rows)
        values = list(chain.from_iterable(rows)) if flat is None else flat
        if not _NUMBERS.issuperset(map(type, values)):
            self._refuse_type(rows)
        return self.checked(np.array(values, dtype=np.float64).reshape(len(rows), len(self.names)))

    def checked(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``values``, whose bounds and types hold."""
        if len(values) == 1:
            row: list[float] = values[0].tolist()
            if self._row_is_fine(row):
                return values
        refused = self.refused(values)
        if refused is not None:
            raise BadRequest(str(refused))
        return values

    def _row_is_fine(self, row: list[float]) -> bool:
        return (
            all(map(le, self.low, row))
            and all(map(le, row, self.high))
            and all(row[place].is_integer() for place in self.whole)
        )

    def refused(self, values: NDArray[np.float64]) -> RefusedValue | None:
        """Return the first value that is not finite, out of bounds, or not whole where it must."""
        fine = (values >= self.low) & (values <= self.high)
        for place in self.whole:
            fine[:, place] &= values[:, place] == np.floor(values[:, place])
        if fine.all():
            return None
        row, place = np.argwhere(~fine)[0]
        return self._explained(int(row), int(place), float(values[row, place]))

    def _explained(self, row: int, place: int, value: float) -> RefusedValue:
        low, high = self.low[place], self.high[place]
        problem = f"must be between {low:g} and {high:g}, got {value:g}"
        if not isfinite(value):
            problem = f"must be a finite number, got {shown(value)}"
        elif low <= value <= high:
            problem = f"must be a whole number, got {value:.17g}"
        return RefusedValue(row=row + 1, feature=self.names[place], problem=problem)

    def _refuse_length(self, rows: list[list[Any]]) -> None:
        for number, row in enumerate(rows, start=1):
            self.check_length(number, len(row))

    def check_length(self, number: int, fields: int) -> None:
        if fields != len(self.names):
            raise BadRequest(f"row {number} has {fields} fields, the model {len(self.names)}")

    def _refuse_type(self, rows: list[list[Any]]) -> None:
        for number, row in enumerate(rows, start=1):
            for name, value in zip(self.names, row, strict=True):
                if type(value) not in _NUMBERS:
                    raise self.not_a_number(number, name, value)

    def not_a_number(self, row: int, name: str, value: object) -> BadRequest:
        problem = f"must be a finite number, got {shown(value)}"
        return BadRequest(str(RefusedValue(row=row, feature=name, problem=problem)))

    def check_names(self, where: str, names: Sequence[str]) -> None:
        check_names(self.names, where, names)


def check_names(wanted: Sequence[str], where: str, names: Sequence[str]) -> None:
    """Refuse ``names`` that are not those ``wanted``, each once, in any order."""
    for problem, wrong in (
        ("is missing", set(wanted) - set(names)),
        ("is unknown", set(names) - set(wanted)),
        ("is named twice", {name for name, times in Counter(names).items() if times > 1}),
    ):
        if wrong:
            raise BadRequest(f"{where}, field {shown(min(wrong))}: {problem}")


# A bool is an int to Python and a mistake to everyone else.
_NUMBERS = frozenset((int, float))
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _headers(names: Sequence[str]) -> tuple[bytes, ...]:
    if not names or not all(_PLAIN_NAME.fullmatch(name) for name in names):
        return ()
    header = ",".join(names).encode()
    return header + b"\r\n", header + b"\n"


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


@lru_cache(maxsize=64)
def schema_of(features: tuple[Feature, ...]) -> Schema:
    return Schema.of(features)


def refused_value(rows: NDArray[np.float64], features: Sequence[Feature]) -> RefusedValue | None:
    """Return the first value that is not finite, outside its feature's bounds, or not whole where
    it must be."""
    return schema_of(tuple(features)).refused(rows)
