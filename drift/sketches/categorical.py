"""What is kept of a window's values of one categorical feature."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from contracts.errors import ContractError
from drift.sketches.features import MOST_CATEGORIES, CategoricalFeature
from drift.sketches.membership import membership_of
from drift.sketches.refusal import refuse_other

_AT_ONCE = 65_536
"""Values counted before they are folded: what bounds memory when every value is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalSketch:
    """Rows per listed category, rows of all others, and how many of those training never saw."""

    feature: CategoricalFeature
    counts: tuple[int, ...]
    other: int
    unseen: int
    """Part of ``other``."""
    missing: int

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.feature.categories):
            raise ContractError(
                f"feature {self.feature.name!r} has {len(self.feature.categories)} categories, "
                f"got {len(self.counts)} counts"
            )
        if self.unseen > self.other:
            raise ContractError(
                f"feature {self.feature.name!r} has {self.unseen} unseen of {self.other} others"
            )

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return sum(self.counts) + self.other

    @property
    def rows(self) -> int:
        return self.known + self.missing

    def merge(self, other: "CategoricalSketch") -> "CategoricalSketch":
        """Sketch both samples together. Raises Incomparable for other categories."""
        same_categories(self.feature, other.feature)
        return CategoricalSketch(
            feature=self.feature,
            counts=tuple(map(sum, zip(self.counts, other.counts, strict=True))),
            other=self.other + other.other,
            unseen=self.unseen + other.unseen,
            missing=self.missing + other.missing,
        )


def empty_categorical(feature: CategoricalFeature) -> CategoricalSketch:
    return sketch_categories(feature, ())


def sketch_categories(
    feature: CategoricalFeature, values: Iterable[str | None]
) -> CategoricalSketch:
    """Count texts in one pass and bounded memory; None is missing.

    >>> colours = CategoricalFeature(name="colour", categories=("red", "blue"))
    >>> sketch = sketch_categories(colours, ["red", "red", "mauve", None])
    >>> sketch.counts, sketch.other, sketch.unseen, sketch.missing
    ((2, 0), 1, 1, 1)
    """
    waiting = iter(values)
    sketch = count_categories(feature, Counter(islice(waiting, _AT_ONCE)))
    while chunk := Counter(islice(waiting, _AT_ONCE)):
        sketch = sketch.merge(count_categories(feature, chunk))
    return sketch


def count_categories(
    feature: CategoricalFeature, rows: Mapping[str | None, int]
) -> CategoricalSketch:
    """Sketch values that are counted already: rows per value."""
    listed = set(feature.categories)
    other = {v: n for v, n in rows.items() if v is not None and v not in listed}
    others = feature.others
    return CategoricalSketch(
        feature=feature,
        counts=tuple(rows.get(category, 0) for category in feature.categories),
        other=sum(other.values()),
        unseen=sum(n for v, n in other.items() if others is None or v not in others),
        missing=rows.get(None, 0),
    )


def categories_of(
    name: str, values: Iterable[str | None], most: int = MOST_CATEGORIES
) -> CategoricalFeature:
    """List training's ``most`` frequent categories, and remember the others.

    >>> categories_of("colour", ["red", "blue", "red", None], most=1).categories
    ('red',)
    """
    rows = Counter(value for value in values if value is not None)
    ordered = sorted(rows, key=lambda value: (-rows[value], value))
    others = ordered[most:]
    return CategoricalFeature(
        name=name,
        categories=tuple(ordered[:most]),
        others=membership_of(others) if others else None,
    )


def same_categories(one: CategoricalFeature, other: CategoricalFeature) -> None:
    refuse_other(one, other, _difference)


def _difference(one: CategoricalFeature, other: CategoricalFeature) -> str:
    return (
        f"other categories: {len(one.categories)} listed here and {len(other.categories)} there, "
        "or in another order"
    )
