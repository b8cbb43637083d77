import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import card
from contracts.card import Approval, ColumnType, Task
from contracts.errors import ContractError

PATH = Path(__file__).parents[3] / "ml" / "workloads" / "churn" / "card.toml"
DOCUMENT = tomllib.loads(PATH.read_text(encoding="utf-8"))

Change = Callable[[dict[str, Any]], object]


def refusal(change: Change) -> str:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    with pytest.raises(ContractError) as error:
        card.parse(document)
    return str(error.value)


def test_the_churn_card_is_read_into_values() -> None:
    churn = card.load(PATH)

    assert (churn.name, churn.task, churn.label) == (
        "churn",
        Task.BINARY_CLASSIFICATION,
        "churned",
    )
    assert [dataset.name for dataset in churn.datasets] == ["purchases", "labels"]
    assert churn.datasets[1].unique == ("customer_id", "snapshot_date")
    assert churn.datasets[0].columns[1].type is ColumnType.DATE
    assert churn.gate.approval is Approval.AUTOMATIC
    assert churn.hyperparameters["seed"] == "20261124"


def test_what_a_card_leaves_out_has_its_default() -> None:
    document = copy.deepcopy(DOCUMENT)
    for table, name in (("drift", "bins"), ("serving", "max_5xx"), ("triggers", "on_drift")):
        document[table].pop(name, None)
    document["datasets"][0].pop("unique", None)

    read = card.parse(document)

    assert (read.drift.bins, read.serving.max_5xx, read.triggers.on_drift) == (10, 0, True)
    assert read.datasets[0].unique == ()


def set_in(table: str, name: str, value: object) -> Change:
    return lambda document: document[table].update({name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda d: d.pop("gate"), "card lacks the field 'gate'", id="a table is missing"
        ),
        pytest.param(
            lambda d: d["gate"].pop("floor"), "card.gate lacks the field 'floor'", id="a field"
        ),
        pytest.param(
            set_in("gate", "flor", 0.5),
            "card.gate has an unknown field 'flor'; allowed: floor, min_gain, confidence, approval",
            id="a misspelt field",
        ),
        pytest.param(
            lambda d: d.update(tests={}),
            "card has an unknown field 'tests'; allowed: model, datasets, features, "
            "hyperparameters, training, processing, evaluation, gate, admission, triggers, "
            "drift, serving",
            id="an unknown table",
        ),
        pytest.param(
            set_in("gate", "floor", "0.6"),
            "card.gate.floor must be a finite number, got '0.6'",
            id="a text for a number",
        ),
        pytest.param(
            set_in("gate", "floor", True),
            "card.gate.floor must be a finite number, got True",
            id="a flag for a number",
        ),
        pytest.param(
            set_in("gate", "floor", float("nan")),
            "card.gate.floor must be a finite number, got nan",
            id="not a number",
        ),
        pytest.param(
            set_in("gate", "approval", "nobody"),
            "card.gate.approval must be one of automatic, person, got 'nobody'",
            id="an unknown choice",
        ),
        pytest.param(
            set_in("gate", "min_gain", -0.1),
            "card.gate.min_gain must be between 0 and any, got -0.1",
            id="a gain below zero",
        ),
        pytest.param(
            set_in("serving", "instance_count", 1),
            "card.serving.instance_count must be between 2 and 100, got 1",
            id="one instance",
        ),
        pytest.param(
            set_in("serving", "canary_percent", 60),
            "card.serving.canary_percent must be between 1 and 50, got 60",
            id="a canary above half",
        ),
        pytest.param(
            set_in("serving", "instance_count", 2.0),
            "card.serving.instance_count must be a whole number, got 2.0",
            id="a fraction of an instance",
        ),
        pytest.param(
            set_in("triggers", "on_drift", "yes"),
            "card.triggers.on_drift must be true or false, got 'yes'",
            id="a text for a flag",
        ),
        pytest.param(
            set_in("model", "name", "Churn"),
            "card.model.name must be lower-case letters, digits and hyphens, at most 24, "
            "got 'Churn'",
            id="a capital in the name",
        ),
        pytest.param(
            set_in("model", "name", "x" * 25),
            "card.model.name must be lower-case letters, digits and hyphens, at most 24, "
            f"got '{'x' * 25}'",
            id="a long name",
        ),
        pytest.param(
            set_in("model", "owner", ""), "card.model.owner must be a text, got ''", id="no owner"
        ),
        pytest.param(
            lambda d: d.update(features=d["features"][:1] * 2),
            "card.features names one feature twice: ['recency_days', 'recency_days']",
            id="a feature twice",
        ),
        pytest.param(
            lambda d: d["datasets"][1].update(unique=["nobody"]),
            "card.datasets[1].unique names columns that do not exist: ['nobody']",
            id="uniqueness of nothing",
        ),
        pytest.param(
            lambda d: d["datasets"][0]["columns"][0].update(type="blob"),
            "card.datasets[0].columns[0].type must be one of integer, number, date, text, "
            "got 'blob'",
            id="an unknown type",
        ),
        pytest.param(
            lambda d: d.update(datasets="purchases"),
            "card.datasets must be a list of tables, got 'purchases'",
            id="a text for a list",
        ),
        pytest.param(
            lambda d: d.update(drift=[]), "card.drift must be a table, got []", id="a list"
        ),
    ],
)
def test_a_wrong_card_is_refused_naming_field_value_and_bound(change: Change, message: str) -> None:
    assert refusal(change) == message


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("[model\n", encoding="utf-8")

    with pytest.raises(ContractError, match=r"card\.toml is not TOML: "):
        card.load(path)


def test_an_error_of_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("[model]\n", encoding="utf-8")

    with pytest.raises(ContractError) as error:
        card.load(path)
    assert str(error.value).startswith(f"{path} lacks the field ")
