"""Which slices a row lies in, and which of many slices have fallen without crying wolf for each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import isnan

from contracts.baseline import Baseline, FeatureBaseline
from contracts.card_quality import Quality, QualitySlice
from contracts.quality_report import Comparison

PARTS = 4


def slices_of(quality: Quality, baseline: Baseline | None) -> tuple[QualitySlice, ...]:
    """Return the card's slices and, for its automatic ones, quarters of the training data.

    The quarters are the baseline's, not the window's: a slice means the same in every window.
    """
    known = {} if baseline is None else {each.name: each for each in baseline.features}
    return quality.slices + tuple(
        part for name in quality.automatic_slices if name in known for part in quarters(known[name])
    )


def quarters(feature: FeatureBaseline) -> tuple[QualitySlice, ...]:
    """Cut a feature where its baseline's bins come nearest to quarters of the rows.

    >>> feature = FeatureBaseline(name="age", cuts=(20, 30, 40), counts=(5, 5, 5, 5), missing=0)
    >>> [(part.name, part.minimum, part.maximum) for part in quarters(feature)][:2]
    [('age < 20', None, 20), ('20 <= age < 30', 20, 30)]
    """
    total, below, sums = sum(feature.counts), 0, list[int]()
    for count in feature.counts[:-1]:
        below += count
        sums.append(below)
    cuts = sorted(
        {
            feature.cuts[min(range(len(sums)), key=lambda i: abs(sums[i] - total * step / PARTS))]
            for step in range(1, PARTS)
            if sums
        }
    )
    bounds = [None, *cuts, None]
    return tuple(
        QualitySlice(
            name=_name(feature.name, low, high), feature=feature.name, minimum=low, maximum=high
        )
        for low, high in pairwise(bounds)
        if low is not None or high is not None
    )


def mask_of(row: Mapping[str, float | None], slices: Sequence[QualitySlice]) -> int:
    """Return a bit for each slice that a row lies in; a missing value lies in none.

    >>> old = QualitySlice(name="old", feature="age", minimum=60, maximum=None)
    >>> mask_of({"age": 61.0}, [old]), mask_of({"age": None}, [old])
    (1, 0)
    """
    mask = 0
    for number, one in enumerate(slices):
        value = row.get(one.feature)
        if value is None or isnan(value):
            continue
        above = one.minimum is None or value >= one.minimum
        if above and (one.maximum is None or value < one.maximum):
            mask |= 1 << number
    return mask


def holm(comparisons: Sequence[Comparison], rate: float) -> tuple[Comparison, ...]:
    """Return the comparisons with their limits, so that any is called fallen at most so often.

    The rarest must be as rare as ``rate`` shared among all, the next among the rest, until one is
    not: S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6 (1979), which asks nothing of how the comparisons depend on each other.
    """
    order = sorted(range(len(comparisons)), key=lambda i: comparisons[i].chance)
    judged, still = list(comparisons), True
    for place, index in enumerate(order):
        limit = rate / (len(order) - place)
        still = still and comparisons[index].chance <= limit
        judged[index] = replace(comparisons[index], limit=limit, fallen=still)
    return tuple(judged)


def _name(feature: str, low: float | None, high: float | None) -> str:
    left = "" if low is None else f"{low:g} <= "
    right = "" if high is None else f" < {high:g}"
    return f"{left}{feature}{right}"
