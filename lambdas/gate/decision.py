"""Whether a candidate may replace the champion: a verdict, its reason, and every criterion."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts.card import Approval, ModelCard
from contracts.errors import ContractError
from contracts.evaluation import EvaluationReport, parse_evaluation
from contracts.reading import Table
from contracts.run import Champion, RunRequest
from lambdas.gate.comparison import comparison, slices
from lambdas.gate.criteria import evidence, quality
from lambdas.gate.criterion import Criterion
from lambdas.gate.identity import identity


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"
    """The gate is passed, and the card leaves the approval to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    verdict: Verdict
    reason: str
    criteria: tuple[Criterion, ...]

    def document(self, request: RunRequest, package_arn: str) -> dict[str, Any]:
        return {
            "run_id": request.run_id,
            "model_package_arn": package_arn,
            "as_of": request.document()["as_of"],
            **asdict(self),
        }


def judge(
    evaluation: object,
    request: RunRequest,
    metadata: Mapping[str, str],
    card: ModelCard,
    *,
    champion_now: Champion | None,
) -> Judgement:
    """Judge the evaluation as found; one that can't be read rejects the candidate.

    A first model meets only what is asked of it alone. The run's purpose changes nothing: a
    backfill is judged as the run was that it repeats.
    """
    try:
        report = parse_evaluation(evaluation)
    except ContractError as error:
        return unusable(error)
    criteria = (
        *identity(report, request, metadata, card, champion_now),
        *evidence(report, card),
        *quality(report, card),
        *comparison(report, card),
        *slices(report, card),
    )
    failed = [criterion for criterion in criteria if not criterion.passed]
    if failed:
        verdict, reason = Verdict.REJECTED, "; ".join(_broken(one) for one in failed)
    elif card.gate.approval is Approval.PERSON:
        verdict, reason = Verdict.PENDING, f"a person decides: {_merit(report)}"
    else:
        verdict, reason = Verdict.APPROVED, _merit(report)
    return Judgement(verdict=verdict, reason=reason, criteria=criteria)


def unusable(error: Exception) -> Judgement:
    """An evaluation that is missing or can't be read: the gate stays closed."""
    return Judgement(
        verdict=Verdict.REJECTED, reason=f"evaluation is not usable: {error}", criteria=()
    )


def recorded(document: object) -> Judgement:
    """Read back a verdict that an earlier attempt of the same run wrote."""
    table = Table.of(document, "verdict")
    return Judgement(
        verdict=table.choice("verdict", Verdict),
        reason=table.text("reason"),
        criteria=tuple(
            Criterion(
                name=row.text("name"),
                value=row.text("value"),
                bound=row.text("bound"),
                passed=row.flag("passed"),
            )
            for row in table.tables("criteria")
        ),
    )


def _broken(criterion: Criterion) -> str:
    return f"{criterion.name} is {criterion.value}, must be {criterion.bound}"


def _merit(report: EvaluationReport) -> str:
    value = f"{report.metric} {report.candidate.metrics[report.metric]:.4f}"
    if report.gain is None:
        return f"{value}, no champion to beat"
    gain = report.gain
    return (
        f"{value}, gain {gain.value:+.4f} "
        f"[{gain.low:+.4f}, {gain.high:+.4f}] at {gain.confidence:.0%} over the champion"
    )
