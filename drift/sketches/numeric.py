"""What is kept of a window's values of one numeric feature."""

from dataclasses import dataclass
from math import isfinite

from contracts.errors import ContractError
from drift.sketches.distinct import Distinct
from drift.sketches.features import NumericFeature
from drift.sketches.moments import NOTHING, Moments
from drift.sketches.refusal import refuse_other


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericSketch:
    """Counts per bin, and what bins do not tell; merging loses moments' last digits alone.

    ``counts`` hold every number, infinities in the outermost bins; ``missing`` is NaN and null.
    Moments, ``least``, ``most`` and ``distinct`` are of the finite values alone.
    """

    feature: NumericFeature
    counts: tuple[int, ...]
    missing: int
    below_all: int
    """Of -infinity."""
    above_all: int
    """Of +infinity."""
    out_of_range: int
    """Numbers outside the card's bounds."""
    moments: Moments
    least: float | None
    most: float | None
    distinct: Distinct

    def __post_init__(self) -> None:
        name = self.feature.name
        if len(self.counts) != self.feature.bins:
            raise ContractError(
                f"feature {name!r} has {self.feature.bins} bins, got {len(self.counts)} counts"
            )
        finite = self.known - self.below_all - self.above_all
        if self.moments.count != finite or (self.least is None) != (finite == 0):
            raise ContractError(
                f"feature {name!r} counts {finite} finite values, its moments {self.moments.count}"
            )

    @property
    def known(self) -> int:
        """Rows whose value is a number."""
        return sum(self.counts)

    @property
    def rows(self) -> int:
        return self.known + self.missing

    @property
    def finite_counts(self) -> tuple[int, ...]:
        """Finite values per bin."""
        counts = list(self.counts)
        counts[0] -= self.below_all
        counts[-1] -= self.above_all
        return tuple(counts)

    def merge(self, other: "NumericSketch") -> "NumericSketch":
        """Sketch both samples together. Raises Incomparable for other bins or bounds."""
        same_feature(self.feature, other.feature)
        return NumericSketch(
            feature=self.feature,
            counts=tuple(map(sum, zip(self.counts, other.counts, strict=True))),
            missing=self.missing + other.missing,
            below_all=self.below_all + other.below_all,
            above_all=self.above_all + other.above_all,
            out_of_range=self.out_of_range + other.out_of_range,
            moments=self.moments.merge(other.moments),
            least=min(_there(self.least, other.least), default=None),
            most=max(_there(self.most, other.most), default=None),
            distinct=self.distinct.merge(other.distinct),
        )


def empty_numeric(feature: NumericFeature) -> NumericSketch:
    return NumericSketch(
        feature=feature,
        counts=(0,) * feature.bins,
        missing=0,
        below_all=0,
        above_all=0,
        out_of_range=0,
        moments=NOTHING,
        least=None,
        most=None,
        distinct=Distinct(hashes=()),
    )


def same_feature(one: NumericFeature, other: NumericFeature) -> None:
    refuse_other(one, other, _difference)


def _difference(one: NumericFeature, other: NumericFeature) -> str:
    return f"other bins: {_said(one)} and {_said(other)}"


def _said(feature: NumericFeature) -> str:
    cuts = ", ".join(f"{cut:.6g}" for cut in feature.cuts[:3])
    more = ", …" if len(feature.cuts) > 3 else ""
    single = ", single precision" if feature.single else ""
    return (
        f"{feature.bins} bins at [{cuts}{more}] in [{feature.minimum}, {feature.maximum}]{single}"
    )


def _there(*values: float | None) -> list[float]:
    return [value for value in values if value is not None and isfinite(value)]
