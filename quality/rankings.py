"""How well scores order what each unit was asked about: NDCG, recall and hit rate of lists."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quality.estimates import Floats
from quality.units import Codes

LARGEST_LABEL = 100
"""A label gains ``2^label - 1``: more than this is a count, not a rating."""


def by_list(
    units: Codes, labels: Floats, scores: Floats, *, k: int, liked_from: float | None
) -> tuple[Codes, Mapping[str, Floats]]:
    """Return the units, and ``ndcg``, ``recall`` and ``hit_rate`` at ``k`` of each one's list.

    The first two are what the gate judged (ml/evaluation/ranking.py, with its sources); a list
    whose figure would be the same in every order does not count and is NaN:

    - *ndcg*: gains ``2^label - 1``, discounted by ``log2(1 + place)``, over those of the best
      order; of lists whose labels differ;
    - *recall*: the share of the liked among the first ``k``, or of ``k`` when more were liked; of
      more than ``k`` rows of which some but not all are liked;
    - *hit_rate*: whether any liked one is among the first ``k``; of the same lists.

    Liked is a label from ``liked_from`` on, or above the mean of all when that is None. Equal
    scores share their places: each counts as the mean over all orders of them.
    """
    if len(labels) and not ((labels >= 0) & (labels <= LARGEST_LABEL)).all():
        raise ValueError(f"labels must be between 0 and {LARGEST_LABEL}, as ratings are")
    if not len(labels):
        return units, {name: np.empty(0) for name in ("ndcg", "recall", "hit_rate")}
    lists, owner, count = np.unique(units, return_inverse=True, return_counts=True)
    liked = labels > labels.mean() if liked_from is None else labels >= liked_from
    gain, likes = np.exp2(labels) - 1, np.bincount(owner, weights=liked, minlength=len(lists))
    discount, shown = _places(owner, count, scores, k)
    best, _ = _places(owner, count, labels, k)

    def total(values: Floats) -> Floats:
        return np.bincount(owner, weights=values, minlength=len(lists)).astype(np.float64)

    lowest = np.full(len(lists), np.inf)
    np.minimum.at(lowest, owner, labels)
    varied = total((labels > lowest[owner]).astype(np.float64)) > 0
    decided = (likes > 0) & (likes < count) & (count > k)
    return lists, {
        "ndcg": _share(total(gain * discount), total(gain * best), varied),
        "recall": _share(total(liked * shown), np.minimum(likes, k), decided),
        "hit_rate": np.where(decided, _hits(owner, len(lists), scores, liked, k), np.nan),
    }


def _places(
    owner: NDArray[np.intp], count: NDArray[np.intp], scores: Floats, k: int
) -> tuple[Floats, Floats]:
    """Return rows' discounts, and which are shown: means over all orders of equal scores."""
    order = np.lexsort((-scores, owner))
    first = np.cumsum(count) - count
    place = np.arange(len(order)) - first[owner[order]]
    shown = (place < k).astype(np.float64)
    starts = _ties(owner[order], scores[order])
    sizes = np.diff(starts, append=len(order))

    def shared(values: Floats) -> Floats:
        back = np.empty(len(order))
        back[order] = np.repeat(np.add.reduceat(values, starts) / sizes, sizes)
        return back

    return shared(shown / np.log2(place + 2)), shared(shown)


def _ties(owner: NDArray[np.intp], scores: Floats) -> NDArray[np.intp]:
    """Return where another owner or another score begins."""
    return np.flatnonzero(
        np.diff(owner, prepend=-1).astype(bool) | np.diff(scores, prepend=np.nan).astype(bool)
    )


def _hits(
    owner: NDArray[np.intp], lists: int, scores: Floats, liked: NDArray[np.bool_], k: int
) -> Floats:
    """Return the chance of a liked row among the first ``k``, over all orders of equal scores.

    Of a tie of ``n`` rows, ``m`` liked, that has room for ``r``: none of them is shown with
    probability ``C(n - m, r) / C(n, r)`` (the hypergeometric distribution).
    """
    order = np.lexsort((-scores, owner))
    starts = _ties(owner[order], scores[order])
    sizes = np.diff(starts, append=len(order))
    whose = owner[order][starts]
    begins = np.flatnonzero(np.diff(owner[order], prepend=-1))
    room = np.clip(k - (starts - begins[whose]), 0, sizes)
    missed = np.add.reduceat(~liked[order], starts, dtype=np.int64)
    none = np.ones(len(starts))
    for step in range(int(room.max())):
        open_ = room > step
        share = np.maximum(missed[open_] - step, 0) / (sizes[open_] - step)
        none[open_] *= share
    nothing = np.ones(lists)
    np.multiply.at(nothing, whose, none)
    return 1 - nothing


def _share(part: Floats, whole: Floats, counts: NDArray[np.bool_]) -> Floats:
    share = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=counts)
    return share
