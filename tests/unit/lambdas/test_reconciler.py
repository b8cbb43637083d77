from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from contracts import artifact, metrics, moment, state
from contracts.card import ModelCard, ServingMode
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.reconciler.decision import Standing, Verdict, decide
from lambdas.reconciler.facts import Account, Endpoint, Hosted, Package
from lambdas.reconciler.hosting import Hosting
from lambdas.reconciler.memory import Memory
from lambdas.reconciler.reconciliation import Reconciliation
from tests.unit.lambdas.examples import CARD, CHAMPION, DIGEST, IMAGE

AS_OF = moment.parse("1997-07-01T12:00:00Z")
AWAKE = Standing(asleep=None, has_endpoint=True)
AGREEING = Account(
    package=Package(
        status="Approved", artifact_sha256=CHAMPION.artifact_sha256, image_digest=DIGEST
    ),
    endpoint=Endpoint(
        name="churn-dev", status="InService", config=CHAMPION.deployment, failure=None
    ),
    deployment=Hosted(
        image_digest=DIGEST,
        manifest_sha256=CHAMPION.manifest_sha256,
        model_data_url=CHAMPION.model_data_url,
    ),
)


def endpoint(**changes: Any) -> Account:
    assert AGREEING.endpoint is not None
    return replace(AGREEING, endpoint=replace(AGREEING.endpoint, **changes))


def package(**changes: Any) -> Account:
    assert AGREEING.package is not None
    return replace(AGREEING, package=replace(AGREEING.package, **changes))


def deployment(**changes: Any) -> Account:
    assert AGREEING.deployment is not None
    return replace(AGREEING, deployment=replace(AGREEING.deployment, **changes))


def test_three_that_name_the_same_version_agree() -> None:
    decision = decide(CHAMPION, AGREEING, AWAKE)

    assert decision.verdict is Verdict.AGREES
    assert not decision.mismatch
    assert decision.reason == ("version 1 serves as churn-dev-v1-aaaaaaaa, approved and unchanged")


@pytest.mark.parametrize(
    ("account", "verdict", "reason"),
    [
        (
            endpoint(config="churn-dev-v2-bbbbbbbb"),
            Verdict.ROLLED_BACK_SILENTLY,
            "endpoint churn-dev serves churn-dev-v2-bbbbbbbb, and the pointer names "
            "churn-dev-v1-aaaaaaaa (version 1)",
        ),
        (
            endpoint(config="churn-dev-v1-aaaaaaaa-copy"),
            Verdict.CHANGED_BY_HAND,
            "endpoint churn-dev serves churn-dev-v1-aaaaaaaa-copy, and the pointer names "
            "churn-dev-v1-aaaaaaaa (version 1)",
        ),
        (
            endpoint(status="Failed", failure="the container did not start"),
            Verdict.ENDPOINT_FAILED,
            "endpoint churn-dev is Failed (the container did not start), must be InService",
        ),
        (
            endpoint(status="Deleting"),
            Verdict.ENDPOINT_MISSING,
            "version 1 should serve as churn-dev-v1-aaaaaaaa, and the endpoint is being deleted",
        ),
        (
            replace(AGREEING, endpoint=None),
            Verdict.ENDPOINT_MISSING,
            "version 1 should serve as churn-dev-v1-aaaaaaaa, and the endpoint does not exist",
        ),
        (
            package(status="Rejected"),
            Verdict.PACKAGE_NOT_APPROVED,
            "version 1 serves and is Rejected in the registry, must be Approved",
        ),
        (
            package(status="PendingManualApproval"),
            Verdict.PACKAGE_NOT_APPROVED,
            "version 1 serves and is PendingManualApproval in the registry, must be Approved",
        ),
        (
            package(artifact_sha256="e" * 64),
            Verdict.PACKAGE_DIFFERS,
            f"version 1 was promoted with artifact {'c' * 64}, and the registry says {'e' * 64}",
        ),
        (
            replace(AGREEING, package=None),
            Verdict.PACKAGE_MISSING,
            f"version 1 serves, and {CHAMPION.model_package_arn} is not in the registry",
        ),
        (
            replace(AGREEING, package=None, deployment=None),
            Verdict.POINTER_NAMES_NOTHING,
            "the pointer names version 1 as churn-dev-v1-aaaaaaaa; neither exists",
        ),
        (
            replace(AGREEING, deployment=None),
            Verdict.DEPLOYMENT_MISSING,
            "churn-dev-v1-aaaaaaaa serves, and its configuration or Model was deleted",
        ),
        (
            deployment(image_digest=f"sha256:{'2' * 64}"),
            Verdict.MODEL_DIFFERS,
            f"the image of churn-dev-v1-aaaaaaaa is 'sha256:{'2' * 64}', must be '{DIGEST}'",
        ),
        (
            deployment(manifest_sha256=""),
            Verdict.MODEL_DIFFERS,
            f"the manifest of churn-dev-v1-aaaaaaaa is '', must be '{'d' * 64}'",
        ),
        (
            deployment(model_data_url="s3://elsewhere/model.tar.gz"),
            Verdict.MODEL_DIFFERS,
            "the artifact of churn-dev-v1-aaaaaaaa is 's3://elsewhere/model.tar.gz', must be "
            "'s3://artifacts/churn/models/first/output/model.tar.gz'",
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Verdict) else "",
)
def test_each_way_to_differ_has_a_name_and_says_how(
    account: Account, verdict: Verdict, reason: str
) -> None:
    decision = decide(CHAMPION, account, AWAKE)

    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert decision.mismatch


def test_an_endpoint_without_a_champion_is_recorded_nowhere() -> None:
    decision = decide(None, AGREEING, AWAKE)

    assert decision.verdict is Verdict.ENDPOINT_UNRECORDED
    assert decision.mismatch


def test_before_the_first_promotion_nothing_differs() -> None:
    nothing = Account(package=None, endpoint=None, deployment=None)

    decision = decide(None, nothing, AWAKE)

    assert decision.verdict is Verdict.NOTHING_PROMOTED
    assert not decision.mismatch


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_an_endpoint_that_changes_is_judged_when_it_has_changed(status: str) -> None:
    decision = decide(CHAMPION, endpoint(status=status), AWAKE)

    assert decision.undecided
    assert not decision.mismatch


def test_an_endpoint_removed_while_idle_sleeps_but_only_as_what_it_was() -> None:
    gone = replace(AGREEING, endpoint=None)
    asleep = Standing(asleep=CHAMPION.deployment, has_endpoint=True)
    other = Standing(asleep="churn-dev-v0-ffffffff", has_endpoint=True)

    assert decide(CHAMPION, gone, asleep).verdict is Verdict.ASLEEP
    assert not decide(CHAMPION, gone, asleep).mismatch
    assert decide(CHAMPION, gone, other).verdict is Verdict.ENDPOINT_MISSING


def test_a_sleeping_champion_that_the_registry_rejects_still_differs() -> None:
    asleep = Standing(asleep=CHAMPION.deployment, has_endpoint=True)
    gone = replace(package(status="Rejected"), endpoint=None)

    assert decide(CHAMPION, gone, asleep).verdict is Verdict.PACKAGE_NOT_APPROVED


def test_a_model_that_answers_in_batches_needs_no_endpoint() -> None:
    batch = Standing(asleep=None, has_endpoint=False)

    assert decide(CHAMPION, replace(AGREEING, endpoint=None), batch).verdict is Verdict.AGREES
    assert decide(CHAMPION, replace(AGREEING, package=None), batch).mismatch


class FakeSageMaker:
    """Describes what it was given; anything else does not exist, in AWS's words."""

    def __init__(self) -> None:
        self.packages: dict[str, Mapping[str, Any]] = {}
        self.models: dict[str, Mapping[str, Any]] = {}
        self.configs: dict[str, str] = {}
        self.endpoint: Mapping[str, Any] | None = None

    def describe_model_package(self, *, ModelPackageName: str) -> Mapping[str, Any]:
        if ModelPackageName not in self.packages:
            raise refused(f"ModelPackage {ModelPackageName} does not exist.")
        return self.packages[ModelPackageName]

    def describe_endpoint(self, *, EndpointName: str) -> Mapping[str, Any]:
        assert EndpointName == "churn-dev"
        if self.endpoint is None:
            raise refused('Could not find endpoint "churn-dev".')
        return self.endpoint

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> Mapping[str, Any]:
        if EndpointConfigName not in self.configs:
            raise refused(f'Could not find endpoint configuration "{EndpointConfigName}".')
        model = self.configs[EndpointConfigName]
        shadow = {"VariantName": "shadow", "ModelName": "another"}
        return {"ProductionVariants": [shadow, {"VariantName": "live", "ModelName": model}]}

    def describe_model(self, *, ModelName: str) -> Mapping[str, Any]:
        if ModelName not in self.models:
            raise refused(f'Could not find model "{ModelName}".')
        return self.models[ModelName]


def refused(message: str, code: str = "ValidationException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Describe")


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    """An account in which the champion serves."""
    made = FakeSageMaker()
    name = CHAMPION.deployment
    made.packages[CHAMPION.model_package_arn] = {
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {"artifact_sha256": CHAMPION.artifact_sha256},
        "InferenceSpecification": {"Containers": [{"Image": IMAGE}]},
    }
    made.configs[name] = name
    made.models[name] = {
        "PrimaryContainer": {
            "Image": IMAGE,
            "ModelDataUrl": CHAMPION.model_data_url,
            "Environment": {artifact.MANIFEST_VARIABLE: CHAMPION.manifest_sha256},
        }
    }
    made.endpoint = {"EndpointStatus": "InService", "EndpointConfigName": name}
    return made


def test_the_account_is_read_as_it_is(sagemaker: FakeSageMaker) -> None:
    assert Hosting(sagemaker, endpoint="churn-dev").look(CHAMPION) == AGREEING


def test_what_is_missing_is_none_and_other_refusals_are_errors(sagemaker: FakeSageMaker) -> None:
    nothing = Hosting(FakeSageMaker(), endpoint="churn-dev").look(CHAMPION)
    assert nothing == Account(package=None, endpoint=None, deployment=None)

    sagemaker.models[CHAMPION.deployment] = {"Containers": [{"Image": IMAGE}] * 2}
    found = Hosting(sagemaker, endpoint="churn-dev").look(CHAMPION)
    assert decide(CHAMPION, found, AWAKE).verdict is Verdict.MODEL_DIFFERS

    sagemaker.models.clear()
    assert Hosting(sagemaker, endpoint="churn-dev").look(CHAMPION).deployment is None

    class Denied(FakeSageMaker):
        def describe_endpoint(self, *, EndpointName: str) -> Mapping[str, Any]:
            raise refused("not authorized", code="AccessDeniedException")

    with pytest.raises(ClientError, match="not authorized"):
        Hosting(Denied(), endpoint="churn-dev").look(None)


class Stage:
    """A reconciliation on moto's tables and metrics, and on a SageMaker of our own."""

    def __init__(
        self, sagemaker: FakeSageMaker, state_table: StateTable, ledger_table: Any, card: ModelCard
    ) -> None:
        self.state = state_table
        self.pointer = ChampionPointer(state_table, "churn")
        self.leases = Leases(state_table, state.promotion_lease("churn"))
        self.cloudwatch: Any = boto3.client("cloudwatch")
        self._table = ledger_table
        self.reconciliation = Reconciliation(
            card=card,
            environment="dev",
            champion=self.pointer,
            hosting=Hosting(sagemaker, endpoint="churn-dev"),
            leases=self.leases,
            memory=Memory(state_table, "churn"),
            ledger=Ledger(ledger_table),
            cloudwatch=self.cloudwatch,
        )

    def run(self, minutes: int = 0, *, ended: str | None = None) -> str:
        said = self.reconciliation.run(AS_OF + timedelta(minutes=minutes), ended=ended)
        return said["verdict"]

    def lines(self) -> list[tuple[str, str]]:
        items = self._table.scan()["Items"]
        return [
            (item["kind"], item["summary"].partition(":")[0])
            for item in sorted(items, key=lambda item: item["entry"])
        ]

    def figures(self) -> list[float]:
        points = self.cloudwatch.get_metric_statistics(
            Namespace=metrics.NAMESPACE,
            MetricName=metrics.MISMATCHES,
            Dimensions=[
                {"Name": metrics.MODEL, "Value": "churn"},
                {"Name": metrics.ENVIRONMENT, "Value": "dev"},
            ],
            StartTime=AS_OF - timedelta(hours=1),
            EndTime=AS_OF + timedelta(hours=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return [each["Maximum"] for each in sorted(points, key=lambda each: each["Timestamp"])]


@pytest.fixture
def stage(sagemaker: FakeSageMaker, state_table: StateTable, ledger_table: Any) -> Stage:
    made = Stage(sagemaker, state_table, ledger_table, CARD)
    assert made.pointer.move(CHAMPION, token=1)
    return made


def test_the_ledger_hears_of_a_mismatch_once_and_of_its_end(
    stage: Stage, sagemaker: FakeSageMaker
) -> None:
    by_hand = {"EndpointStatus": "InService", "EndpointConfigName": "somebodys-own"}
    well = sagemaker.endpoint

    assert stage.run(0) == "agrees"
    sagemaker.endpoint = by_hand
    assert stage.run(1) == "changed_by_hand"
    assert stage.run(2) == "changed_by_hand"
    sagemaker.endpoint = None
    assert stage.run(3) == "endpoint_missing"
    sagemaker.endpoint = well
    assert stage.run(4) == "agrees"
    assert stage.run(5) == "agrees"

    assert stage.figures() == [0, 1, 1, 1, 0]  # a second zero would say nothing new
    assert stage.lines() == [
        ("mismatched", "changed_by_hand"),
        ("mismatched", "endpoint_missing"),
        ("reconciled", "agrees"),
    ]


def test_the_same_event_again_writes_no_second_line(stage: Stage, sagemaker: FakeSageMaker) -> None:
    sagemaker.endpoint = None

    stage.run(1)
    stage.state.delete(state.reconciliation("churn"))  # killed before it remembered
    stage.run(1)

    assert stage.lines() == [("mismatched", "endpoint_missing")]


def test_nothing_is_concluded_while_a_promotion_holds_the_endpoint(
    stage: Stage, sagemaker: FakeSageMaker
) -> None:
    sagemaker.endpoint = {"EndpointStatus": "InService", "EndpointConfigName": "churn-dev-v2-x"}
    stage.leases.take("promotion-1", as_of=AS_OF, until=AS_OF + timedelta(hours=1), after=None)

    assert stage.run(1) == "promotion_under_way"
    assert stage.figures() == []
    assert stage.lines() == []
    assert stage.run(61) == "changed_by_hand"  # its lease has run out


def test_the_end_of_a_promotion_is_judged_though_its_lease_is_not_freed_yet(
    stage: Stage, sagemaker: FakeSageMaker
) -> None:
    sagemaker.endpoint = None
    stage.leases.take("promotion-1", as_of=AS_OF, until=AS_OF + timedelta(hours=1), after=None)

    assert stage.run(1, ended="another promotion") == "promotion_under_way"
    assert stage.run(2, ended="promotion-1") == "endpoint_missing"


def test_an_endpoint_that_is_back_may_not_sleep_unseen_again(
    stage: Stage, sagemaker: FakeSageMaker
) -> None:
    back, sagemaker.endpoint = sagemaker.endpoint, None
    stage.state.write(state.asleep("churn"), {"deployment": CHAMPION.deployment})

    assert stage.run(1) == "asleep"
    sagemaker.endpoint = back
    assert stage.run(2) == "agrees"
    sagemaker.endpoint = None
    assert stage.run(3) == "endpoint_missing"


def test_a_comparison_that_comes_late_does_not_undo_a_later_one(
    stage: Stage, sagemaker: FakeSageMaker
) -> None:
    sagemaker.endpoint = None
    stage.run(9)
    memory = Memory(stage.state, "churn")

    assert not memory.keep(decide(CHAMPION, AGREEING, AWAKE), AS_OF)
    assert stage.run(10) == "endpoint_missing"
    assert stage.lines() == [("mismatched", "endpoint_missing")]


def test_a_batch_model_is_compared_without_its_endpoint(
    sagemaker: FakeSageMaker, state_table: StateTable, ledger_table: Any
) -> None:
    sagemaker.endpoint = None
    card = replace(CARD, serving=replace(CARD.serving, mode=ServingMode.BATCH))
    stage = Stage(sagemaker, state_table, ledger_table, card)
    stage.pointer.move(CHAMPION, token=1)

    assert stage.run() == "agrees"
