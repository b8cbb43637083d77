"""Judge a run's candidate once, write the verdict and set the package's status."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import layout
from contracts.card import ModelCard
from contracts.environment import Variable
from contracts.errors import ContractError
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Purpose, RunRequest, parse_request
from lambdas.adapters import wiring
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.gate.decision import Judgement, Verdict, judge, recorded, unusable
from lambdas.gate.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_KIND = {
    Verdict.APPROVED: LedgerKind.CANDIDATE_APPROVED,
    Verdict.REJECTED: LedgerKind.CANDIDATE_REJECTED,
    Verdict.PENDING: LedgerKind.CANDIDATE_PENDING,
}


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    judgement = judge_candidate(
        parse_request(event["request"]),
        package_arn=event["package"]["model_package_arn"],
        card=wiring.model_card(),
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        documents=wiring.documents(),
        registry=_registry(),
        ledger=wiring.ledger(),
        champion=wiring.champion_pointer(),
    )
    return {"verdict": judgement.verdict.value, "reason": judgement.reason}


def judge_candidate(
    request: RunRequest,
    *,
    package_arn: str,
    card: ModelCard,
    reports_bucket: str,
    documents: Documents,
    registry: Registry,
    ledger: Ledger,
    champion: ChampionPointer,
) -> Judgement:
    key = f"{layout.evaluation_prefix(request.model, request.run_id)}evaluation.json"
    facts = registry.metadata(package_arn)
    try:
        found = documents.read_json(layout.s3_uri(reports_bucket, key))
    except (ContractError, DocumentMissing) as error:
        judgement = unusable(error)
    else:
        # A backfill is compared with what served then, whatever has come since.
        backfill = request.purpose is Purpose.BACKFILL
        serving = request.champion if backfill else champion.read()
        judgement = judge(found, request, facts, card, champion_now=serving)
    verdict_key = layout.verdict_key(request.model, request.run_id)
    # The first verdict stands: a repeated step follows it instead of judging again.
    content = render(judgement.document(request, package_arn))
    written = documents.write_once(reports_bucket, verdict_key, content)
    if written != content:
        judgement = recorded(documents.read_json(layout.s3_uri(reports_bucket, verdict_key)))
    registry.record(package_arn, judgement.verdict, judgement.reason)
    ledger.append(
        _line(request, judgement, package_arn, layout.s3_uri(reports_bucket, verdict_key))
    )
    logger.info("%s %s: %s", request.run_id, judgement.verdict, judgement.reason)
    return judgement


def _line(
    request: RunRequest, judgement: Judgement, package_arn: str, verdict_uri: str
) -> LedgerEntry:
    return LedgerEntry(
        model=request.model,
        at=request.as_of,
        kind=_KIND[judgement.verdict],
        subject=request.run_id,
        summary=f"{request.run_id} {judgement.verdict.value}: {judgement.reason}",
        details={
            "model_package_arn": package_arn,
            "verdict_uri": verdict_uri,
            **{one.name: f"{one.value} ({one.bound})" for one in judgement.criteria},
        },
    )


@cache
def _registry() -> Registry:
    return Registry(wiring.client("sagemaker"))
