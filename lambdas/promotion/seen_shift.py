"""The shift of a deployment's answers, from its captures and from the evidence about it."""

from dataclasses import dataclass
from datetime import datetime

from contracts import naming
from contracts.baseline import parse_feature
from contracts.card import ModelCard
from lambdas.adapters.documents import Documents
from lambdas.promotion.answers import CapturedAnswers
from lambdas.promotion.guard import Shift, shift_of
from lambdas.promotion.plan_document import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenShift:
    card: ModelCard
    documents: Documents
    captured: CapturedAnswers

    def of(
        self, plan: Plan, *, since: datetime, at: datetime, variant: str = naming.VARIANT
    ) -> Shift:
        """How far the candidate's answers since then lie from what they should be.

        ``variant`` is where it answers; the champion always answers as ``live``.
        """
        own, champions = self.captured.given(
            plan.endpoint, variant, version=plan.version, since=since, at=at
        )
        before = plan.champions_predictions_uri
        return shift_of(
            parse_feature(self.documents.read_json(plan.predictions_uri)),
            own,
            self.card,
            champions=champions,
            champions_expected=parse_feature(self.documents.read_json(before)) if before else None,
        )
