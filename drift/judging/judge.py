"""Judge windows one after the other, at the false-alarm rate that was asked for."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Floats, Window
from drift.judging.explaining import moved
from drift.judging.judgement import Alarm, Judgement, Moved
from drift.judging.null import DRAWS, Null, null_of, resampled
from drift.judging.persistence import State, fresh, shrunk
from drift.judging.reference import Reference
from drift.judging.refusing import refusal, too_small
from drift.judging.statistics import Compared, Statistics, Test

ONE_A_QUARTER = 1 / 2190
"""One false alarm a quarter at hourly checks: 365 / 4 * 24 of them."""
_CALM = 0.5
_STEPS = 4
"""Sizes are rounded to so many steps of a doubling, so that nulls are drawn once."""
_CACHED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    false_alarm_rate: float = ONE_A_QUARTER
    """Wanted chance per check that undrifted data is called drifted, by whatever alarm."""
    min_rows: int = 100
    confirm: int = 2
    """So many odd windows in a row are a sudden alarm; 1 for checks that are days apart."""
    memories: tuple[float, ...] = (2.0, 8.0, 32.0)
    """Windows that slow alarms look back, each a chart; none leaves all to sudden alarms."""
    least_psi: float = 0.0
    """Features that moved by less are never named nor alarmed about, however sure it is."""
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 1 or self.confirm < 1 or self.draws < 1000:
            raise ValueError(
                "false_alarm_rate must be between 0 and 1, confirm at least 1 and draws at least "
                f"1000, got {self.false_alarm_rate}, {self.confirm} and {self.draws}"
            )
        if any(memory <= 1 for memory in self.memories):
            raise ValueError(f"memories must be longer than one window, got {self.memories}")

    @property
    def sudden_level(self) -> float:
        """The p-value below which a window is odd: ``confirm`` in a row have half the budget."""
        share = 0.5 if self.memories else 1.0
        return (self.false_alarm_rate * share) ** (1 / self.confirm)

    @property
    def slow_level(self) -> float:
        return self.false_alarm_rate / 2 / max(1, len(self.memories))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One comparison: the window, or a chart's decayed one."""

    windows: float
    surprises: Floats
    tests: tuple[tuple[int, Test], ...]
    null: Null
    p_value: float
    shares: Floats

    def by_feature(self) -> dict[int, tuple[float, Test]]:
        """Return the largest surprise of each feature, and its test."""
        found: dict[int, tuple[float, Test]] = {}
        for (feature, test), surprise in zip(self.tests, self.surprises, strict=True):
            if feature not in found or surprise > found[feature][0]:
                found[feature] = (float(surprise), test)
        return found


class Judge:
    """Judges windows against one reference; nulls are drawn when a size first comes."""

    def __init__(self, reference: Reference, settings: Settings | None = None) -> None:
        self.reference = reference
        self.settings = settings or Settings()
        self._prepared: OrderedDict[int, tuple[Statistics, Null]] = OrderedDict()
        self._nulls: dict[object, Null] = {}

    def judge(self, window: Window, state: State | None = None) -> Judgement:
        """Say what ``window`` shows, after the windows that ``state`` remembers.

        A state of another reference is left behind. Without a verdict the state stays as it was.
        """
        refused = refusal(self.reference, window, self.settings.min_rows)
        if refused:
            return replace(refused, state=state)
        if state is None or not self._fits(state):
            state = fresh(
                self.reference.fingerprint, self.settings.memories, self.reference.cells.total
            )
        if not self._at(window.rows)[0].tests:
            return replace(too_small(window), state=state)
        alone = self.look(window.sums, window.rows)
        state = self._remembered(state, window, alone)
        charts = [
            self.look(chart.sums * (chart.effective_rows / chart.rows), chart.effective_rows)
            for chart in state.charts
        ]
        charts = [
            replace(look, windows=chart.memory)
            for look, chart in zip(charts, state.charts, strict=True)
        ]
        state = _dated(state, charts, window.at)
        return self._verdict(window, state, alone, charts)

    def look(self, sums: Floats, rows: float) -> Look:
        """Test all features of summed rows together."""
        statistics, null = self._at(rows)
        columns, reference = statistics.columns, self.reference
        shares = sums / rows
        compared = Compared(
            columns.grouped(shares), np.asarray(float(rows)), statistics.shares, reference.rows
        )
        surprises = statistics.surprises(compared)
        p_value = null.p_value(float(surprises.max()))
        return Look(
            windows=1,
            surprises=surprises,
            tests=tuple(statistics.tests),
            null=null,
            p_value=p_value,
            shares=shares,
        )

    def _fits(self, state: State) -> bool:
        memories = tuple(chart.memory for chart in state.charts)
        return (
            state.fingerprint == self.reference.fingerprint and memories == self.settings.memories
        )

    def _remembered(self, state: State, window: Window, alone: Look) -> State:
        level = self.settings.sudden_level
        odd = alone.p_value <= level and any(True for _ in self._named(alone, level))
        strange = {feature: found for feature, (found, _) in alone.by_feature().items()}
        sums = shrunk(
            window.sums, window.rows, self.reference.shares, self.reference.cells, strange
        )
        return replace(
            state,
            run=state.run + 1 if odd else 0,
            run_since=(state.run_since if state.run else window.at) if odd else None,
            charts=tuple(chart.after(sums, window.rows) for chart in state.charts),
        )

    def _verdict(self, window: Window, state: State, alone: Look, charts: list[Look]) -> Judgement:
        settings = self.settings
        named: list[Moved] = []
        starts: list[str] = []
        alarm = None
        for look, chart in zip(charts, state.charts, strict=True):
            if look.p_value <= settings.slow_level:
                named += self._named(look, settings.slow_level)
                starts.append(chart.since or window.at)
        if named:
            alarm = Alarm.SLOW
        if state.run >= settings.confirm:
            alarm = Alarm.SUDDEN
            named += self._named(alone, settings.sudden_level)
            starts.append(state.run_since or window.at)
        since = (state.since or min(starts, default=window.at)) if alarm else None
        named = _strongest(named)
        return Judgement(
            verdict=DriftVerdict.DRIFT if alarm else DriftVerdict.NO_DRIFT,
            reason=_reason(alarm, named, alone.p_value, since),
            rows=window.rows,
            p_value=alone.p_value,
            alarm=alarm,
            moved=tuple(named),
            since=since,
            state=replace(state, since=since),
        )

    def _named(self, look: Look, level: float) -> Iterator[Moved]:
        for feature, (surprise, test) in look.by_feature().items():
            p_value = look.null.p_value(surprise)
            if p_value > level:
                continue
            found = moved(self.reference, feature, test, look.shares, p_value, look.windows)
            if found.psi is None or found.psi >= self.settings.least_psi:
                yield found

    def _at(self, rows: float) -> tuple[Statistics, Null]:
        step = round(_STEPS * float(np.log2(max(rows, 1.0))))
        if step not in self._prepared:
            size = 2 ** (step / _STEPS)
            statistics = Statistics(self.reference, size)
            null = self._null(statistics, size) if statistics.tests else Null(np.zeros(1))
            self._prepared[step] = statistics, null
            if len(self._prepared) > _CACHED:
                self._prepared.popitem(last=False)
        return self._prepared[step]

    def _null(self, statistics: Statistics, size: float) -> Null:
        """Large windows without rare bins have one null in common: the tests' normal limit."""
        settings = self.settings
        one = not resampled(self.reference, size) and not any(
            column is not None for column in statistics.columns.rare
        )
        key: object = statistics.columns.pattern if one else size
        if key not in self._nulls:
            self._nulls[key] = null_of(
                self.reference, statistics, size, draws=settings.draws, seed=settings.seed
            )
        return self._nulls[key]


def _dated(state: State, looks: list[Look], at: str) -> State:
    """A chart's evidence began with the first window after it was last calm."""
    charts = tuple(
        replace(chart, since=None if look.p_value > _CALM else chart.since or at)
        for chart, look in zip(state.charts, looks, strict=True)
    )
    return replace(state, charts=charts)


def _strongest(named: list[Moved]) -> list[Moved]:
    best: dict[str, Moved] = {}
    for one in named:
        if one.feature not in best or one.p_value < best[one.feature].p_value:
            best[one.feature] = one
    return sorted(best.values(), key=lambda one: one.p_value)


def _reason(alarm: Alarm | None, named: list[Moved], p_value: float, since: str | None) -> str:
    if alarm is None:
        return f"no drift: undrifted data differ as much as this window with chance {p_value:.2g}"
    what = ", ".join(
        one.feature + (f" (PSI {one.psi:.3g})" if one.psi is not None else "") for one in named
    )
    return f"{alarm.value} drift" + (f" since {since}" if since else "") + f": {what}"
