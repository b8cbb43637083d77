"""The verdict on a smoke test: go on, reject the candidate, or say that nothing is known of it."""

import logging
from dataclasses import dataclass
from typing import NoReturn

from contracts.card import ModelCard
from contracts.ledger import LedgerKind
from contracts.run import RunRequest
from lambdas.adapters.documents import Documents
from lambdas.promotion import known_answers
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.blame import Fault
from lambdas.promotion.errors import CandidateFailedSmokeTest, SmokeTestBroken
from lambdas.promotion.job_log import TransformLog
from lambdas.promotion.lines import Lines
from lambdas.promotion.plan_document import Plan
from lambdas.promotion.registry import Registry
from lambdas.promotion.smoke_test import SmokeTest, failed_job, what_is_wrong

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeJudge:
    card: ModelCard
    registry: Registry
    documents: Documents
    log: TransformLog
    alarms: RollbackAlarms
    lines: Lines

    def judge(
        self, request: RunRequest, plan: Plan, package_arn: str, test: SmokeTest, *, redrive: int
    ) -> dict[str, str]:
        """Say ``passed``; ``again`` for a redrive, which resumes here with the old failure."""
        if test.error:
            if redrive > test.redrive:
                return {"verdict": "again"}
            self._failed(request, plan, package_arn, test)
        known = known_answers.read(
            self.documents,
            golden_uri=plan.golden_uri,
            answers_uri=plan.answers_uri,
            features=[feature.name for feature in self.card.features],
        )
        content = self.documents.read(test.output_uri)
        wrong = what_is_wrong(content, known, version=plan.version)
        if wrong is not None:
            self._reject(request, plan, package_arn, wrong)
        logger.info("%s answered %d golden rows alone", plan.deployment, len(known.rows))
        return {"verdict": "passed"}

    def _failed(
        self, request: RunRequest, plan: Plan, package_arn: str, test: SmokeTest
    ) -> NoReturn:
        job = failed_job(test)
        if job is None:
            raise SmokeTestBroken(f"{test.error}: {test.cause or 'no cause was given'}")
        tail = " | ".join(self.log.tail(job.name))
        said = f"{job.reason}; the end of its log: {tail}" if tail else job.reason
        if job.fault is not Fault.CANDIDATE:
            raise SmokeTestBroken(f"transform job {job.name}: {said}")
        self._reject(request, plan, package_arn, said)

    def _reject(self, request: RunRequest, plan: Plan, package_arn: str, why: str) -> NoReturn:
        version = self.registry.version(package_arn)
        reason = f"version {plan.version} failed its smoke test, alone: {why}"
        details = {"serving": plan.previous or "nothing"}
        self.lines.note(
            LedgerKind.ROLLED_BACK, request, plan, version, request.as_of, reason, details
        )
        self.registry.reject(package_arn, reason)
        self.alarms.delete(plan.deployment)
        raise CandidateFailedSmokeTest(reason)
