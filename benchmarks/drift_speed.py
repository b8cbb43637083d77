"""How fast a window is sketched, compared and judged, beside a plain PSI and other libraries.

``tools/setup drift-rivals``, then
``.perennial/env/drift-rivals/bin/python -m benchmarks.drift_speed [rows] [columns]``

Ours does everything: sketch (bins, moments, extremes, distinct, missing, out of range), every
distance of ``drift.distances`` and a verdict. *Plain* is the PSI that everyone writes, with
``np.searchsorted`` and ``np.bincount`` per column on the same cuts and the same array.
boost-histogram fills one histogram per column on two threads, NannyML measures its distances on one
chunk, Evidently runs its drift preset with PSI. Contenders take turns; the best of their turns
counts, in seconds of processor time for what runs on one thread (the machine may be busy) and of
wall time for what runs on two. Memory is what the resident set grows beyond the input at its
highest. Training has as many rows as the window. Exits with 1 when a bar is missed.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.share import keep
from contracts.baseline import Baseline
from contracts.card_operating import Drift
from drift.distances.comparison import distances
from drift.sketches.baseline import feature_baselines, sketch_baseline
from drift.sketches.rows import sketch_rows
from drift.sketches.window import WindowSketch, merge_windows
from drift.verdict import judge_counts

# Both libraries report their use to their makers unless told not to; no figure of ours leaves.
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}

BINS = 10
TURNS = 7
BARS = {"plain, row-major": 4.0, "NannyML, three distances": 15.0, "Evidently": 250.0}
MOST_MEMORY_MIB = 64
NANNYML = {
    "NannyML, Jensen-Shannon alone": ["jensen_shannon"],
    "NannyML, three distances": ["jensen_shannon", "kolmogorov_smirnov", "wasserstein"],
}
CARD = Drift(
    schedule="rate(1 hour)",
    min_rows=500,
    psi_floor=0.02,
    false_alarm_rate=0.05,
    drifted_share=0.3,
    bins=BINS,
)

Matrix = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    name: str
    seconds: float
    wall: float
    memory_mib: float
    cells: int

    @property
    def rate(self) -> float:
        """Million values a second."""
        return self.cells / self.seconds / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    name: str
    run: Callable[[], object]
    threads: int = 1
    turns: int = TURNS


class Ours:
    """Sketch, all distances, verdict."""

    def __init__(self, reference: Matrix) -> None:
        names = [f"f{column}" for column in range(reference.shape[1])]
        bounds = {name: (-1e6, 1e6) for name in names}
        self.baseline = sketch_baseline(names, reference, bins=BINS, bounds=bounds)
        self._document = Baseline(
            model="m",
            run_id="r",
            snapshot_date="2026-01-01",
            rows=len(reference),
            features=feature_baselines(self.baseline),
        )

    def __call__(self, window: Matrix, threads: int = 1) -> object:
        return self.judge(sketch_rows(self.baseline.plan, window, threads=threads))

    def judge(self, sketch: WindowSketch) -> object:
        counts = [(f.counts, f.missing) for f in feature_baselines(sketch)]
        verdict = judge_counts(self._document, counts, sketch.rows, CARD)
        return distances(self.baseline, sketch), verdict


class Plain:
    """PSI per column as it is usually written."""

    def __init__(self, reference: Matrix) -> None:
        steps = np.arange(1, BINS) / BINS
        self._cuts = [np.quantile(column, steps) for column in reference.T]
        self._expected = [self._shares(column, at) for at, column in enumerate(reference.T)]

    def __call__(self, window: Matrix) -> list[float]:
        found = []
        for at, expected in enumerate(self._expected):
            observed = self._shares(window[:, at], at)
            found.append(float(((observed - expected) * np.log(observed / expected)).sum()))
        return found

    def _shares(self, column: Matrix, at: int) -> Matrix:
        bins = np.searchsorted(self._cuts[at], column, side="right")
        return (np.bincount(bins, minlength=BINS) + 0.5) / (len(column) + 0.5 * BINS)


def contenders(reference: Matrix, window: Matrix) -> list[Contender]:
    ours, plain, columns = Ours(reference), Plain(reference), np.asfortranarray(window)
    return [
        Contender(name="ours, row-major", run=lambda: ours(window)),
        Contender(name="plain, row-major", run=lambda: plain(window)),
        Contender(name="ours, column-major", run=lambda: ours(columns)),
        Contender(name="plain, column-major", run=lambda: plain(columns)),
        Contender(name="ours, row-major, two threads", run=lambda: ours(window, 2), threads=2),
        *_boost(reference, window),
        *_nannyml(reference, window),
        *_evidently(reference, window),
    ]


def _boost(reference: Matrix, window: Matrix) -> list[Contender]:
    try:
        import boost_histogram as bh
    except ModuleNotFoundError:
        return []
    steps = np.arange(1, BINS) / BINS
    cuts = [np.quantile(column, steps) for column in reference.T]

    def fill() -> object:
        found = []
        for own, column in zip(cuts, window.T, strict=True):
            histogram = bh.Histogram(bh.axis.Variable(own), storage=bh.storage.Int64())
            found.append(histogram.fill(column, threads=2).values(flow=True))
        return found

    return [Contender(name="boost-histogram, two threads", run=fill, threads=2)]


def _nannyml(reference: Matrix, window: Matrix) -> list[Contender]:
    try:
        import nannyml
        import pandas
    except ModuleNotFoundError:
        return []
    names = [f"f{column}" for column in range(window.shape[1])]
    before = pandas.DataFrame(reference, columns=names)
    frame = pandas.DataFrame(window, columns=names)
    found = []
    for name, methods in NANNYML.items():
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=names, continuous_methods=methods, chunk_number=1
        )
        calculator.fit(before)
        run = partial(calculator.calculate, frame)
        found.append(Contender(name=name, run=run, turns=2))
    return found


def _evidently(reference: Matrix, window: Matrix) -> list[Contender]:
    try:
        import pandas
        from evidently import Report
        from evidently.presets import DataDriftPreset
    except ModuleNotFoundError:
        return []
    names = [f"f{column}" for column in range(window.shape[1])]
    before = pandas.DataFrame(reference, columns=names)
    frame = pandas.DataFrame(window, columns=names)
    report = Report([DataDriftPreset(method="psi")])
    return [Contender(name="Evidently", run=lambda: report.run(frame, before), turns=1)]


def measure(contestants: list[Contender], cells: int) -> list[Measured]:
    """Let all take turns, so that none has the quieter machine."""
    best: dict[str, tuple[float, float]] = {}
    memory: dict[str, float] = {}
    for turn in range(max(each.turns for each in contestants)):
        for each in contestants:
            if turn < each.turns:
                before = _restart_peak()
                processor, wall = time.process_time(), time.perf_counter()
                each.run()
                taken = time.process_time() - processor, time.perf_counter() - wall
                memory[each.name] = max(memory.get(each.name, 0.0), _peak_mib() - before)
                least = best.get(each.name, taken)
                best[each.name] = min(least[0], taken[0]), min(least[1], taken[1])
    return [
        Measured(
            name=each.name,
            seconds=best[each.name][each.threads > 1],
            wall=best[each.name][1],
            memory_mib=memory[each.name],
            cells=cells,
        )
        for each in contestants
    ]


def _restart_peak() -> float:
    """Linux forgets the highest resident set when told so (proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status_mib("VmRSS")


def _peak_mib() -> float:
    return _status_mib("VmHWM")


def _status_mib(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def linearity(ours: Ours, columns: int, most: int) -> list[tuple[int, float]]:
    """Seconds of processor time by rows; the largest is drawn once and cut."""
    rng = np.random.default_rng(5)
    window = rng.standard_normal((most, columns))
    found = []
    for rows in (10_000, 100_000, 1_000_000, 10_000_000):
        if rows <= most:
            part = window[:rows]
            turns = 15 if rows < 1_000_000 else 3
            found.append(
                (rows, min(_processor(lambda part=part: ours(part)) for _ in range(turns)))
            )
    return found


def merging(ours: Ours, columns: int) -> list[tuple[int, float]]:
    """Milliseconds to merge a hundred sketches, by the rows of each."""
    rng = np.random.default_rng(6)
    plan, found = ours.baseline.plan, []
    for rows in (1_000, 10_000, 100_000):
        sketch = sketch_rows(plan, rng.standard_normal((rows, columns)))
        parts = [sketch] * 50 + [sketch_rows(plan, rng.standard_normal((rows, columns)))] * 50
        taken = min(_processor(lambda parts=parts: merge_windows(plan, parts)) for _ in range(5))
        found.append((rows, taken * 1000))
    return found


def _processor(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main(rows: int, columns: int) -> int:
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(4)
    reference = rng.standard_normal((rows, columns))
    window = rng.standard_normal((rows, columns))
    measured = measure(contenders(reference, window), window.size)
    named = {each.name: each for each in measured}
    first = named["ours, row-major"]
    print(f"{rows:,} rows of {columns} columns")
    for each in measured:
        ratio = each.seconds / first.seconds
        print(
            f"{each.name:30} {each.seconds:8.3f} s {each.rate:7.1f} Mvalues/s "
            f"{each.memory_mib:7.0f} MiB   ours takes 1/{ratio:.1f} of it"
        )
    del window
    ours = Ours(reference)
    lengths = linearity(ours, columns, 10_000_000 if _free_gib() > 6 else 1_000_000)
    for length, taken in lengths:
        print(
            f"{length:>12,} rows {taken:8.4f} s  {taken / length / columns * 1e9:6.2f} ns a value"
        )
    merged = merging(ours, columns)
    for length, taken in merged:
        print(f"100 sketches of {length:>8,} rows each merge in {taken:.1f} ms")
    keep(
        "drift_speed",
        {
            "measured": [asdict(each) | {"rate": each.rate} for each in measured],
            "linearity": lengths,
            "merging_ms": merged,
        },
    )
    return _judged(named)


def _judged(named: dict[str, Measured]) -> int:
    first = named["ours, row-major"]
    missed = [
        f"{name}: {named[name].seconds / first.seconds:.1f} times ours, wanted {bar:g}"
        for name, bar in BARS.items()
        if name in named and named[name].seconds / first.seconds < bar
    ]
    if first.memory_mib > MOST_MEMORY_MIB:
        missed.append(f"{first.memory_mib:.0f} MiB beyond the input, allowed {MOST_MEMORY_MIB}")
    missed += [f"{name} is not installed: not measured" for name in BARS if name not in named]
    print("\n".join(missed) if missed else "every bar is met")
    return 1 if missed else 0


def _free_gib() -> float:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    free = next(line for line in lines if line.startswith("MemAvailable"))
    return int(free.split()[1]) / 2**20


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(arguments + [1_000_000, 20][len(arguments) :])))
