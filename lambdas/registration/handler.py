"""Register a run's candidate as pending, whatever its evaluation says: the gate judges next."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import layout, naming
from contracts.environment import Variable
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import RunRequest, parse_request
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.registration.decision import Candidate, metadata
from lambdas.registration.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return register_candidate(
        parse_request(event["request"]),
        training=event["training"],
        snapshot_digest=event["snapshot"]["digest"],
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        documents=wiring.documents(),
        registry=_registry(),
        ledger=wiring.ledger(),
    )


def register_candidate(
    request: RunRequest,
    *,
    training: Mapping[str, str],
    snapshot_digest: str,
    reports_bucket: str,
    documents: Documents,
    registry: Registry,
    ledger: Ledger,
) -> dict[str, Any]:
    url = training["model_data_url"]
    key = f"{layout.evaluation_prefix(request.model, request.run_id)}evaluation.json"
    archive = documents.hash(*layout.split_s3_uri(url))
    candidate = Candidate(
        job_name=training["job_name"],
        model_data_url=url,
        artifact_sha256=archive.sha256,
        artifact_version=archive.version_id or "null",
        snapshot_digest=snapshot_digest,
        evaluation=documents.json_if_there(layout.s3_uri(reports_bucket, key)),
    )
    facts = metadata(request, candidate, reports_bucket=reports_bucket)
    package = registry.of_run(request.run_id) or registry.register(
        request, model_data_url=url, metadata=facts
    )
    ledger.append(
        LedgerEntry(
            model=request.model,
            at=request.as_of,
            kind=LedgerKind.CANDIDATE_REGISTERED,
            subject=request.run_id,
            summary=f"{request.run_id} registered version {package.version}, pending",
            details={"model_package_arn": package.arn, **facts},
        )
    )
    logger.info("%s registered version %d", request.run_id, package.version)
    return {"model_package_arn": package.arn, "version": package.version}


@cache
def _registry() -> Registry:
    card = wiring.model_card()
    return Registry(
        wiring.client("sagemaker"),
        group=naming.package_group(card.name, wiring.setting(Variable.ENVIRONMENT)),
        instance_type=card.serving.instance_type,
    )
