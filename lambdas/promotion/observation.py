"""One look at a deployment under way: probes, what callers were answered, and both as figures."""

import logging
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from contracts.card import ModelCard
from lambdas.adapters.documents import Documents
from lambdas.promotion import known_answers
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.figures import CandidateFigures
from lambdas.promotion.guard import Shift
from lambdas.promotion.known_answers import KnownAnswers
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.plan_document import Plan
from lambdas.promotion.probes import Answers, Probes
from lambdas.promotion.seen_shift import SeenShift
from lambdas.promotion.symptoms import Watched

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

LEAST_PROBES = 20
"""Of each look: wrong answers are seen however many requests there were before."""
LOOK_SECONDS = 60
"""Between two looks (the workflow's LetItWork)."""
_MOST_PROBES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    card: ModelCard
    environment: str
    endpoints: Endpoints
    documents: Documents
    probes: Probes
    measurements: Measurements
    seen_shift: SeenShift
    figures: CandidateFigures

    def look(self, plan: Plan, *, at: datetime, answered: int) -> dict[str, Any]:
        """Say how the endpoint stands; one that answers (InService, Updating) is probed as well.

        ``answered`` is how many probes the candidate has answered at the looks before.
        """
        endpoint = self.endpoints.find(plan.endpoint)
        if endpoint is None or endpoint.status not in ("InService", "Updating"):
            status = "Absent" if endpoint is None else endpoint.status
            return {"status": status, "answered": answered, "cause": ""}
        watched = Watched(
            deployment=plan.deployment, endpoint=plan.endpoint, environment=self.environment
        )
        answers = self._probe(plan, watched, at=at, answered=answered)
        shift = self._shift(plan, endpoint, at) if answers.of(plan.version) else None
        multiple = None if shift is None else shift.multiple
        if answers.of(plan.version):
            self.figures.publish(watched, wrong=answers.wrong, shift=multiple)
        found = {
            "status": endpoint.status,
            "answered": answered + answers.of(plan.version),
            "answers": dict(answers.by_version),
            "errors": answers.errors,
            "wrong": answers.wrong,
            "shift": "" if shift is None else shift.sentence(),
            "cause": _cause(answers, shift),
        }
        logger.info("%s on %s: %s", plan.deployment, endpoint.config, found)
        return found

    def _probe(self, plan: Plan, watched: Watched, *, at: datetime, answered: int) -> Answers:
        """Ask a few; once the candidate is among those who answer, ask as much as it still needs.

        The share of the first ones that it answered tells how many more it takes.
        """
        known = known_answers.read(
            self.documents,
            golden_uri=plan.golden_uri,
            answers_uri=plan.answers_uri,
            features=[feature.name for feature in self.card.features],
        )
        label = f"{plan.deployment} {at}"
        first = self._send(plan, known, min(self.card.rollout.min_invocations, LEAST_PROBES), label)
        reached = first.of(plan.version)
        if not reached:
            return first
        had = max(answered + reached, self.measurements.invocations(watched, at))
        missing = self.card.rollout.min_invocations - had
        share = reached / sum(first.by_version.values())
        more = probes_for(missing, share=share, seconds=self.card.rollout.bake_seconds)
        return first.and_then(self._send(plan, known, more, f"{label} more")) if more else first

    def _send(self, plan: Plan, known: KnownAnswers, count: int, label: str) -> Answers:
        return self.probes.send(
            plan.endpoint, known, count=count, version=plan.version, label=label
        )

    def _shift(self, plan: Plan, endpoint: Endpoint, at: datetime) -> Shift | None:
        since = endpoint.pending_since
        if endpoint.config == plan.deployment:
            since = endpoint.changed_at
        elif endpoint.pending != plan.deployment or since is None:
            return None
        return self.seen_shift.of(plan, since=since, at=at)


def probes_for(missing: int, *, share: float, seconds: int) -> int:
    """How many probes of this look bring ``missing`` answers by the end of the bake."""
    if missing <= 0:
        return 0
    looks = max(1, seconds // LOOK_SECONDS - 1)
    return min(_MOST_PROBES, ceil(missing / looks / share))


def _cause(answers: Answers, shift: Shift | None) -> str:
    """What goes wrong, in the order in which it explains most."""
    if answers.first_wrong:
        return f"{answers.wrong} wrong answers, first: {answers.first_wrong}"
    if shift is not None and (shift.multiple or 0) > 1:
        return shift.sentence()
    return answers.first_error
