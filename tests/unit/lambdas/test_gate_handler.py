import json
from dataclasses import replace
from typing import Any

import pytest

from contracts.card import Approval
from contracts.run import Purpose
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.gate.decision import Judgement, Verdict
from lambdas.gate.handler import judge_candidate
from lambdas.gate.registry import Registry
from tests.unit.lambdas.examples import CHAMPION, METADATA, compared, evaluation, request
from tests.unit.lambdas.gate_case import CARD, asking

EVALUATION = f"churn/runs/{request().run_id}/evaluation/evaluation.json"
VERDICT = f"s3://reports/churn/runs/{request().run_id}/verdict.json"


class Bench:
    def __init__(
        self,
        sagemaker: Any,
        documents: Documents,
        ledger: Ledger,
        ledger_table: Any,
        champion: ChampionPointer,
    ) -> None:
        self.sagemaker, self.documents, self.champion = sagemaker, documents, champion
        self._ledger, self.ledger_table = ledger, ledger_table
        self.arn = sagemaker.create_model_package(
            ModelPackageGroupName="churn-dev",
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties=METADATA,
            InferenceSpecification={"Containers": [{"Image": "image"}]},
        )["ModelPackageArn"]

    def judge(self, card: Any = CARD, **changes: Any) -> Judgement:
        return judge_candidate(
            request(**changes),
            package_arn=self.arn,
            card=card,
            reports_bucket="reports",
            documents=self.documents,
            registry=Registry(self.sagemaker),
            ledger=self._ledger,
            champion=self.champion,
        )

    def status(self) -> str:
        package = self.sagemaker.describe_model_package(ModelPackageName=self.arn)
        return package["ModelApprovalStatus"]

    def kinds(self) -> list[str]:
        return [item["kind"] for item in self.ledger_table.scan()["Items"]]


@pytest.fixture
def bench(
    sagemaker: Any,
    documents: Documents,
    ledger: Ledger,
    ledger_table: Any,
    state_table: StateTable,
) -> Bench:
    pointer = ChampionPointer(state_table, "churn")
    return Bench(sagemaker, documents, ledger, ledger_table, pointer)


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
    card = asking(approval=Approval.PERSON)

    assert bench.judge(card).verdict is Verdict.PENDING
    assert bench.status() == "PendingManualApproval"
    assert bench.kinds() == ["candidate_pending"]


def test_the_champion_that_serves_now_is_looked_up(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(compared()))
    bench.champion.move(replace(CHAMPION, version=3), token=1)

    judgement = bench.judge(champion=CHAMPION)

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason.startswith("champion that serves now is version 3 with artifact ccc")


def test_the_champion_of_admission_that_serves_still_can_be_replaced(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(compared()))
    bench.champion.move(CHAMPION, token=1)

    assert bench.judge(champion=CHAMPION).verdict is Verdict.APPROVED


def test_a_backfill_is_judged_against_what_served_then(bench: Bench) -> None:
    bench.documents.write("reports", EVALUATION, render(compared()))
    bench.champion.move(replace(CHAMPION, version=3), token=1)

    judgement = bench.judge(champion=CHAMPION, purpose=Purpose.BACKFILL)

    assert judgement.verdict is Verdict.APPROVED
