"""The last look at a candidate that has all the traffic, before it is called champion."""

from dataclasses import dataclass
from datetime import datetime

from contracts.card import ModelCard
from lambdas.adapters.documents import Documents
from lambdas.promotion import known_answers
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.errors import ProbesUnanswered
from lambdas.promotion.observation import LEAST_PROBES
from lambdas.promotion.plan_document import Plan
from lambdas.promotion.probes import Probes


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    card: ModelCard
    documents: Documents
    probes: Probes
    alarms: RollbackAlarms

    def verdict(self, plan: Plan, *, answered: int, since: datetime) -> str:
        """Say why the candidate must go back, or nothing; raise while it cannot be said.

        Nothing is promoted that has answered too little: an alarm without traffic never trips, and
        one that is late (figures take a minute) still counts. So does one that was on since all the
        traffic moved: of a serverless endpoint nobody else has acted on it.
        """
        known = known_answers.read(
            self.documents,
            golden_uri=plan.golden_uri,
            answers_uri=plan.answers_uri,
            features=[feature.name for feature in self.card.features],
        )
        least = self.card.rollout.min_invocations
        count = max(min(least, LEAST_PROBES), least - answered)
        answers = self.probes.send(
            plan.endpoint,
            known,
            count=count,
            version=plan.version,
            label=f"{plan.deployment} confirmed",
        )
        if answers.wrong:
            return f"{answers.wrong} of {count} answers were wrong, first: {answers.first_wrong}"
        if (rang := self.alarms.why(plan.deployment, since=since)) is not None:
            return rang
        if answers.by_version != {str(plan.version): count}:
            raise ProbesUnanswered(
                f"all {count} probes must be answered by version {plan.version}, got "
                f"{dict(answers.by_version)} and {answers.errors} errors ({answers.first_error})"
            )
        return ""
