"""What the registry is told about a candidate, within what its metadata can hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from contracts import layout
from contracts.errors import ContractError
from contracts.run import RunRequest

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
# (CustomerMetadataProperties): no comma, no quote, at most 256 characters, at most 50 entries.
_VALUE = re.compile(r"[\w .:/=+\-@]{1,256}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What training made and evaluation measured."""

    job_name: str
    model_data_url: str
    artifact_sha256: str
    """Of the archive that lies in S3 now."""
    artifact_version: str
    """Its S3 version; ``null`` in a bucket that keeps none."""
    snapshot_digest: str
    evaluation: object
    """evaluation.json as found: it is the gate that judges it, even a broken one."""


def metadata(request: RunRequest, candidate: Candidate, *, reports_bucket: str) -> dict[str, str]:
    """Digests and pointers; the evidence itself stays in the reports bucket."""
    prefix = layout.evaluation_prefix(request.model, request.run_id)
    values = {
        "run_id": request.run_id,
        "environment": request.environment,
        "as_of": request.document()["as_of"],
        "training_job": candidate.job_name,
        "snapshot_digest": candidate.snapshot_digest,
        "image_digest": request.image_digest,
        "code_uri": request.code_uri,
        "code_commit": request.code_commit,
        "artifact_sha256": candidate.artifact_sha256,
        "artifact_version": candidate.artifact_version,
        "evaluation_uri": layout.s3_uri(reports_bucket, f"{prefix}evaluation.json"),
        "baseline_uri": layout.s3_uri(reports_bucket, f"{prefix}baseline.json"),
        "golden_uri": layout.s3_uri(reports_bucket, f"{prefix}golden.csv"),
        "answers_uri": layout.s3_uri(reports_bucket, f"{prefix}answers.json"),
        "predictions_uri": layout.s3_uri(reports_bucket, f"{prefix}predictions.json"),
        "schema_uri": layout.s3_uri(reports_bucket, f"{prefix}schema.json"),
        **_measured(candidate.evaluation),
    }
    for name, value in values.items():
        if not _VALUE.fullmatch(value):
            raise ContractError(
                f"registry metadata {name} must be 1 to 256 letters, digits, spaces or "
                f"_.:/=+-@, got {value!r}"
            )
    return values


def _measured(evaluation: object) -> dict[str, str]:
    """What can be read of the evaluation; the gate rejects a candidate for what can't."""
    document = _table(evaluation)
    candidate = _table(document.get("candidate"))
    metric = document.get("metric")
    found = {
        "metric": metric,
        "metric_value": _table(candidate.get("metrics")).get(str(metric)),
        "manifest_sha256": candidate.get("manifest_sha256"),
    }
    return {
        name: str(value)
        for name, value in found.items()
        if isinstance(value, str | float | int) and _VALUE.fullmatch(str(value))
    }


def _table(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
