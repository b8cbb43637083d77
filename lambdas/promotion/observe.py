"""Look at the endpoint while it changes, and give the candidate traffic to be judged by."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.card import ModelCard
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents
from lambdas.promotion.decision import Plan, parse_plan
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.probes import Probes, golden_rows

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return observe(
        parse_plan(event["plan"]),
        card=wiring.model_card(),
        endpoints=_endpoints(),
        documents=wiring.documents(),
        probes=_probes(),
    )


def observe(
    plan: Plan, *, card: ModelCard, endpoints: Endpoints, documents: Documents, probes: Probes
) -> dict[str, Any]:
    """Say how the endpoint stands; one that answers (InService, Updating) is probed as well."""
    endpoint = endpoints.find(plan.endpoint)
    if endpoint is None:
        return {"status": "Absent", "config": "", "answers": {}, "errors": 0, "first_error": ""}
    seen: dict[str, Any] = {"answers": {}, "errors": 0, "first_error": ""}
    if endpoint.status in ("InService", "Updating"):
        rows = golden_rows(
            documents.read(plan.golden_uri), [feature.name for feature in card.features]
        )
        seen = probes.send(
            plan.endpoint, rows, count=min(card.rollout.min_invocations, 20), label=plan.deployment
        ).document()
    logger.info("%s %s on %s: %s", plan.deployment, endpoint.status, endpoint.config, seen)
    return {"status": endpoint.status, "config": endpoint.config, **seen}


@cache
def _endpoints() -> Endpoints:
    return Endpoints(wiring.client("sagemaker"))


@cache
def _probes() -> Probes:
    return Probes(wiring.client("sagemaker-runtime"))
