"""Values that the tests of several handlers start from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts import card as cards
from contracts import moment
from contracts.card import ModelCard
from contracts.run import Cause, CauseKind, Champion, Purpose, RunRequest

ROOT = Path(__file__).parents[3]
CARD: ModelCard = cards.load(ROOT / "ml" / "workloads" / "churn" / "card.toml")

DIGEST = f"sha256:{'1' * 64}"
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/perennial@{DIGEST}"
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn-dev/2"

CHAMPION = Champion(
    model_package_arn=f"{PACKAGE[:-1]}1",
    version=1,
    model_data_url="s3://artifacts/churn/models/first/output/model.tar.gz",
    artifact_sha256="c" * 64,
    manifest_sha256="d" * 64,
    baseline_uri="s3://reports/churn/runs/first/evaluation/baseline.json",
    promoted_at="1997-05-01T00:00:00Z",
    deployment="churn-dev-v1-aaaaaaaa",
)


def request(**changes: Any) -> RunRequest:
    made = RunRequest(
        run_id="churn-dev-0123456789ab",
        model="churn",
        environment="dev",
        purpose=Purpose.RETRAIN,
        as_of=moment.parse("1997-07-01T00:00:00Z"),
        cause=Cause(kind=CauseKind.SCHEDULE, id="schedule 1997-07-01", detail="the schedule"),
        fencing_token=1,
        image_uri=IMAGE,
        image_digest=DIGEST,
        code_uri="s3://assets/code.zip",
        code_commit="unknown",
        champion=None,
    )
    return replace(made, **changes)


def score(sha: str, auc: Any, *, manifest: str = "b" * 64) -> dict[str, Any]:
    return {
        "artifact_uri": "s3://artifacts/model.tar.gz",
        "artifact_sha256": sha,
        "manifest_sha256": manifest,
        "artifact_bytes": 2_000_000,
        "metrics": {"auc": auc, "brier": 0.2},
        "calibration_error": 0.02,
        "latency_ms": 0.3,
    }


def evaluation(auc: Any = 0.75, **changes: Any) -> dict[str, Any]:
    """A first candidate's evaluation, which passes."""
    made: dict[str, Any] = {
        "run_id": "churn-dev-0123456789ab",
        "as_of": "1997-07-01T00:00:00Z",
        "metric": "auc",
        "holdout": {
            "rows": 1000,
            "positives": 400,
            "snapshot_date": "1997-05-01",
            "sha256": "e" * 64,
        },
        "candidate": score("a" * 64, auc),
        "champion": None,
        "gain": None,
        "slices": [],
    }
    return {**made, **changes}


def compared(low: Any = 0.01, *, value: Any = 0.02, high: Any = 0.03) -> dict[str, Any]:
    """An evaluation against CHAMPION."""
    champion = score(CHAMPION.artifact_sha256, 0.75, manifest=CHAMPION.manifest_sha256)
    return evaluation(0.77, champion=champion, gain=interval(value, low=low, high=high))


def interval(value: Any, *, low: Any, high: Any) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "confidence": 0.95, "samples": 1000}


METADATA = {
    "run_id": "churn-dev-0123456789ab",
    "environment": "dev",
    "artifact_sha256": "a" * 64,
    "manifest_sha256": "b" * 64,
    "image_digest": DIGEST,
    "baseline_uri": "s3://reports/churn/runs/churn-dev-0123456789ab/evaluation/baseline.json",
    "golden_uri": "s3://reports/churn/runs/churn-dev-0123456789ab/evaluation/golden.csv",
    "answers_uri": "s3://reports/churn/runs/churn-dev-0123456789ab/evaluation/answers.json",
    "predictions_uri": "s3://reports/churn/runs/churn-dev-0123456789ab/evaluation/predictions.json",
    "schema_uri": "s3://reports/churn/runs/churn-dev-0123456789ab/evaluation/schema.json",
}
