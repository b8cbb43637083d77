"""How soon drift of known kinds is found, by every rule at the same measured false-alarm rate.

``python -m benchmarks.drift_detection [seeds]`` in an environment with river
(``requirements/drift-rivals.txt``); without it ADWIN's lines are missing.

For each seed a stream of undrifted windows gives the false alarms, then each scenario goes on from
its end. Ours runs with its thresholds as calculated; the others' are tuned on the same undrifted
windows, to as many windows in alarm as ours had. Delay is counted in windows, 1 for the first one
after the onset.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks import drift_rivals
from benchmarks.drift_rivals import BINS, Rules, adwin
from benchmarks.drift_worlds import (
    BASELINE_ROWS,
    BESIDE,
    FEATURES,
    HORIZON,
    SCENARIOS,
    WINDOW_ROWS,
    Rows,
    drawn,
)
from benchmarks.share import keep
from drift.judging.cells import Cells, FeatureCells, Floats, Window
from drift.judging.judge import Judge
from drift.judging.multivariate import FourierMap, fourier_map
from drift.judging.persistence import State
from drift.judging.reference import Reference, reference_of
from drift.judging.settings import Settings

QUIET = 160
"""Undrifted windows of each seed, before the onset."""
BASELINES = 10
RATE = 1 / 200
SOON = 3
"""Windows within which an odd one has its alarm, if it has."""
OURS, WITH_LABELS = "ours", "ours, with labels *"
ADWIN_MEANS, ADWIN_ERRORS = "river's ADWIN, any column", "river's ADWIN, errors *"
TRIED = [10.0**-power for power in (0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 4, 6, 8)]


class Eyes:
    """One baseline, and what every rule has prepared from it."""

    def __init__(self, number: int) -> None:
        rows = drawn(np.random.default_rng((7, number)), BASELINE_ROWS)
        self.rules = Rules(rows.columns)
        self.fourier: FourierMap = fourier_map(rows.x, seed=number)
        columns = [f"x{at}" for at in range(FEATURES)] + ["score"]
        binned = [
            FeatureCells(name=name, bins=BINS, ordered=BINS) for name in (*columns, "residual")
        ]
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        self.residual_cuts = np.quantile(self.fourier.residuals(rows.x), inner)
        width = len(self.fourier.phases)
        self.cells = Cells(tuple(binned), multivariate=width)
        labelled = [
            FeatureCells(name="error", bins=2),
            FeatureCells(name="label by score", bins=2 * BINS),
        ]
        self.labelled = Cells((*binned, *labelled), multivariate=width)
        self.judges = [
            Judge(self._reference(rows, cells), Settings(false_alarm_rate=RATE, seed=number))
            for cells in (self.cells, self.labelled)
        ]

    def _reference(self, rows: Rows, cells: Cells) -> Reference:
        """Shares of all rows, covariance of some."""
        parts = [
            self._lines(replace(rows, x=x, score=score, label=label), cells)
            for x, score, label in zip(
                *(np.array_split(one, 8) for one in (rows.x, rows.score, rows.label)), strict=True
            )
        ]
        whole = BASELINE_ROWS, np.sum([part.sum(axis=0) for part in parts], axis=0)
        return reference_of(
            parts[0], np.ones(len(parts[0])), cells, model="m", version="1", whole=whole
        )

    def seen(self, rows: Rows) -> "Seen":
        counts = self.rules.counts(rows.columns)
        features = self.fourier.sums(rows.x)
        counted = np.vstack([counts, self._residual(rows).sum(axis=0)])
        labels = self._labels(rows)
        wrong = float(((rows.score >= 0.5) != rows.label).mean())
        parts = [counted.ravel(), features]
        joint = [counted.ravel(), *(one.sum(axis=0) for one in labels), features]
        return Seen(
            statistics=self.rules.statistics(rows.columns, counts),
            means=rows.columns.mean(axis=0),
            error=wrong,
            sums=(np.concatenate(parts), np.concatenate(joint)),
        )

    def _residual(self, rows: Rows) -> Floats:
        lengths = self.fourier.residuals(rows.x)
        return np.eye(BINS)[np.searchsorted(self.residual_cuts, lengths, side="right")]

    def _labels(self, rows: Rows) -> list[Floats]:
        wrong = ((rows.score >= 0.5) != rows.label).astype(int)
        by_score = np.searchsorted(self.rules.cuts[:, -1], rows.score, side="right") * 2
        return [np.eye(2)[wrong], np.eye(2 * BINS)[by_score + rows.label]]

    def _lines(self, rows: Rows, cells: Cells) -> Floats:
        cuts = self.rules.cuts.T
        found = [
            np.eye(BINS)[np.searchsorted(own, column, side="right")]
            for own, column in zip(cuts, rows.columns.T, strict=True)
        ]
        found.append(self._residual(rows))
        if cells is self.labelled:
            found += self._labels(rows)
        return np.hstack([*found, self.fourier.features(rows.x)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    statistics: dict[str, float]
    means: Floats
    error: float
    sums: tuple[Floats, Floats] | None
    """None once ours has judged them: half a gigabyte that nobody asks for again."""


@dataclass(slots=True)
class Stream:
    """One seed: the quiet windows, what ours said about them, and each scenario's windows."""

    eyes: Eyes
    quiet: list[Seen] = field(default_factory=list)
    alarms: list[list[bool]] = field(default_factory=list)
    states: list[State | None] = field(default_factory=list)
    after: dict[str, list[Seen]] = field(default_factory=dict)
    ours: dict[str, list[list[bool]]] = field(default_factory=dict)


def played(seed: int, eyes: Eyes) -> Stream:
    """Draw all windows of one seed and let ours judge them."""
    stream = Stream(eyes)
    draw = np.random.default_rng((11, seed))
    stream.quiet = [eyes.seen(drawn(draw, WINDOW_ROWS)) for _ in range(QUIET)]
    for which in range(2):
        alarms, state = judged(eyes, which, stream.quiet, None, stop=False)
        stream.alarms.append(alarms)
        stream.states.append(state)
    for name, change in {**SCENARIOS, **BESIDE}.items():
        stream.after[name] = [
            eyes.seen(drawn(draw, WINDOW_ROWS, change(t))) for t in range(HORIZON)
        ]
        stream.ours[name] = [
            judged(eyes, which, stream.after[name], stream.states[which], stop=True)[0]
            for which in range(2)
        ]
        stream.after[name] = [replace(seen, sums=None) for seen in stream.after[name]]
    stream.quiet = [replace(seen, sums=None) for seen in stream.quiet]
    return stream


def judged(
    eyes: Eyes, which: int, windows: Sequence[Seen], state: State | None, *, stop: bool
) -> tuple[list[bool], State | None]:
    found: list[bool] = []
    judge = eyes.judges[which]
    for seen in windows:
        window = Window(
            rows=WINDOW_ROWS,
            sums=seen.sums[which],
            cells=judge.reference.cells,
            model="m",
            version="1",
        )
        judgement = judge.judge(window, state)
        state = judgement.state
        found.append(judgement.alarm is not None)
        if stop and found[-1]:
            break
    return found, state


Rule = Callable[[Sequence[Seen]], list[bool]]


def above(name: str, threshold: float) -> Rule:
    return lambda windows: [seen.statistics[name] > threshold for seen in windows]


def tuned(streams: Sequence[Stream], rate: float) -> dict[str, float]:
    """Return every rival's threshold: the least that is exceeded in ``rate`` of quiet windows."""
    names = list(streams[0].quiet[0].statistics)
    return {
        name: float(
            np.quantile([seen.statistics[name] for s in streams for seen in s.quiet], 1 - rate)
        )
        for name in names
    }


def tuned_adwin(
    streams: Sequence[Stream], rate: float, series: Callable[[Sequence[Seen]], Floats]
) -> tuple[float, float]:
    """Return ADWIN's delta that comes nearest to ``rate`` from below, and its own rate."""
    found = {
        delta: float(np.mean([adwin(series(stream.quiet), delta) for stream in streams]))
        for delta in TRIED
    }
    allowed = [delta for delta, measured in found.items() if measured <= rate * 1.1] or TRIED[-1:]
    best = max(allowed, key=lambda delta: found[delta])
    return best, found[best]


def means(windows: Sequence[Seen]) -> Floats:
    return _scaled(np.array([seen.means for seen in windows]))


def errors(windows: Sequence[Seen]) -> Floats:
    return _scaled(np.array([[seen.error] for seen in windows]))


def _scaled(lines: Floats) -> Floats:
    """In tenths of a standard error: ADWIN's bound has a term for values within 0 and 1 that would
    blind it to means, which vary by so much less."""
    quiet = lines[:QUIET]
    return (lines - quiet.mean(axis=0)) / quiet.std(axis=0) * 10


def delay(alarms: Sequence[bool]) -> int:
    """Windows until the first alarm; one more than there were where none came."""
    return alarms.index(True) + 1 if True in alarms else HORIZON + 1


def delays(
    streams: Sequence[Stream], rate: float
) -> tuple[dict[str, dict[str, list[int]]], dict[str, float]]:
    """Return scenario → rule → one delay per seed, and the rule's false alarms per window."""
    measured = {
        name: float(np.mean([stream.alarms[which] for stream in streams]))
        for which, name in enumerate((OURS, WITH_LABELS))
    }
    thresholds = tuned(streams, rate)
    rules = {name: above(name, threshold) for name, threshold in thresholds.items()}
    for name, rule in rules.items():
        measured[name] = float(np.mean([rule(stream.quiet) for stream in streams]))
    deltas: dict[str, tuple[float, Callable[[Sequence[Seen]], Floats]]] = {}
    if drift_rivals.ADWIN is not None:
        for name, series in ((ADWIN_MEANS, means), (ADWIN_ERRORS, errors)):
            delta, measured[name] = tuned_adwin(streams, rate, series)
            deltas[name] = delta, series
    found: dict[str, dict[str, list[int]]] = {}
    for scenario in {**SCENARIOS, **BESIDE}:
        row: dict[str, list[int]] = {
            name: [delay(stream.ours[scenario][which]) for stream in streams]
            for which, name in enumerate((OURS, WITH_LABELS))
        }
        for name, rule in rules.items():
            row[name] = [delay(rule(stream.after[scenario])) for stream in streams]
        for name, (delta, series) in deltas.items():
            row[name] = [
                delay(adwin(series([*stream.quiet, *stream.after[scenario]]), delta)[QUIET:])
                for stream in streams
            ]
        found[scenario] = row
    return found, measured


def interval(values: Sequence[int]) -> tuple[float, float, float]:
    """Return the mean with its 95 % interval over seeds, by the bootstrap."""
    array, draw = np.array(values, dtype=float), np.random.default_rng(0)
    again = array[draw.integers(len(array), size=(2000, len(array)))].mean(axis=1)
    low, high = np.quantile(again, [0.025, 0.975])
    return float(array.mean()), float(low), float(high)


def best_or_tied(row: dict[str, tuple[float, float, float]], ours: str) -> bool:
    """Among the others' rules; ours with labels is no rival of ours without."""
    others = [one for name, one in row.items() if name not in (OURS, WITH_LABELS)]
    least = min([*others, row[ours]], key=lambda one: one[0])
    return row[ours][1] <= least[2]


def main(seeds: int) -> int:
    started = time.monotonic()
    eyes = [Eyes(number) for number in range(min(BASELINES, seeds))]
    streams: list[Stream] = []
    for seed in range(seeds):
        streams.append(played(seed, eyes[seed % len(eyes)]))
        if seed % 5 == 4:
            print(f"{seed + 1} of {seeds} seeds, {time.monotonic() - started:.0f} s", flush=True)
    rate = float(np.mean([stream.alarms[0] for stream in streams]))
    found, measured = delays(streams, rate)
    onsets = np.mean(
        [
            sum(b and not a for a, b in zip([False, *s.alarms[0]], s.alarms[0], strict=False))
            / QUIET
            for s in streams
        ]
    )
    print(f"asked {RATE:.4f} per window, ours had {rate:.4f} in alarm, {onsets:.4f} began")
    for name, share in measured.items():
        print(f"  {name:34} {share:.4f}")
    shown = {
        scenario: {name: interval(values) for name, values in row.items()}
        for scenario, row in found.items()
    }
    won = 0
    for scenario, row in shown.items():
        ours = WITH_LABELS if scenario == "concept only" else OURS
        good = best_or_tied(row, ours)
        won += good and scenario in SCENARIOS
        print(f"\n{scenario}" + (": best or tied" if good else ""))
        for name, (mean, low, high) in sorted(row.items(), key=lambda item: item[1][0]):
            missed = np.mean([value > HORIZON for value in found[scenario][name]])
            soon = np.mean([value <= SOON for value in found[scenario][name]])
            print(
                f"  {name:34} {mean:6.2f} [{low:5.2f}, {high:5.2f}]  missed {missed:4.0%}"
                f"  within {SOON} windows {soon:4.0%}"
            )
    print(f"\nbest or tied in {won} of {len(SCENARIOS)}; * needs labels")
    print(f"{time.monotonic() - started:.0f} s")
    keep(
        "drift_detection",
        {"seeds": seeds, "asked": RATE, "measured": measured, "delays": shown, "won": won},
    )
    return 0 if won >= 5 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
