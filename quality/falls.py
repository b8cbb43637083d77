"""Has a metric fallen: against what the gate promised, and against the version's own windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from contracts.card_quality import LIVE_HIGHER_IS_BETTER
from contracts.quality_report import Comparison
from quality.estimates import Estimate, above, normal_of_t
from quality.persistence import Cusum, all_above, cusum_chance

PROMISE = "the gate's promise"
EARLIER = "earlier windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the gate saw of the metric on its hold-out, and how much evidence that was.

    The hold-out's own error is not recorded. Without a fall its rows are like a window's, so that
    its variance is the window's, in proportion to their weights (quality.estimates.Estimate).
    """

    value: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What counts as a fall."""

    persistence: int
    min_fall: float
    loosest: float
    """The largest chance that is called a fall of any subject: so many windows are needed by it."""


def promise_weight(metric: str, rows: int, positives: int | None) -> float:
    """Return the weight of a hold-out.

    >>> promise_weight("auc", 1000, 500), promise_weight("brier", 1000, 500)
    (250.0, 1000.0)
    """
    if metric != "auc" or positives is None or not 0 < positives < rows:
        return float(rows)
    return positives * (rows - positives) / rows


def against_promise(
    subject: str, windows: Sequence[Estimate], promise: Promise, rule: Rule, limit: float
) -> Comparison | None:
    """Compare windows with the promise: the newest, each alone, and all so far, together.

    The first finds a large fall at once, the second one that was there from the start and is too
    small for any window to show. The rarer of the two counts, twice (Bonferroni). None while there
    are fewer than ``persistence`` windows.
    """
    newest = windows[-rule.persistence :]
    if len(newest) < rule.persistence:
        return None
    promised = sum(_error(one) ** 2 * one.weight for one in newest) / len(newest) / promise.weight
    chance = _newest_chance(newest, promise, promised, rule)
    if len(windows) > rule.persistence:
        chance = min(1.0, 2 * min(chance, _pooled_chance(windows, promise, promised, rule)))
    return _comparison(subject, PROMISE, newest[-1], promise.value, chance, limit)


def _newest_chance(
    newest: Sequence[Estimate], promise: Promise, promised: float, rule: Rule
) -> float:
    """All must be below: the least fallen, with the promise's error, common to all, integrated."""
    errors = [_error(one) ** 2 for one in newest]
    deviates = [
        normal_of_t((_fall(one, promise.value) - rule.min_fall) / sqrt(error + promised), one.units)
        for error, one in zip(errors, newest, strict=True)
    ]
    return all_above(min(deviates), [promised / (error + promised) for error in errors])


def _pooled_chance(
    windows: Sequence[Estimate], promise: Promise, promised: float, rule: Rule
) -> float:
    """The mean of all but the worst ``persistence - 1``, so that fewer odd ones make no fall.

    Leaving them out makes it rarer, never more frequent, than the normal distribution says.
    """
    order = sorted(windows, key=lambda one: _fall(one, promise.value))
    kept = order[: len(order) - (rule.persistence - 1)]
    total = sum(one.weight for one in kept)
    fall = sum(one.weight * _fall(one, promise.value) for one in kept) / total - rule.min_fall
    error = sum((one.weight * _error(one)) ** 2 for one in kept) / total**2
    return above(normal_of_t(fall / sqrt(error + promised), min(one.units for one in kept)))


def against_earlier(
    subject: str, windows: Sequence[Estimate], rule: Rule, limit: float
) -> Comparison | None:
    """Compare each window with all before it, and add up what is worse than chance explains.

    The differences, each divided by its error, are recursive residuals: without a fall they are
    independent and standard normal, though each window is used again and again (R. Brown,
    J. Durbin, J. Evans, Journal of the Royal Statistical Society B 37 (1975)). Windows of a fall
    are an example for later ones as well, so that a fall is forgotten once it has lasted several
    times as long as what was before it: left out, a few first windows that were good by chance
    would never be corrected, and alarm twice as often as asked (measured). None for the first.
    """
    total = value = variance = 0.0
    cusum = Cusum(limit=limit, persistence=rule.persistence, loosest=rule.loosest)
    before = None
    for one in windows:
        if total:
            before = value / total
            error = sqrt(_error(one) ** 2 + variance / total**2)
            fall = _fall(one, before) - rule.min_fall
            cusum.add(normal_of_t(fall / error, one.units))
        total += one.weight
        value += one.weight * one.value
        variance += (one.weight * _error(one)) ** 2
    if before is None:
        return None
    return _comparison(subject, EARLIER, windows[-1], before, cusum_chance(cusum.sum), limit)


def _fall(one: Estimate, reference: float) -> float:
    better = LIVE_HIGHER_IS_BETTER[one.metric]
    return reference - one.value if better else one.value - reference


def _error(one: Estimate) -> float:
    """A window whose groups do not differ at all is not known without error.

    At 0 or 1 one unit more could have been otherwise; elsewhere only rounding is left.
    """
    if one.error > 0:
        return one.error
    return 1 / (one.units + 2) if one.value in (0.0, 1.0) else 1e-9 * max(1.0, abs(one.value))


def _comparison(
    subject: str, against: str, newest: Estimate, reference: float, chance: float, limit: float
) -> Comparison:
    return Comparison(
        subject=subject,
        against=against,
        reference=reference,
        value=newest.value,
        fall=_fall(newest, reference),
        chance=chance,
        limit=limit,
        fallen=chance <= limit,
    )
