"""How well scores order what each user has, as numbers; NumPy alone."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Users: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

SHOWN = 10
"""How many items a user is shown first."""
LARGEST_LABEL = 100
"""A label gains ``2^label - 1``: more than this is a count, not a rating."""


def ranking_metrics(
    users: Users, labels: Floats, scores: Floats, *, k: int = SHOWN
) -> dict[str, float]:
    """Return ``ndcg`` and ``recall`` at ``k``, each the mean over the users that it says much of.

    Only the rows themselves are ranked: the items that a user rated, not all that there are. Both
    lie between 0 and 1, and higher is better. See ``by_user`` for what they are and who counts; a
    figure that counts nobody is left out.

    Parameters
    ----------
    users, labels, scores : arrays of shape (rows,)
        Whose row it is, what came of it (a rating from 0 to 100), and what the model
        foretold. Rows may come in any order.
    k : int
        How many items are shown, 1 or more.

    Examples
    --------
    The one user's two items come in the wrong order:

    >>> users, labels = np.array([1, 1]), np.array([1.0, 5.0])
    >>> figures = ranking_metrics(users, labels, np.array([4.0, 2.0]), k=1)
    >>> {name: round(value, 4) for name, value in figures.items()}
    {'ndcg': 0.0323, 'recall': 0.0}
    """
    values = by_user(users, labels, scores, k=k)
    return {
        name: float(np.nanmean(each)) for name, each in values.items() if np.isfinite(each).any()
    }


def by_user(users: Users, labels: Floats, scores: Floats, *, k: int = SHOWN) -> dict[str, Floats]:
    """Return ``ndcg`` and ``recall`` at ``k`` of each user, in the order of ``np.unique(users)``.

    A user whose figure would be the same for every order of the items does not count and is NaN.
    Who counts follows from users and labels alone, so the values of two models pair up.

    - *ndcg*: the sum over the first ``k`` items of ``(2^label - 1) / log2(1 + place)``, divided by
      the same sum in the best order. A user counts whose labels are not all the same.
    - *recall*: which share of the liked items is among the first ``k``, or of ``k`` when more were
      liked; liked means a label above the mean of all labels, so no scale is assumed. A user
      counts who liked some but not all of more than ``k`` items.

    Items with the same score share their places: each counts as the mean over all orders of them,
    so a model that answers everything alike gains nothing from the order of the rows.

    Sources: K. Järvelin, J. Kekäläinen, Cumulated gain-based evaluation of IR techniques, ACM TOIS
    20(4), 2002; the gain ``2^label - 1`` of C. Burges et al., Learning to rank using gradient
    descent, ICML 2005; recall's denominator of D. Liang et al., Variational autoencoders for
    collaborative filtering, WWW 2018; the ties of F. McSherry, M. Najork, Computing
    information retrieval performance measures efficiently in the presence of tied scores, 2008.
    """
    _refuse_unrankable(users, labels, scores, k)
    if not len(users):
        return {"ndcg": np.empty(0), "recall": np.empty(0)}
    _, owner, count = np.unique(users, return_inverse=True, return_counts=True)
    gain, liked = np.exp2(labels) - 1, (labels > labels.mean()).astype(np.float64)
    discount, shown = _places(owner, count, scores, k)
    best, _ = _places(owner, count, labels, k)

    def total(values: Floats) -> Floats:
        return np.bincount(owner, weights=values, minlength=len(count)).astype(np.float64)

    likes = total(liked)
    lowest = np.full(len(count), np.inf)
    np.minimum.at(lowest, owner, labels)
    varied = total((labels > lowest[owner]).astype(np.float64)) > 0
    decided = (likes > 0) & (likes < count) & (count > k)
    return {
        "ndcg": _share(total(gain * discount), total(gain * best), varied),
        "recall": _share(total(liked * shown), np.minimum(likes, k), decided),
    }


def _places(
    owner: NDArray[np.intp], count: NDArray[np.intp], scores: Floats, k: int
) -> tuple[Floats, Floats]:
    """Return rows' discounts, and which are shown: means over all orders of equal scores."""
    order = np.lexsort((-scores, owner))
    first = np.cumsum(count) - count
    place = np.arange(len(order)) - first[owner[order]]
    shown = (place < k).astype(np.float64)
    starts = np.flatnonzero(
        np.diff(owner[order], prepend=-1).astype(bool)
        | np.diff(scores[order], prepend=np.nan).astype(bool)
    )
    sizes = np.diff(starts, append=len(order))

    def shared(values: Floats) -> Floats:
        means = np.add.reduceat(values, starts) / sizes
        back = np.empty(len(order))
        back[order] = np.repeat(means, sizes)
        return back

    return shared(shown / np.log2(place + 2)), shared(shown)


def _share(part: Floats, whole: Floats, counts: NDArray[np.bool_]) -> Floats:
    share = np.full(len(whole), np.nan)
    np.divide(part, whole, out=share, where=counts)
    return share


def _refuse_unrankable(users: Users, labels: Floats, scores: Floats, k: int) -> None:
    if not len(users) == len(labels) == len(scores):
        raise ValueError(
            f"users, labels and scores must be as many, got {len(users)}, {len(labels)} "
            f"and {len(scores)}"
        )
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    if not ((labels >= 0) & (labels <= LARGEST_LABEL)).all():
        raise ValueError(f"labels must be between 0 and {LARGEST_LABEL}, as ratings are")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
