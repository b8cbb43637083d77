"""Record a judged run: the document once, its digest in the registry, a line in the ledger."""

import logging
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from contracts import layout
from contracts.environment import Variable
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.record import Record
from contracts.run import parse_request
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.record.artifacts import Artifacts
from lambdas.record.decision import Ended, built_from, compose, first
from lambdas.record.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    registry = _registry()
    return record_run(
        ended(event, registry),
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        documents=wiring.documents(),
        artifacts=_artifacts(),
        registry=registry,
        ledger=wiring.ledger(),
    )


def ended(event: Mapping[str, Any], registry: Registry) -> Ended:
    snapshot, training, judgement = event["snapshot"], event["training"], event["judgement"]
    package_arn = event["package"]["model_package_arn"]
    return Ended(
        request=parse_request(event["request"]),
        snapshot_uri=snapshot["uri"],
        snapshot_digest=snapshot["digest"],
        training_job=training["job_name"],
        model_data_url=training["model_data_url"],
        model_package_arn=package_arn,
        verdict=judgement["verdict"],
        reason=judgement["reason"],
        registered=registry.metadata(package_arn),
    )


def record_run(
    run: Ended,
    *,
    reports_bucket: str,
    documents: Documents,
    artifacts: Artifacts,
    registry: Registry,
    ledger: Ledger,
) -> dict[str, str]:
    request = run.request
    prefix = layout.evaluation_prefix(request.model, request.run_id)
    evaluation = documents.json_if_there(layout.s3_uri(reports_bucket, f"{prefix}evaluation.json"))
    composed = compose(run, artifacts.contents(run.model_data_url), evaluation)
    key = layout.record_key(request.model, request.run_id)
    written = documents.write_once(reports_bucket, key, composed.render())
    record = first(written, composed)
    told = {
        "record_uri": layout.s3_uri(reports_bucket, key),
        "record_sha256": sha256(written).hexdigest(),
    }
    registry.tell(run.model_package_arn, {**told, **built_from(record)})
    ledger.append(_line(run, record, told))
    logger.info("%s recorded as %s", request.run_id, told["record_sha256"])
    return told


def _line(run: Ended, record: Record, told: Mapping[str, str]) -> LedgerEntry:
    return LedgerEntry(
        model=record.model,
        at=run.request.as_of,
        kind=LedgerKind.RECORDED,
        subject=record.run_id,
        summary=f"{record.run_id} is recorded: {record.verdict}, all that its model was made from",
        details={
            **told,
            "model_package_arn": record.model_package_arn,
            "snapshot_digest": record.snapshot_digest,
            "image_digest": record.image_digest,
            "code_commit": record.code_commit,
            **built_from(record),
            "artifact_sha256": record.artifact_sha256,
            "approved_by": record.approved_by or "nobody",
        },
    )


@cache
def _registry() -> Registry:
    return Registry(wiring.client("sagemaker"))


@cache
def _artifacts() -> Artifacts:
    return Artifacts(wiring.client("s3"))
