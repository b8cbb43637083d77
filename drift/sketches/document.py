"""A window's sketch as a plain JSON document, and back."""

from collections.abc import Callable
from typing import Any, TypeVar

from contracts.errors import ContractError
from contracts.reading import Table
from drift.sketches.categorical import CategoricalSketch
from drift.sketches.distinct import parse_distinct
from drift.sketches.features import CategoricalFeature, NumericFeature
from drift.sketches.membership import parse_membership
from drift.sketches.moments import Moments
from drift.sketches.numeric import NumericSketch
from drift.sketches.window import FeatureSketch, WindowSketch

SCHEMA = "perennial.window-sketch/1"

Parsed = TypeVar("Parsed")


def window_document(window: WindowSketch) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "rows": window.rows,
        "features": [feature_document(sketch) for sketch in window.features],
    }


def parse_window(document: object) -> WindowSketch:
    """Read :func:`window_document`; ContractError names what is wrong and where."""
    table = Table.of(document, "window sketch")
    schema = table.text("schema")
    if schema != SCHEMA:
        raise ContractError(f"window sketch.schema must be {SCHEMA!r}, got {schema!r}")
    table.only("schema", "rows", "features")
    return WindowSketch(
        rows=table.integer("rows", least=0),
        features=tuple(parse_feature_sketch(row) for row in table.tables("features")),
    )


def feature_document(sketch: FeatureSketch) -> dict[str, Any]:
    return _numeric(sketch) if isinstance(sketch, NumericSketch) else _categorical(sketch)


def parse_feature_sketch(table: Table) -> FeatureSketch:
    kind = table.text("kind")
    if kind == "numeric":
        return _read_numeric(table)
    if kind == "categorical":
        return _read_categorical(table)
    raise ContractError(f"{table.where}.kind must be one of numeric, categorical, got {kind!r}")


def _numeric(sketch: NumericSketch) -> dict[str, Any]:
    feature = sketch.feature
    return {
        "kind": "numeric",
        "name": feature.name,
        "cuts": list(feature.cuts),
        "minimum": feature.minimum,
        "maximum": feature.maximum,
        "single": feature.single,
        "counts": list(sketch.counts),
        "missing": sketch.missing,
        "below_all": sketch.below_all,
        "above_all": sketch.above_all,
        "out_of_range": sketch.out_of_range,
        "mean": sketch.moments.mean,
        "m2": sketch.moments.m2,
        "least": sketch.least,
        "most": sketch.most,
        "distinct": sketch.distinct.text(),
    }


def _read_numeric(table: Table) -> NumericSketch:
    counts = _counts(table)
    below, above = table.integer("below_all", least=0), table.integer("above_all", least=0)
    count = sum(counts) - below - above
    mean, m2 = table.number("mean"), table.number("m2", least=0)
    return NumericSketch(
        feature=NumericFeature(
            name=table.text("name"),
            cuts=table.numbers("cuts"),
            minimum=table.optional_number("minimum"),
            maximum=table.optional_number("maximum"),
            single=table.flag("single"),
        ),
        counts=counts,
        missing=table.integer("missing", least=0),
        below_all=below,
        above_all=above,
        out_of_range=table.integer("out_of_range", least=0),
        moments=Moments(count=count, mean=mean, m2=m2),
        least=table.optional_number("least"),
        most=table.optional_number("most"),
        distinct=_decoded(table, "distinct", parse_distinct),
    )


def _categorical(sketch: CategoricalSketch) -> dict[str, Any]:
    others = sketch.feature.others
    return {
        "kind": "categorical",
        "name": sketch.feature.name,
        "categories": list(sketch.feature.categories),
        "others": None if others is None else others.text(),
        "counts": list(sketch.counts),
        "other": sketch.other,
        "unseen": sketch.unseen,
        "missing": sketch.missing,
    }


def _read_categorical(table: Table) -> CategoricalSketch:
    others = table.optional_text("others")
    return CategoricalSketch(
        feature=CategoricalFeature(
            name=table.text("name"),
            categories=_categories(table),
            others=None if others is None else _decoded(table, "others", parse_membership),
        ),
        counts=_counts(table),
        other=table.integer("other", least=0),
        unseen=table.integer("unseen", least=0),
        missing=table.integer("missing", least=0),
    )


def _categories(table: Table) -> tuple[str, ...]:
    """The empty text is a category like others."""
    values = table.content.get("categories")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ContractError(f"{table.where}.categories must be a list of texts, got {values!r}")
    return tuple(values)


def _counts(table: Table) -> tuple[int, ...]:
    counts = table.numbers("counts")
    if any(count < 0 or not count.is_integer() for count in counts):
        raise ContractError(f"{table.where}.counts must be whole numbers of rows, got {counts}")
    return tuple(map(int, counts))


def _decoded(table: Table, name: str, read: Callable[[str], Parsed]) -> Parsed:
    value = table.content.get(name)
    if not isinstance(value, str):
        raise ContractError(f"{table.where}.{name} must be a text, got {value!r}")
    try:
        return read(value)
    except ValueError as error:
        raise ContractError(f"{table.where}.{name} is damaged: {error}") from None
