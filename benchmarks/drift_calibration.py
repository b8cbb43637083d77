"""How often undrifted real data alarm, beside how often they may, and what power is left.

``python -m benchmarks.drift_calibration [windows]`` in an environment with pandas.

Windows and baselines are drawn with replacement from the blocks of one real data set, so that
nothing drifts between them; every baseline has windows of its own and its own sampling error.

- churn, customers: CDNOW's customers on 1997-08-01, each alone; windows of 2,000.
- churn, requests: the same in requests of 100 customers in the order of their numbers, who joined
  on the same days: a request says of tenure as much as one customer. Windows of 20 requests.
- rentals, days: bikes rented by the hour with the day's weather, 2014 to 2018; windows of 40 days.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import sqrt
from pathlib import Path

import numpy as np

from benchmarks.share import keep, wilson
from demo import history, places, replay
from drift.binning import quantile_cuts
from drift.judging.cells import Cells, FeatureCells, Floats, Window
from drift.judging.judge import Judge
from drift.judging.multivariate import fourier_map
from drift.judging.persistence import State
from drift.judging.reference import Reference, reference_of
from drift.judging.settings import ONE_A_QUARTER, Settings
from ml.workloads.churn import history as churn
from ml.workloads.forecast import history as forecast

WINDOWS = 20_000
EACH = 100
"""Windows beside the same baseline; they share its error, which the interval does not know."""
LEVELS = (1 / 20, 1 / 100, 1 / 1000)
DIMENSIONS = 64
_Z99 = 2.575829


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    name: str
    blocks: Floats
    block_rows: Floats
    cells: Cells
    taken: int
    """Blocks of a window."""

    def baseline(self, draw: np.random.Generator) -> Reference:
        drawn = draw.integers(len(self.blocks), size=len(self.blocks))
        return reference_of(
            self.blocks[drawn], self.block_rows[drawn], self.cells, model="m", version="1"
        )

    def window(self, draw: np.random.Generator, weights: Floats | None = None) -> Window:
        if weights is None:
            drawn = draw.integers(len(self.blocks), size=self.taken)
        else:
            drawn = np.searchsorted(np.cumsum(weights), draw.random(self.taken))
        return Window(
            rows=float(self.block_rows[drawn].sum()),
            sums=self.blocks[drawn].sum(axis=0),
            cells=self.cells,
            model="m",
            version="1",
        )


def data_of(name: str, rows: Floats, names: list[str], *, block: int, taken: int) -> Data:
    cuts = [np.array(quantile_cuts(column.tolist(), 10)) for column in rows.T]
    fourier = fourier_map(rows, dimensions=DIMENSIONS)
    binned = [
        np.eye(len(own) + 1)[np.searchsorted(own, column, side="right")]
        for own, column in zip(cuts, rows.T, strict=True)
    ]
    lines = np.hstack([*binned, fourier.features(rows)])
    whole = len(rows) // block * block
    features = [
        FeatureCells(name=one, bins=len(own) + 1, ordered=len(own) + 1)
        for one, own in zip(names, cuts, strict=True)
    ]
    return Data(
        name=name,
        blocks=lines[:whole].reshape(-1, block, lines.shape[1]).sum(axis=1),
        block_rows=np.full(whole // block, float(block)),
        cells=Cells(tuple(features), multivariate=DIMENSIONS),
        taken=taken,
    )


def all_data() -> Iterator[Data]:
    asked = churn.requests(churn.read(_file("churn")), date(1997, 8, 1)).sort_index()
    rows, names = asked.to_numpy(dtype=float), list(asked.columns)
    yield data_of("churn, customers", rows, names, block=1, taken=2_000)
    yield data_of("churn, requests of 100", rows, names, block=100, taken=20)
    rentals, weather = forecast.read(_file("forecast"))
    hours = rentals.join(weather, on="date")
    hours = hours[(hours["date"] >= "2014-01-01") & (hours["date"] < "2019-01-01")]
    features = [name for name in hours.columns if name != "date"]
    values = hours[features].to_numpy(dtype=float)
    yield data_of("rentals, days of 24 hours", values, features, block=24, taken=40)


def _file(model: str) -> Path:
    source = replay.load(model).source
    if source is None:
        raise ValueError(f"{model} has no source")
    return history.fetch(source, places.DATA / "fetch.log")


def p_values(data: Data, windows: int) -> Floats:
    """Return the p-value of each window by itself."""
    found: list[float] = []
    for number in range(windows // EACH):
        draw = np.random.default_rng((21, number))
        judge = Judge(data.baseline(draw), Settings(seed=number))
        for _ in range(EACH):
            window = data.window(draw)
            found.append(judge.look(window.sums, window.rows).p_value)
        if number % 50 == 49:
            print(f"  {len(found)} windows of {data.name}", flush=True)
    return np.array(found)


def after_persistence(data: Data, windows: int, rate: float) -> tuple[int, int]:
    """Return checks in alarm, and alarms that began, in streams of undrifted windows."""
    on = began = 0
    for number in range(windows // EACH):
        draw = np.random.default_rng((22, number))
        judge = Judge(data.baseline(draw), Settings(seed=number, false_alarm_rate=rate))
        state: State | None = None
        before = False
        for _ in range(EACH):
            judgement = judge.judge(data.window(draw), state)
            state, alarm = judgement.state, judgement.alarm is not None
            on, began, before = on + alarm, began + (alarm and not before), alarm
    return on, began


def tilted(shares: Floats, size: float) -> Floats:
    """Tilt a distribution along its bins until its PSI is ``size``."""
    middle = np.cumsum(shares) - shares / 2
    low, high = 0.0, 50.0
    for _ in range(60):
        tilt = (low + high) / 2
        changed = shares * np.exp(tilt * middle)
        changed /= changed.sum()
        psi = float(((changed - shares) * np.log(changed / shares)).sum())
        low, high = (tilt, high) if psi < size else (low, tilt)
    return changed


def power(data: Data, *, psi: float = 0.2, windows: int = 400) -> dict[str, float]:
    """Return, per feature, how often a window with that PSI in it is found, by itself."""
    found: dict[str, float] = {}
    draw = np.random.default_rng(23)
    judge = Judge(data.baseline(draw))
    for number, feature in enumerate(data.cells.features):
        own = data.blocks[:, data.cells.slice_of(number)]
        shares = own.mean(axis=0)
        weights = own @ (tilted(shares, psi) / shares)
        weights /= weights.sum()
        looks = (data.window(draw, weights) for _ in range(windows))
        hits = [judge.look(one.sums, one.rows).p_value <= ONE_A_QUARTER for one in looks]
        found[feature.name] = float(np.mean(hits))
    return found


def main(windows: int) -> int:
    started = time.monotonic()
    good, kept = True, {}
    for data in all_data():
        found = p_values(data, windows)
        for level in LEVELS:
            share = float((found <= level).mean())
            half = _Z99 * sqrt(level * (1 - level) / len(found))
            inside = abs(share - level) <= half
            good &= inside
            kept[f"{data.name} at {level}"] = share
            print(
                f"{data.name:28} asked {level:.4f} [{level - half:.5f}, {level + half:.5f}]: "
                f"{share:.5f} {'inside' if inside else 'OUTSIDE'}",
                flush=True,
            )
        if data.taken == 2_000:
            for rate in (1 / 100, ONE_A_QUARTER):
                on, began = after_persistence(data, windows, rate)
                low, high = wilson(on, windows, _Z99)
                kept[f"after persistence at {rate}"] = [on, began]
                print(
                    f"{data.name:28} asked {rate:.5f} after persistence: {on} of {windows} checks "
                    f"in alarm ({on / windows:.5f} [{low:.5f}, {high:.5f}]), {began} alarms began",
                    flush=True,
                )
            found_power = power(data)
            good &= min(found_power.values()) >= 0.9
            kept["power"] = found_power
            print(f"power at PSI 0.2, 2,000 rows, 1/2190: {found_power}", flush=True)
        print(f"{time.monotonic() - started:.0f} s", flush=True)
    keep("drift_calibration", kept | {"windows": windows})
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else WINDOWS))
