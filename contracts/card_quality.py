"""How a model's answers are judged once their labels are known, as its card declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.card_judging import Evaluation, Gate
from contracts.errors import ContractError
from contracts.quality import HIGHER_IS_BETTER, OF_TASK, Task
from contracts.reading import Table

LIVE_OF_TASK = {
    Task.BINARY_CLASSIFICATION: (*OF_TASK[Task.BINARY_CLASSIFICATION], "accuracy", "f1"),
    Task.REGRESSION: (*OF_TASK[Task.REGRESSION], "mape"),
    Task.RECOMMENDATION: (*OF_TASK[Task.RECOMMENDATION], "hit_rate"),
}
"""What can be watched: the gate's figures, and those for which it makes no promise."""
LIVE_HIGHER_IS_BETTER = {
    **HIGHER_IS_BETTER,
    "accuracy": True,
    "f1": True,
    "mape": False,
    "hit_rate": True,
}
MOST_SLICES = 64
"""One bit of a word each."""
_STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySlice:
    """Answers that are watched by themselves: those with ``minimum <= feature < maximum``."""

    name: str
    feature: str
    minimum: float | None
    maximum: float | None


class WhenMissing(StrEnum):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A figure of the business, published by others as a custom metric, that is guarded too."""

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period_minutes: int
    minimum: float | None
    maximum: float | None
    datapoints: int
    """So many of the newest ``periods`` beyond the bound are an alarm."""
    periods: int
    when_missing: WhenMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    schedule: str
    metric: str
    """The metric that is judged; the others of the task are reported."""
    confidence: float
    """Of the two-sided intervals that are reported."""
    min_coverage: float
    """Share of a window's answers whose label must be known: of fewer, those may be peculiar."""
    min_rows: int
    min_class_rows: int
    """Of a classifier: rows of either class."""
    false_alarm_rate: float
    """Wanted chance per check that a model which has not fallen is said to have, the whole and all
    slices together."""
    persistence: int
    """No fewer windows make a fall: one odd window is none."""
    min_fall: float
    """A smaller fall, in the metric's own unit, does not matter, however sure it is."""
    lateness_hours: float
    """So long after its label window a label is waited for; a later one is set aside."""
    unit: str | None
    """The feature that names whom a row is about: rows of one unit are resampled together, and are
    the list that a ranking orders. None: each request is a unit."""
    shown: int
    """Items a unit is shown first: the k of ``ndcg``, ``recall`` and ``hit_rate``."""
    liked_from: float | None
    """Labels from here on are liked; None: those above their window's mean, as the gate has it."""
    slices: tuple[QualitySlice, ...]
    automatic_slices: tuple[str, ...]
    """Features whose quarters, by the baseline's quantiles, are slices as well."""
    kpis: tuple[Kpi, ...]


def read_quality(
    table: Table, task: Task, evaluation: Evaluation, gate: Gate, features: tuple[str, ...]
) -> Quality:
    table.only(
        "schedule",
        "metric",
        "confidence",
        "min_coverage",
        "min_rows",
        "min_class_rows",
        "false_alarm_rate",
        "persistence",
        "min_fall",
        "lateness_hours",
        "unit",
        "shown",
        "liked_from",
        "slices",
        "automatic_slices",
        "kpis",
    )
    metric = _metric(table, task, evaluation)
    luck = gate.min_gain if metric == evaluation.metric else 0.0
    return Quality(
        schedule=table.text("schedule", "rate(1 day)"),
        metric=metric,
        confidence=table.number("confidence", gate.confidence, least=0.5, most=0.9999),
        min_coverage=table.number("min_coverage", 0.8, least=0.01, most=1),
        min_rows=table.integer("min_rows", 500, least=50),
        min_class_rows=table.integer("min_class_rows", 25, least=5),
        false_alarm_rate=table.number("false_alarm_rate", 0.001, least=1e-6, most=0.2),
        persistence=table.integer("persistence", 2, least=1, most=10),
        min_fall=table.number("min_fall", luck, least=0),
        lateness_hours=table.number("lateness_hours", 24, least=0, most=24 * 366),
        unit=_unit(table, task, features),
        shown=table.integer("shown", 10, least=1, most=1000),
        liked_from=table.optional_number("liked_from"),
        slices=_slices(table, features),
        automatic_slices=_automatic(table, features),
        kpis=_kpis(table),
    )


def _metric(table: Table, task: Task, evaluation: Evaluation) -> str:
    metric = table.text("metric", evaluation.metric)
    if metric not in LIVE_OF_TASK[task]:
        allowed = ", ".join(LIVE_OF_TASK[task])
        raise ContractError(
            f"{table.where}.metric must be one of {allowed} for task {task}, got {metric!r}"
        )
    return metric


def _unit(table: Table, task: Task, features: tuple[str, ...]) -> str | None:
    """Return the card's unit; of a recommender, whose rows begin with the user, the first."""
    unit = table.optional_text("unit")
    if unit is None:
        return features[0] if task is Task.RECOMMENDATION and features else None
    return _feature(f"{table.where}.unit", unit, features)


def _feature(where: str, name: str, features: tuple[str, ...]) -> str:
    if name not in features:
        raise ContractError(f"{where} must be one of {', '.join(features)}, got {name!r}")
    return name


def _slices(table: Table, features: tuple[str, ...]) -> tuple[QualitySlice, ...]:
    slices = tuple(_slice(row, features) for row in table.tables("slices", default=()))
    _different(f"{table.where}.slices", [one.name for one in slices])
    return slices


def _slice(row: Table, features: tuple[str, ...]) -> QualitySlice:
    row.only("name", "feature", "min", "max")
    feature = _feature(f"{row.where}.feature", row.text("feature"), features)
    low, high = row.optional_number("min"), row.optional_number("max")
    _bounds(row, low, high)
    return QualitySlice(name=row.text("name"), feature=feature, minimum=low, maximum=high)


def _automatic(table: Table, features: tuple[str, ...]) -> tuple[str, ...]:
    where = f"{table.where}.automatic_slices"
    names = table.texts("automatic_slices", default=())
    _different(where, list(names))
    chosen = tuple(_feature(where, name, features) for name in names)
    count = len(table.tables("slices", default=())) + 4 * len(chosen)
    if count > MOST_SLICES:
        raise ContractError(
            f"{table.where} must have at most {MOST_SLICES} slices (four of each automatic one), "
            f"got {count}"
        )
    return chosen


def _kpis(table: Table) -> tuple[Kpi, ...]:
    kpis = tuple(_kpi(row) for row in table.tables("kpis", default=()))
    _different(f"{table.where}.kpis", [one.name for one in kpis])
    return kpis


def _kpi(row: Table) -> Kpi:
    row.only(
        "name",
        "namespace",
        "metric",
        "dimensions",
        "statistic",
        "period_minutes",
        "min",
        "max",
        "datapoints",
        "periods",
        "when_missing",
    )
    dimensions = row.table_or_empty("dimensions")
    low, high = row.optional_number("min"), row.optional_number("max")
    _bounds(row, low, high)
    periods = row.integer("periods", 3, least=1)
    minutes = row.integer("period_minutes", 60, least=1)
    _evaluable(row, minutes, periods)
    statistic = row.text("statistic", "Average")
    if statistic not in _STATISTICS:
        allowed = ", ".join(_STATISTICS)
        raise ContractError(f"{row.where}.statistic must be one of {allowed}, got {statistic!r}")
    return Kpi(
        name=row.text("name"),
        namespace=row.text("namespace"),
        metric=row.text("metric"),
        dimensions={name: dimensions.text(name) for name in dimensions.content},
        statistic=statistic,
        period_minutes=minutes,
        minimum=low,
        maximum=high,
        datapoints=row.integer("datapoints", min(2, periods), least=1, most=periods),
        periods=periods,
        when_missing=row.choice("when_missing", WhenMissing, WhenMissing.MISSING),
    )


def _evaluable(row: Table, minutes: int, periods: int) -> None:
    """An alarm looks back one day, or seven when its period is an hour or more.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    most = 7 * 24 * 60 if minutes >= 60 else 24 * 60
    if minutes * periods > most:
        raise ContractError(
            f"{row.where}.period_minutes times periods must be at most {most}, "
            f"got {minutes} times {periods}"
        )


def _bounds(row: Table, low: float | None, high: float | None) -> None:
    if low is None and high is None:
        raise ContractError(f"{row.where} needs min or max")
    if low is not None and high is not None and not low < high:
        raise ContractError(f"{row.where}.max must be above min ({low}), got {high}")


def _different(where: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ContractError(f"{where} names one twice: {names}")
