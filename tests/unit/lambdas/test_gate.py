import json
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from contracts.card import Approval
from contracts.run import RunRequest
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.gate.decision import Judgement, Verdict, judge
from lambdas.gate.handler import judge_candidate
from lambdas.gate.registry import Registry
from tests.unit.lambdas.examples import (
    CARD,
    CHAMPION,
    METADATA,
    compared,
    evaluation,
    request,
    score,
)

EVALUATION = f"churn/runs/{request().run_id}/evaluation/evaluation.json"
VERDICT = f"s3://reports/churn/runs/{request().run_id}/verdict.json"


def against_champion(document: object, **changes: Any) -> Judgement:
    return judge(document, request(champion=CHAMPION), {**METADATA, **changes}, CARD)


def first(document: object) -> Judgement:
    return judge(document, request(), METADATA, CARD)


def test_the_first_candidate_needs_only_the_floor() -> None:
    judgement = first(evaluation(0.75))

    assert judgement.verdict is Verdict.APPROVED
    assert judgement.reason == "auc 0.7500, no champion to beat"


def test_the_floor_itself_is_enough() -> None:
    assert first(evaluation(0.60)).verdict is Verdict.APPROVED


def test_a_candidate_below_the_floor_is_rejected() -> None:
    judgement = first(evaluation(0.59))

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason == "auc floor is 0.59, must be >= 0.6"


def test_a_better_candidate_replaces_the_champion() -> None:
    judgement = against_champion(compared(low=0.001))

    assert judgement.verdict is Verdict.APPROVED
    assert judgement.reason == (
        "auc 0.7700, gain +0.0200 [+0.0010, +0.0300] at 95% over the champion"
    )


@pytest.mark.parametrize("low", [0.0, -0.0, -0.01])
def test_equal_is_not_better(low: float) -> None:
    judgement = against_champion(compared(low=low))

    assert judgement.verdict is Verdict.REJECTED
    assert "auc gain, lower bound is" in judgement.reason
    assert judgement.reason.endswith("must be > +0.000000")


@pytest.mark.parametrize("figure", [nan, inf, -inf, None, "0.9", True, [], {}])
def test_what_is_no_finite_number_never_passes(figure: Any) -> None:
    broken = [
        (first, evaluation(figure)),
        (against_champion, compared(low=figure)),
        (against_champion, compared(value=figure)),
        (against_champion, compared(high=figure)),
    ]
    for ask, document in broken:
        judgement = ask(document)
        assert judgement.verdict is Verdict.REJECTED
        assert judgement.reason.startswith("evaluation is not usable: ")


def test_a_number_that_is_not_finite_is_named() -> None:
    assert first(evaluation(nan)).reason == (
        "evaluation is not usable: "
        "evaluation.candidate.metrics.auc must be a finite number, got nan"
    )


def test_a_missing_metric_is_named() -> None:
    document = evaluation()
    document["candidate"]["metrics"] = {"brier": 0.1}

    assert first(document).reason == (
        "evaluation is not usable: evaluation.candidate.metrics lacks the judged metric 'auc'"
    )


@pytest.mark.parametrize("document", [None, [], "text", {}, 3])
def test_no_evaluation_at_all_rejects(document: object) -> None:
    assert first(document).verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    ("ask", "document", "broken"),
    [
        pytest.param(
            request(), evaluation(run_id="another"), "run is another", id="another run's evaluation"
        ),
        pytest.param(
            request(),
            evaluation(candidate=score("9" * 64, 0.75)),
            f"candidate artifact is {'9' * 64}",
            id="another artifact",
        ),
        pytest.param(
            request(),
            evaluation(candidate=score("a" * 64, 0.75, manifest="9" * 64)),
            f"candidate manifest is {'9' * 64}",
            id="another manifest",
        ),
        pytest.param(request(), evaluation(metric="brier"), "metric is brier", id="another metric"),
        pytest.param(
            request(champion=CHAMPION), evaluation(), "champion artifact is none", id="no champion"
        ),
        pytest.param(
            request(),
            compared(),
            f"champion artifact is {CHAMPION.artifact_sha256}, must be none",
            id="unasked champion",
        ),
        pytest.param(
            request(champion=replace(CHAMPION, artifact_sha256="8" * 64)),
            compared(),
            f"champion artifact is {CHAMPION.artifact_sha256}",
            id="another champion",
        ),
    ],
)
def test_an_evaluation_of_something_else_rejects(
    ask: RunRequest, document: object, broken: str
) -> None:
    judgement = judge(document, ask, METADATA, CARD)

    assert judgement.verdict is Verdict.REJECTED
    assert broken in judgement.reason


def test_a_package_that_names_no_artifact_rejects() -> None:
    assert judge(evaluation(), request(), {}, CARD).verdict is Verdict.REJECTED


def test_an_interval_of_another_confidence_rejects() -> None:
    document = compared()
    document["gain"]["confidence"] = 0.5

    assert "confidence is 0.5, must be = 0.95" in against_champion(document).reason


@pytest.mark.parametrize(
    ("rows", "positives", "broken"),
    [
        (499, 200, "hold-out rows is 499, must be >= 500"),
        (1000, 49, "hold-out positives is 49, must be >= 50"),
        (1000, 951, "hold-out negatives is 49, must be >= 50"),
    ],
)
def test_thin_evidence_rejects(rows: int, positives: int, broken: str) -> None:
    document = evaluation()
    document["holdout"] |= {"rows": rows, "positives": positives}

    assert first(document).reason == broken


def test_every_broken_criterion_is_named() -> None:
    judgement = against_champion(
        {**compared(low=-0.5), "run_id": "other"}, artifact_sha256="7" * 64
    )

    assert judgement.reason.count("must be") == 3
    assert [one.name for one in judgement.criteria if not one.passed] == [
        "run",
        "candidate artifact",
        "auc gain, lower bound",
    ]


def test_a_person_decides_where_the_card_says_so() -> None:
    card = replace(CARD, gate=replace(CARD.gate, approval=Approval.PERSON))

    assert judge(evaluation(), request(), METADATA, card).verdict is Verdict.PENDING
    assert judge(evaluation(0.1), request(), METADATA, card).verdict is Verdict.REJECTED


class Bench:
    def __init__(
        self, sagemaker: Any, documents: Documents, ledger: Ledger, ledger_table: Any
    ) -> None:
        self.sagemaker, self.documents = sagemaker, documents
        self._ledger, self.ledger_table = ledger, ledger_table
        self.arn = sagemaker.create_model_package(
            ModelPackageGroupName="churn-dev",
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties=METADATA,
            InferenceSpecification={"Containers": [{"Image": "image"}]},
        )["ModelPackageArn"]

    def judge(self, card: Any = CARD) -> Judgement:
        return judge_candidate(
            request(),
            package_arn=self.arn,
            card=card,
            reports_bucket="reports",
            documents=self.documents,
            registry=Registry(self.sagemaker),
            ledger=self._ledger,
        )

    def status(self) -> str:
        package = self.sagemaker.describe_model_package(ModelPackageName=self.arn)
        return package["ModelApprovalStatus"]

    def kinds(self) -> list[str]:
        return [item["kind"] for item in self.ledger_table.scan()["Items"]]


@pytest.fixture
def bench(sagemaker: Any, documents: Documents, ledger: Ledger, ledger_table: Any) -> Bench:
    return Bench(sagemaker, documents, ledger, ledger_table)


@pytest.mark.parametrize(
    ("auc", "status", "kind"),
    [(0.75, "Approved", "candidate_approved"), (0.5, "Rejected", "candidate_rejected")],
)
def test_the_verdict_is_written_to_registry_reports_and_ledger(
    bench: Bench, auc: float, status: str, kind: str
) -> None:
    bench.documents.write("reports", EVALUATION, render(evaluation(auc)))

    judgement = bench.judge()

    assert bench.status() == status
    assert bench.kinds() == [kind]
    written = json.loads(bench.documents.read(VERDICT))
    assert written["verdict"] == judgement.verdict
    floor = next(row for row in written["criteria"] if row["name"] == "auc floor")
    assert floor == {
        "name": "auc floor",
        "value": f"{auc:g}",
        "bound": ">= 0.6",
        "passed": auc > 0.6,
    }


def test_a_missing_evaluation_rejects_and_the_run_goes_on(bench: Bench) -> None:
    judgement = bench.judge()

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason == (
        f"evaluation is not usable: there is no object s3://reports/{EVALUATION}"
    )
    assert bench.status() == "Rejected"


def test_an_evaluation_that_is_not_json_rejects(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, b"{")

    assert bench.judge().verdict is Verdict.REJECTED


def test_the_first_verdict_stands(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(evaluation(0.5)))
    first_judgement = bench.judge()
    bench.documents.write("reports", EVALUATION, render(evaluation(0.9)))

    assert bench.judge() == first_judgement
    assert bench.status() == "Rejected"


def test_a_person_who_rejected_meanwhile_is_not_overruled(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(evaluation()))
    bench.judge()
    bench.sagemaker.update_model_package(ModelPackageArn=bench.arn, ModelApprovalStatus="Rejected")

    bench.judge()

    assert bench.status() == "Rejected"


def test_a_passed_gate_waits_for_a_person_where_the_card_says_so(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(evaluation()))
    card = replace(CARD, gate=replace(CARD.gate, approval=Approval.PERSON))

    assert bench.judge(card).verdict is Verdict.PENDING
    assert bench.status() == "PendingManualApproval"
    assert bench.kinds() == ["candidate_pending"]
