"""Judge windows one after the other, at the false-alarm rate that was asked for."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Floats, Window
from drift.judging.explaining import moved
from drift.judging.judgement import Alarm, Judgement, Moved
from drift.judging.looking import Look, Looks
from drift.judging.persistence import State, fresh, shrunk
from drift.judging.reference import Reference
from drift.judging.refusing import refusal, too_small
from drift.judging.settings import Settings

_CALM = 0.5
_LEADING = 3


class Judge:
    """Judges windows against one reference; nulls are drawn when a size first comes."""

    def __init__(self, reference: Reference, settings: Settings | None = None) -> None:
        self.reference = reference
        self.settings = settings or Settings()
        self._looks = Looks(reference, self.settings)

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
        if not self._looks.possible(window.rows):
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
        """Test all features of summed rows together, without memory."""
        return self._looks.look(sums, rows)

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
            if found.psi is None:
                found = replace(found, leading=self._leading(look))
            far = look.together if found.psi is None else found.psi
            if far >= self.settings.least_psi:
                yield found

    def _leading(self, look: Look) -> tuple[str, ...]:
        features = self.reference.cells.features
        alone = {at: found for at, (found, _) in look.by_feature().items() if at < len(features)}
        most = sorted(alone, key=lambda at: -alone[at])[:_LEADING]
        return tuple(features[at].name for at in most)


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
    return sorted(best.values(), key=lambda one: (one.psi is None, one.p_value))


def _reason(alarm: Alarm | None, named: list[Moved], p_value: float, since: str | None) -> str:
    if alarm is None:
        return f"no drift: undrifted data differ as much as this window with chance {p_value:.2g}"
    what = ", ".join(f"{one.feature} ({_detail(one)})" for one in named)
    return f"{alarm.value} drift" + (f" since {since}" if since else "") + f": {what}"


def _detail(one: Moved) -> str:
    return f"{', '.join(one.leading)} most" if one.psi is None else f"PSI {one.psi:.3g}"
