"""How a feature is counted: bins or categories, which baseline and windows must share."""

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from struct import pack, unpack

from contracts.errors import ContractError
from drift.sketches.membership import Membership

MOST_CATEGORIES = 1000
MOST_SINGLE = 1e38


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericFeature:
    """A number cut into bins that are open at both ends.

    ``cuts`` ascend strictly; a value ``v`` lies in the bin numbered by how many cuts are ``<= v``.
    Outside of ``minimum`` and ``maximum`` (the card's bounds, where it has some) a value is counted
    as out of range too.
    """

    name: str
    cuts: tuple[float, ...]
    minimum: float | None = None
    maximum: float | None = None
    single: bool = False
    """Values are rounded to single precision before they are compared with the cuts, which are such
    numbers: half the time. Moments, extremes and distinct values know no such rounding."""

    def __post_init__(self) -> None:
        if not all(map(isfinite, self.cuts)) or any(a >= b for a, b in pairwise(self.cuts)):
            raise ContractError(
                f"feature {self.name!r} needs finite cuts in ascending order, got {self.cuts}"
            )
        if self.single and not all(map(is_single, self.cuts)):
            raise ContractError(
                f"feature {self.name!r} needs cuts that single precision holds, got {self.cuts}"
            )

    @property
    def bins(self) -> int:
        return len(self.cuts) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalFeature:
    """A text that is one of ``categories``, or *other*.

    ``others`` holds what training knew beyond the categories listed; a value that is in neither is
    unseen. None: training knew no others, so every unlisted value is unseen.
    """

    name: str
    categories: tuple[str, ...]
    others: Membership | None = None

    def __post_init__(self) -> None:
        if len(set(self.categories)) != len(self.categories):
            raise ContractError(f"feature {self.name!r} lists a category twice")
        if len(self.categories) > MOST_CATEGORIES:
            raise ContractError(
                f"feature {self.name!r} may list {MOST_CATEGORIES} categories, "
                f"got {len(self.categories)}"
            )


Feature = NumericFeature | CategoricalFeature


def is_single(cut: float) -> bool:
    """Whether single precision holds ``cut``, and numbers on both sides of it."""
    return abs(cut) <= MOST_SINGLE and unpack("f", pack("f", cut))[0] == cut
