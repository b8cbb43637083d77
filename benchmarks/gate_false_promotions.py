"""How often the gate promotes a candidate that is the champion, trained again.

``.perennial/env/ml/bin/python -m benchmarks.gate_false_promotions [comparisons]``

Each comparison trains churn's model on 20,000 customers, which is the champion, and again on a
resample of the same customers, and judges the second on 23,570 fresh ones. Three in ten are also
compared with a model of 20,000 other customers of the same world; since the customers' true chances
are known, so is whether such a candidate is better, by luck, or not.

Real are the models, the interval (ml.evaluation), the report and the verdict (lambdas.gate) under
churn's card; simulated are the customers (benchmarks.customers), artifacts' identities, latency and
size. Scores come from scikit-learn, not from the exported file.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.customers import drawn, resampled, true_auc
from benchmarks.judged import HOLDOUT_ROWS, TRAINING_ROWS, Decisions, card, decide, trained
from benchmarks.share import keep, shown, wilson

BAR = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    decisions: Decisions
    truly_better: bool


def compare(seed: int) -> dict[str, Comparison]:
    draw, asked = np.random.default_rng((20261124, seed)), card()
    customers, holdout = drawn(draw, TRAINING_ROWS), drawn(draw, HOLDOUT_ROWS)
    champion = trained(customers, asked, holdout.rows)
    again = {"a resample": resampled(draw, customers)}
    if seed % 10 < 3:
        again["others"] = drawn(draw, TRAINING_ROWS)
    found: dict[str, Comparison] = {}
    for name, rows in again.items():
        candidate = trained(rows, asked, holdout.rows)
        found[name] = Comparison(
            decisions=decide(holdout, candidate, champion, asked),
            truly_better=true_auc(holdout.chance, candidate) > true_auc(holdout.chance, champion),
        )
    return found


def main(comparisons: int) -> int:
    with ProcessPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(compare, range(comparisons), chunksize=10))
    print(f"min_gain {card().gate.min_gain}, hold-outs of {HOLDOUT_ROWS} rows")
    told = {name: _told(name, [one[name] for one in found if name in one]) for name in found[0]}
    passed = told["a resample"]["promoted"]["gate"] / comparisons <= BAR
    print(f"bar: at most {BAR:.1%} of the gate's: {'kept' if passed else 'MISSED'}")
    keep(
        "gate_false_promotions",
        {
            "comparisons": comparisons,
            "holdout_rows": HOLDOUT_ROWS,
            "min_gain": card().gate.min_gain,
            "candidates": told,
        },
    )
    return 0 if passed else 1


def _told(kind: str, found: list[Comparison]) -> dict[str, Any]:
    rules = found[0].decisions.promoted
    hits = {rule: sum(one.decisions.promoted[rule] for one in found) for rule in rules}
    wrong = {
        rule: sum(one.decisions.promoted[rule] and not one.truly_better for one in found)
        for rule in rules
    }
    gains = np.array([one.decisions.gain for one in found])
    print(f"trained on {kind}: gains {gains.mean():+.4f}, standard deviation {gains.std():.4f}")
    for rule in rules:
        print(shown(rule, hits[rule], len(found)), f" truly no better: {wrong[rule]}")
    return {
        "comparisons": len(found),
        "gain_mean": float(gains.mean()),
        "gain_sd": float(gains.std()),
        "interval_width": float(np.mean([one.decisions.width for one in found])),
        "truly_better": sum(one.truly_better for one in found),
        "promoted": hits,
        "promoted_though_no_better": wrong,
        "wilson": {rule: wilson(count, len(found)) for rule, count in hits.items()},
    }


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
