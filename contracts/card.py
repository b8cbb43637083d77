"""The model card: what one model is, needs and must achieve, declared in its folder's card.toml.

Only ``model``, ``datasets``, ``features`` and ``gate`` must be there; every other field has a
default that costs little and stops early.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.card_alarms import ServingAlarms
from contracts.card_data import (
    Column,
    ColumnType,
    Dataset,
    Feature,
    FeatureType,
    read_dataset,
    read_feature,
)
from contracts.card_ingestion import Ingestion, read_ingestion
from contracts.card_judging import (
    Approval,
    Evaluation,
    Gate,
    Slice,
    read_evaluation,
    read_gate,
)
from contracts.card_operating import (
    Admission,
    Drift,
    OnRefusedFile,
    Triggers,
    Validation,
    read_admission,
    read_drift,
    read_triggers,
    read_validation,
)
from contracts.card_quality import Kpi, Quality, QualitySlice, read_quality
from contracts.card_rollout import Rollout, Shift, Trial, read_rollout
from contracts.card_running import Job, read_job
from contracts.card_serving import (
    Autoscaling,
    CapturePath,
    Serverless,
    Serving,
    ServingMode,
    read_serving,
)
from contracts.card_tuning import Tuning, read_tuning
from contracts.errors import ContractError
from contracts.quality import Task
from contracts.reading import Table

__all__ = [
    "Admission",
    "Approval",
    "Autoscaling",
    "CapturePath",
    "Column",
    "ColumnType",
    "Dataset",
    "Drift",
    "Evaluation",
    "Feature",
    "FeatureType",
    "Gate",
    "Ingestion",
    "Job",
    "Kpi",
    "ModelCard",
    "OnRefusedFile",
    "Quality",
    "QualitySlice",
    "Rollout",
    "Serverless",
    "Serving",
    "ServingAlarms",
    "ServingMode",
    "Shift",
    "Slice",
    "Task",
    "Trial",
    "Triggers",
    "Tuning",
    "Validation",
    "load",
    "parse",
]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_SECTIONS = (
    "model",
    "datasets",
    "features",
    "hyperparameters",
    "tuning",
    "training",
    "processing",
    "validation",
    "ingestion",
    "evaluation",
    "gate",
    "admission",
    "triggers",
    "drift",
    "quality",
    "serving",
    "rollout",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    name: str
    """Lower-case letters, digits and hyphens, at most 24: it is part of AWS names (<= 63)."""
    task: Task
    description: str
    owner: str
    image: str
    """Which image runs it: tags of the one repository begin with ``<image>-``."""
    label: str
    label_window_days: int
    """A label is known only this many days after the moment it describes."""
    datasets: tuple[Dataset, ...]
    features: tuple[Feature, ...]
    """In the order of the request's CSV columns."""
    hyperparameters: Mapping[str, str]
    tuning: Tuning | None
    training: Job
    processing: Job
    validation: Validation
    ingestion: Ingestion | None
    """None: data land by themselves."""
    evaluation: Evaluation
    gate: Gate
    admission: Admission
    triggers: Triggers
    drift: Drift
    quality: Quality
    serving: Serving
    rollout: Rollout


def load(path: Path) -> ModelCard:
    """Read and check a card; every error names the file and the field."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path} is not TOML: {error}") from error
    return parse(document, where=str(path))


def parse(document: Mapping[str, Any], *, where: str = "card") -> ModelCard:
    card = Table.of(document, where).only(*_SECTIONS)
    model = card.table("model").only(
        "name", "task", "description", "owner", "image", "label", "label_window_days"
    )
    task = model.choice("task", Task)
    datasets = tuple(read_dataset(row) for row in card.tables("datasets"))
    features = tuple(read_feature(row) for row in card.tables("features"))
    names = _different(f"{where}.features", tuple(feature.name for feature in features))
    parameters = {
        key: str(value) for key, value in card.table_or_empty("hyperparameters").content.items()
    }
    evaluation = read_evaluation(card.table_or_empty("evaluation"), task)
    gate = read_gate(card.table("gate"), evaluation.metric, names)
    ingestion, tuning = card.optional_table("ingestion"), card.optional_table("tuning")
    sources = _different(f"{where}.datasets", tuple(dataset.name for dataset in datasets))
    return ModelCard(
        name=_name(model, "name", most=24),
        task=task,
        description=model.text("description"),
        owner=model.text("owner"),
        image="standard" if "image" not in model.content else _name(model, "image", most=24),
        label=model.text("label"),
        label_window_days=model.integer("label_window_days", least=0, most=3650),
        datasets=datasets,
        features=features,
        hyperparameters=parameters,
        tuning=None if tuning is None else read_tuning(tuning, tuple(parameters)),
        training=read_job(card.table_or_empty("training"), may_use_spot=True),
        processing=read_job(card.table_or_empty("processing"), may_use_spot=False),
        validation=read_validation(card.table_or_empty("validation")),
        ingestion=None if ingestion is None else read_ingestion(ingestion, sources),
        evaluation=evaluation,
        gate=gate,
        admission=read_admission(card.table_or_empty("admission")),
        triggers=read_triggers(card.table_or_empty("triggers")),
        drift=read_drift(card.table_or_empty("drift")),
        quality=read_quality(card.table_or_empty("quality"), task, evaluation, gate, names),
        serving=read_serving(card.table_or_empty("serving")),
        rollout=read_rollout(card.table_or_empty("rollout")),
    )


def _different(where: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ContractError(f"{where} names one twice: {list(names)}")
    return names


def _name(table: Table, field: str, *, most: int) -> str:
    name = table.text(field)
    if not _NAME.fullmatch(name) or len(name) > most:
        raise ContractError(
            f"{table.where}.{field} must be lower-case letters, digits and hyphens, beginning "
            f"with a letter, at most {most}, got {name!r}"
        )
    return name
