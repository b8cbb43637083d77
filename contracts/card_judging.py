"""What decides about a model, as its card declares it: evaluation and gate."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.errors import ContractError
from contracts.quality import HIGHER_IS_BETTER, OF_TASK, Task
from contracts.reading import Table


class Approval(StrEnum):
    """Who approves a candidate that passed the gate."""

    AUTOMATIC = "automatic"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    metric: str
    """The metric the gate judges, one of contracts.quality.OF_TASK."""
    min_holdout_rows: int
    min_class_rows: int
    bootstrap_samples: int
    rolling_origins: int
    """How many earlier hold-outs training also forecasts, each from the data before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rows of the hold-out that must not get worse: those with ``minimum <= feature < maximum``."""

    name: str
    feature: str
    minimum: float | None
    maximum: float | None
    tolerance: float
    """The lower bound of the slice's gain must be above minus this."""
    min_rows: int
    """With fewer rows nothing can be said, and the criterion is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    limit: float
    """``floor`` of a metric where higher is better, ``ceiling`` of another: no candidate beyond it
    is approved, champion or not."""
    min_gain: float
    """The candidate must be better than the champion by more than this."""
    confidence: float
    """The lower bound of this two-sided interval of the gain must be above ``min_gain``."""
    approval: Approval
    slices: tuple[Slice, ...]
    max_calibration_error: float | None
    """Of a classifier: mean distance of probability and frequency over ten bins of equal size; of
    others: distance of mean answer and mean label, as a share of the mean label."""
    max_latency_ms: float | None
    """99 of 100 single predictions of the exported model take no longer."""
    max_artifact_mib: float | None


def read_evaluation(table: Table, task: Task) -> Evaluation:
    table.only(
        "metric", "min_holdout_rows", "min_class_rows", "bootstrap_samples", "rolling_origins"
    )
    metric = table.text("metric", OF_TASK[task][0])
    if metric not in OF_TASK[task]:
        allowed = ", ".join(OF_TASK[task])
        raise ContractError(
            f"{table.where}.metric must be one of {allowed} for task {task}, got {metric!r}"
        )
    return Evaluation(
        metric=metric,
        min_holdout_rows=table.integer("min_holdout_rows", 500, least=1),
        min_class_rows=table.integer("min_class_rows", 50, least=1),
        bootstrap_samples=table.integer("bootstrap_samples", 1000, least=100, most=100_000),
        rolling_origins=table.integer("rolling_origins", 0, least=0, most=52),
    )


def read_gate(table: Table, metric: str, features: tuple[str, ...]) -> Gate:
    bound = "floor" if HIGHER_IS_BETTER[metric] else "ceiling"
    table.only(
        bound,
        "min_gain",
        "confidence",
        "approval",
        "slices",
        "max_calibration_error",
        "max_latency_ms",
        "max_artifact_mib",
    )
    slices = tuple(_slice(row, features) for row in table.tables("slices", default=()))
    names = [one.name for one in slices]
    if len(set(names)) != len(names):
        raise ContractError(f"{table.where}.slices names one twice: {names}")
    return Gate(
        limit=table.number(bound),
        min_gain=table.number("min_gain", 0.0, least=0),
        confidence=table.number("confidence", 0.95, least=0.5, most=0.9999),
        approval=table.choice("approval", Approval, Approval.AUTOMATIC),
        slices=slices,
        max_calibration_error=table.optional_number("max_calibration_error", least=0),
        max_latency_ms=table.optional_number("max_latency_ms", least=0),
        max_artifact_mib=table.optional_number("max_artifact_mib", least=0),
    )


def _slice(row: Table, features: tuple[str, ...]) -> Slice:
    row.only("name", "feature", "min", "max", "tolerance", "min_rows")
    feature = row.text("feature")
    if feature not in features:
        raise ContractError(
            f"{row.where}.feature must be one of {', '.join(features)}, got {feature!r}"
        )
    low, high = row.optional_number("min"), row.optional_number("max")
    if low is None and high is None:
        raise ContractError(f"{row.where} needs min or max")
    if low is not None and high is not None and not low < high:
        raise ContractError(f"{row.where}.max must be above min ({low}), got {high}")
    return Slice(
        name=row.text("name"),
        feature=feature,
        minimum=low,
        maximum=high,
        tolerance=row.number("tolerance", least=0),
        min_rows=row.integer("min_rows", 100, least=1),
    )
