"""How often the gate promotes a candidate whose true gain is twice the card's minimum.

``.perennial/env/ml/bin/python -m benchmarks.gate_power [comparisons]``

Each comparison trains churn's model on 20,000 customers of today, and on 20,000 of a world that
was otherwise: how far otherwise is searched for, until the true AUCs of both (benchmarks.customers:
from known chances, 50,000 customers, no drawn labels) differ by twice ``min_gain``, within 5 %. The
gate then sees 23,570 fresh customers with drawn labels. What is real and what is simulated is said
in benchmarks.gate_false_promotions.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.customers import Customers, Floats, drawn, true_auc
from benchmarks.judged import HOLDOUT_ROWS, TRAINING_ROWS, Decisions, card, decide, trained
from benchmarks.share import keep, shown, wilson

BAR = 0.8
MEASURED_ROWS = 50_000
TOLERANCE = 0.05
STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    true_gain: float
    decisions: Decisions


def attempt(seed: int) -> Trial:
    draw, asked = np.random.default_rng((19970501, seed)), card()
    wanted = 2 * asked.gate.min_gain
    today, measured = drawn(draw, TRAINING_ROWS), drawn(draw, MEASURED_ROWS)
    holdout = drawn(draw, HOLDOUT_ROWS)
    rows = np.concatenate([measured.rows, holdout.rows])
    candidate = trained(today, asked, rows)
    best = true_auc(measured.chance, candidate[:MEASURED_ROWS])
    earlier = int(draw.integers(2**31))

    def old(change: float) -> tuple[float, Floats]:
        """The same customers in a world that differs by ``change``: gains change with it alone."""
        world: Customers = drawn(np.random.default_rng(earlier), TRAINING_ROWS, change=change)
        scores = trained(world, asked, rows)
        return best - true_auc(measured.chance, scores[:MEASURED_ROWS]), scores

    true_gain, champion = _searched(old, wanted)
    decisions = decide(holdout, candidate[MEASURED_ROWS:], champion[MEASURED_ROWS:], asked)
    return Trial(true_gain=true_gain, decisions=decisions)


def _searched(old: Callable[[float], tuple[float, Floats]], wanted: float) -> tuple[float, Floats]:
    """Halve the range of changes until the gain is as wanted; return the nearest found."""
    low, high = 0.0, 0.6
    nearest: tuple[float, Floats] | None = None
    for _ in range(STEPS):
        change = (low + high) / 2
        found = old(change)
        if nearest is None or abs(found[0] - wanted) < abs(nearest[0] - wanted):
            nearest = found
        if abs(found[0] - wanted) <= TOLERANCE * wanted:
            return found
        low, high = (change, high) if found[0] < wanted else (low, change)
    if nearest is None:
        raise RuntimeError("the search has at least one step")
    return nearest


def main(comparisons: int) -> int:
    asked = card()
    if not asked.gate.min_gain:
        print("the card's min_gain is 0: twice nothing has no power")
        return 1
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(attempt, range(comparisons), chunksize=5))
    first = found[0].decisions.promoted
    hits = {name: sum(one.decisions.promoted[name] for one in found) for name in first}
    true = np.array([one.true_gain for one in found])
    print(f"min_gain {asked.gate.min_gain}, hold-outs of {HOLDOUT_ROWS} rows")
    print(f"true gains {true.mean():.4f}, from {true.min():.4f} to {true.max():.4f}")
    for name, count in hits.items():
        print(shown(name, count, comparisons))
    passed = hits["gate"] / comparisons >= BAR
    print(f"bar: at least {BAR:.0%} of the gate's: {'kept' if passed else 'MISSED'}")
    keep(
        "gate_power",
        {
            "comparisons": comparisons,
            "holdout_rows": HOLDOUT_ROWS,
            "min_gain": asked.gate.min_gain,
            "true_gain_mean": float(true.mean()),
            "true_gain_range": [float(true.min()), float(true.max())],
            "interval_width": float(np.mean([one.decisions.width for one in found])),
            "promoted": hits,
            "wilson": {name: wilson(count, comparisons) for name, count in hits.items()},
        },
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 250))
