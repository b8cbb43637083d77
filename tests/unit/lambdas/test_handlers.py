"""Every handler's shell: imported without an account, wired from its environment alone."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts import state
from contracts.errors import ContractError
from contracts.state import KEY
from lambdas.adapters import wiring
from tests.unit.lambdas.examples import ROOT, request

HANDLERS = [
    "admission.handler",
    "snapshot.handler",
    "data_gate.handler",
    "registration.handler",
    "gate.handler",
    "promotion.plan",
    "promotion.smoke",
    "promotion.observe",
    "promotion.confirm",
    "settlement.handler",
    "drift_check.handler",
    "quality_check.handler",
    "ingestion_plan.handler",
    "job_failure.handler",
    "teardown.handler",
    "reconciler.handler",
    "idle.handler",
]
ENVIRONMENT = {
    "PERENNIAL_ENVIRONMENT": "dev",
    "PERENNIAL_CARD": "card.toml",
    "PERENNIAL_DATA_BUCKET": "data",
    "PERENNIAL_ARTIFACTS_BUCKET": "artifacts",
    "PERENNIAL_CAPTURES_BUCKET": "captures",
    "PERENNIAL_REPORTS_BUCKET": "reports",
    "PERENNIAL_LEDGER_TABLE": "ledger",
    "PERENNIAL_STATE_TABLE": "state",
    "PERENNIAL_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:people",
    "PERENNIAL_RETRAINING_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:retraining",
    "PERENNIAL_REPOSITORY_NAME": "perennial",
    "PERENNIAL_CODE_URI": "s3://assets/code.zip",
    "PERENNIAL_CODE_COMMIT": "unknown",
    "PERENNIAL_ENDPOINT_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoint",
    "PERENNIAL_KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "LAMBDA_TASK_ROOT": str(ROOT / "ml" / "workloads" / "churn"),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_importing_a_handler_asks_nothing_of_its_surroundings(name: str) -> None:
    code = f"import lambdas.{name} as m; assert callable(m.lambda_handler)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def forget_wiring() -> None:
    for module in [wiring, *(m for n, m in list(sys.modules.items()) if n.startswith("lambdas."))]:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def deployed(
    monkeypatch: pytest.MonkeyPatch, s3: Any, state_table: Any, ledger_table: Any, sagemaker: Any
) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    yield
    forget_wiring()


def handler(name: str) -> Any:
    module: ModuleType = importlib.import_module(f"lambdas.{name}")
    return module.lambda_handler


class Context:
    aws_request_id = "delivery"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def test_admission_answers_a_schedule_from_its_environment(deployed: None) -> None:
    event = {"cause": "schedule", "as_of": "1997-07-01T00:00:00Z", "id": "1"}

    answer = handler("admission.handler")(event, Context())

    assert answer["outcome"] == "refused"
    assert answer["reason"] == "no model data yet: no files of purchases, labels"


def test_a_snapshot_is_taken_from_its_environment(deployed: None, s3: Any) -> None:
    for dataset in ("purchases", "labels"):
        s3.put_object(Bucket="data", Key=f"churn/incoming/{dataset}/a.csv", Body=b"x")

    answer = handler("snapshot.handler")({"request": request().document()}, Context())

    assert answer["files"] == 2
    json.dumps(answer)


def test_the_drift_check_answers_from_its_environment(deployed: None) -> None:
    answer = handler("drift_check.handler")({"as_of": "1997-07-01T00:00:00Z"}, Context())

    assert answer == {"verdict": "no_verdict", "reason": "there is no champion yet", "rows": 0}


@pytest.mark.parametrize(
    "event",
    [
        {"as_of": "1997-07-01T00:00:00Z"},
        {"time": "1997-07-01T00:00:00Z", "detail": {"EndpointName": "churn-dev"}},
    ],
    ids=["by schedule", "by event"],
)
def test_the_reconciler_answers_from_its_environment(deployed: None, event: dict[str, Any]) -> None:
    assert handler("reconciler.handler")(event, Context()) == {
        "verdict": "nothing_promoted",
        "reason": "there is neither a champion nor an endpoint",
    }


def test_an_endpoint_that_may_not_sleep_is_not_looked_at(deployed: None) -> None:
    with pytest.raises(ContractError, match=r"serving\.idle_hours must be set"):
        handler("idle.handler")({"as_of": "1997-07-01T00:00:00Z"}, Context())


@pytest.mark.parametrize("name", ["data_gate.handler", "registration.handler", "promotion.plan"])
def test_a_request_that_lacks_a_field_is_refused_by_name(deployed: None, name: str) -> None:
    document = request().document()
    del document["image_digest"]
    event = {"request": document, "package": {}, "snapshot": {}, "training": {}}

    with pytest.raises(ContractError, match=r"^request lacks the field 'image_digest'$"):
        handler(name)(event, Context())


def test_a_setting_that_is_not_there_is_named(
    deployed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERENNIAL_STATE_TABLE")

    with pytest.raises(RuntimeError) as refusal:
        handler("drift_check.handler")({"as_of": "1997-07-01T00:00:00Z"}, Context())
    assert str(refusal.value) == "the environment variable PERENNIAL_STATE_TABLE must be set"


def test_every_state_item_has_a_key_of_its_own() -> None:
    items = {
        state.lease("churn"),
        state.promotion_lease("churn"),
        state.admission("churn"),
        state.champion("churn"),
        state.drift("churn"),
        state.settled("churn", 0, "FAILED"),
        state.asleep("churn"),
        state.reconciliation("churn"),
    }

    assert len(items) == 8
    assert KEY == "item"


@pytest.mark.parametrize("path", sorted((ROOT / "lambdas").glob("*/decision.py")), ids=str)
def test_a_decision_asks_no_service(path: Path) -> None:
    assert "boto" not in path.read_text(encoding="utf-8")
