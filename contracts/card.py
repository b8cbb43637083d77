"""The model card: what one model is, needs and must achieve, declared in its folder's card.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from contracts.card_data import (
    Column,
    ColumnType,
    Dataset,
    Feature,
    read_dataset,
    read_feature,
)
from contracts.card_judging import (
    Admission,
    Approval,
    Drift,
    Evaluation,
    Gate,
    Triggers,
    read_admission,
    read_drift,
    read_evaluation,
    read_gate,
    read_triggers,
)
from contracts.card_running import (
    Job,
    Serving,
    read_job,
    read_serving,
)
from contracts.errors import ContractError
from contracts.reading import Table

__all__ = [
    "Admission",
    "Approval",
    "Column",
    "ColumnType",
    "Dataset",
    "Drift",
    "Evaluation",
    "Feature",
    "Gate",
    "Job",
    "ModelCard",
    "Serving",
    "Task",
    "Triggers",
    "load",
    "parse",
]


class Task(StrEnum):
    BINARY_CLASSIFICATION = "binary_classification"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    name: str
    """Lower-case letters, digits and hyphens, at most 24: it is part of AWS names (<= 63)."""
    task: Task
    description: str
    owner: str
    label: str
    label_window_days: int
    """A label is known only this many days after the moment it describes."""
    datasets: tuple[Dataset, ...]
    features: tuple[Feature, ...]
    """In the order of the request's CSV columns."""
    hyperparameters: Mapping[str, str]
    training: Job
    processing: Job
    evaluation: Evaluation
    gate: Gate
    admission: Admission
    triggers: Triggers
    drift: Drift
    serving: Serving


def load(path: Path) -> ModelCard:
    """Read and check a card; every error names the file and the field."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path} is not TOML: {error}") from error
    return parse(document, where=str(path))


def parse(document: Mapping[str, Any], *, where: str = "card") -> ModelCard:
    card = Table.of(document, where).only(
        "model",
        "datasets",
        "features",
        "hyperparameters",
        "training",
        "processing",
        "evaluation",
        "gate",
        "admission",
        "triggers",
        "drift",
        "serving",
    )
    model = card.table("model").only(
        "name", "task", "description", "owner", "label", "label_window_days"
    )
    features = tuple(read_feature(row) for row in card.tables("features"))
    names = [feature.name for feature in features]
    if len(set(names)) != len(names):
        raise ContractError(f"{where}.features names one feature twice: {names}")
    return ModelCard(
        name=_model_name(model),
        task=model.choice("task", Task),
        description=model.text("description"),
        owner=model.text("owner"),
        label=model.text("label"),
        label_window_days=model.integer("label_window_days", least=0, most=3650),
        datasets=tuple(read_dataset(row) for row in card.tables("datasets")),
        features=features,
        hyperparameters={
            key: str(value) for key, value in card.table("hyperparameters").content.items()
        },
        training=read_job(card.table("training")),
        processing=read_job(card.table("processing")),
        evaluation=read_evaluation(card.table("evaluation")),
        gate=read_gate(card.table("gate")),
        admission=read_admission(card.table("admission")),
        triggers=read_triggers(card.table("triggers")),
        drift=read_drift(card.table("drift")),
        serving=read_serving(card.table("serving")),
    )


def _model_name(model: Table) -> str:
    name = model.text("name")
    if not (name.replace("-", "").isalnum() and name == name.lower() and len(name) <= 24):
        raise ContractError(
            f"{model.where}.name must be lower-case letters, digits and hyphens, at most 24, "
            f"got {name!r}"
        )
    return name
