"""Why two sketches cannot be compared or merged: typed, so that "no verdict" can say it."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from drift.sketches.features import CategoricalFeature, NumericFeature

_Feature = TypeVar("_Feature", NumericFeature, CategoricalFeature)


class Incomparability(StrEnum):
    OTHER_FEATURES = "other_features"
    """The windows hold different features, or the same ones in another order."""
    OTHER_BINS = "other_bins"
    """A feature was counted in other bins: another baseline, or another model version's."""
    OTHER_KIND = "other_kind"
    """A feature is numeric on one side and categorical on the other."""
    NO_ROWS = "no_rows"
    """One side has no value that this distance could compare."""


class Incomparable(ValueError):
    """Two samples have no distance; ``why`` is the typed reason, the text names the thing."""

    def __init__(self, why: Incomparability, text: str) -> None:
        super().__init__(text)
        self.why = why


def refuse_other(
    one: _Feature, other: _Feature, difference: Callable[[_Feature, _Feature], str]
) -> None:
    """Refuse features of another name or of other bins, which nothing could be compared in."""
    if one.name != other.name:
        raise Incomparable(
            Incomparability.OTHER_FEATURES, f"feature {one.name!r} is not {other.name!r}"
        )
    if one != other:
        raise Incomparable(
            Incomparability.OTHER_BINS, f"feature {one.name!r} has {difference(one, other)}"
        )
