"""The guide to the card names every field that a card can have, and no section is forgotten."""

import re
from pathlib import Path
from typing import Any

import pytest

from contracts.card import parse
from contracts.errors import ContractError

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "model-card.md").read_text()
COLUMN: dict[str, Any] = {"name": "a", "type": "number"}
DOCUMENT: dict[str, Any] = {
    "model": {
        "name": "a",
        "task": "regression",
        "description": "d",
        "owner": "o",
        "label": "l",
        "label_window_days": 1,
    },
    "datasets": [{"name": "d", "columns": [COLUMN]}],
    "features": [{"name": "f"}],
    "hyperparameters": {"depth": 1},
    "tuning": {"trials": 2, "ranges": [{"name": "depth", "low": 1, "high": 2}]},
    "ingestion": {"sources": [{"dataset": "d", "kind": "code"}]},
    "serving": {
        "autoscaling": {"max_instances": 4, "latency_ms": 20},
        "serverless": {"memory_mib": 1024},
    },
    "quality": {
        "slices": [{"name": "s", "feature": "f", "min": 0}],
        "kpis": [{"name": "k", "namespace": "n", "metric": "m", "min": 0}],
    },
    "gate": {
        "ceiling": 1,
        "min_gain": 0,
        "slices": [{"name": "s", "feature": "f", "min": 0, "tolerance": 0}],
    },
}
PLACES = [
    (),
    ("model",),
    ("datasets", 0),
    ("datasets", 0, "columns", 0),
    ("features", 0),
    ("tuning",),
    ("tuning", "ranges", 0),
    ("training",),
    ("processing",),
    ("validation",),
    ("ingestion",),
    ("ingestion", "sources", 0),
    ("evaluation",),
    ("gate",),
    ("gate", "slices", 0),
    ("admission",),
    ("triggers",),
    ("drift",),
    ("quality",),
    ("quality", "slices", 0),
    ("quality", "kpis", 0),
    ("serving",),
    ("serving", "autoscaling"),
    ("serving", "serverless"),
    ("rollout",),
]


def allowed_at(place: tuple[str | int, ...]) -> list[str]:
    """Ask the reader itself what it allows, with a field that it cannot know."""
    document = _copy(DOCUMENT)
    table = document
    for part in place:
        table = table.setdefault(part, {}) if isinstance(part, str) else table[part]
    table["nobody knows this"] = 1
    with pytest.raises(ContractError, match="unknown field") as refused:
        parse(document)
    return str(refused.value).partition("allowed: ")[2].split(", ")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)) or "card")
def test_the_guide_names_every_field(place: tuple[str | int, ...]) -> None:
    named = set(re.findall(r"`+\[*([\w.]+)\]*`+|(?<=[{,] )(\w+)(?=[,} ])", GUIDE))
    words = {word.rpartition(".")[2] for pair in named for word in pair}
    assert [field for field in allowed_at(place) if field not in words] == []
