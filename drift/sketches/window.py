"""All features of one window of rows, merged feature by feature."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from contracts.errors import ContractError
from drift.sketches.categorical import CategoricalSketch, empty_categorical
from drift.sketches.features import CategoricalFeature, Feature, NumericFeature
from drift.sketches.numeric import NumericSketch, empty_numeric
from drift.sketches.refusal import Incomparability, Incomparable

FeatureSketch = NumericSketch | CategoricalSketch


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSketch:
    rows: int
    features: tuple[FeatureSketch, ...]

    def __post_init__(self) -> None:
        for sketch in self.features:
            if sketch.rows != self.rows:
                raise ContractError(
                    f"a window of {self.rows} rows has {sketch.rows} of {sketch.feature.name!r}"
                )
        if len({sketch.feature.name for sketch in self.features}) != len(self.features):
            raise ContractError("a window has two features of one name")

    @property
    def plan(self) -> tuple[Feature, ...]:
        """How its features are counted, in order."""
        return tuple(sketch.feature for sketch in self.features)

    def merge(self, other: "WindowSketch") -> "WindowSketch":
        """Sketch the rows of both windows together; the cost does not depend on how many.

        Raises Incomparable for other features or other bins.
        """
        return WindowSketch(
            rows=self.rows + other.rows,
            features=tuple(merge_features(a, b) for a, b in paired(self, other)),
        )


def empty_window(plan: Sequence[Feature]) -> WindowSketch:
    """Return what merging starts from."""
    return WindowSketch(rows=0, features=tuple(empty_feature(feature) for feature in plan))


def merge_windows(plan: Sequence[Feature], windows: Iterable[WindowSketch]) -> WindowSketch:
    return reduce(WindowSketch.merge, windows, empty_window(plan))


def empty_feature(feature: Feature) -> FeatureSketch:
    if isinstance(feature, NumericFeature):
        return empty_numeric(feature)
    return empty_categorical(feature)


def merge_features(one: FeatureSketch, other: FeatureSketch) -> FeatureSketch:
    if isinstance(one, NumericSketch) and isinstance(other, NumericSketch):
        return one.merge(other)
    if isinstance(one, CategoricalSketch) and isinstance(other, CategoricalSketch):
        return one.merge(other)
    raise other_kind(one.feature, other.feature)


def other_kind(one: Feature, other: Feature) -> Incomparable:
    kinds = [
        "categorical" if isinstance(f, CategoricalFeature) else "numeric" for f in (one, other)
    ]
    return Incomparable(
        Incomparability.OTHER_KIND, f"feature {one.name!r} is {kinds[0]}, the other's {kinds[1]}"
    )


def paired(one: WindowSketch, other: WindowSketch) -> Iterable[tuple[FeatureSketch, FeatureSketch]]:
    """The features of both windows side by side; Incomparable where they are not the same."""
    names = [[sketch.feature.name for sketch in window.features] for window in (one, other)]
    if names[0] != names[1]:
        raise Incomparable(
            Incomparability.OTHER_FEATURES,
            f"the windows have other features: {', '.join(names[0])}; {', '.join(names[1])}",
        )
    return zip(one.features, other.features, strict=True)
