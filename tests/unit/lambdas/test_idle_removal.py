from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from contracts import moment, state
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.adapters.state import StateTable
from lambdas.idle.decision import Endpoint
from lambdas.idle.endpoint import IdleEndpoint
from lambdas.idle.removal import IdleRemoval
from tests.unit.lambdas.examples import CARD, CHAMPION

AS_OF = moment.parse("1997-07-01T12:00:00Z")
SERVING = Endpoint(
    status="InService", config=CHAMPION.deployment, changed_at=AS_OF - timedelta(days=2)
)


@dataclass(slots=True, kw_only=True)
class FakeEndpoint:
    name: str = "churn-dev"
    found: Endpoint | None = SERVING
    asked: float = 0
    calls: list[str] = field(default_factory=list[str])

    def look(self) -> Endpoint | None:
        return self.found

    def invocations(self, *, until: Any, hours: float) -> float:
        assert (until, hours) == (AS_OF, 6)
        return self.asked

    def remove(self) -> None:
        self.calls.append("endpoint")


@dataclass(slots=True)
class FakeVariant:
    calls: list[str]

    def release(self) -> bool:
        self.calls.append("scalable target")
        return True


@pytest.fixture
def endpoint() -> FakeEndpoint:
    return FakeEndpoint()


@pytest.fixture
def removal(endpoint: FakeEndpoint, state_table: StateTable, ledger: Ledger) -> IdleRemoval:
    champion = ChampionPointer(state_table, "churn")
    champion.move(CHAMPION, token=1)
    asked: Any = endpoint
    variant: Any = FakeVariant(endpoint.calls)
    return IdleRemoval(
        card=CARD,
        idle_hours=6,
        endpoint=asked,
        variant=variant,
        champion=champion,
        leases=Leases(state_table, state.promotion_lease("churn")),
        state=state_table,
        ledger=ledger,
    )


def test_an_endpoint_that_nobody_asked_goes_and_the_record_says_why(
    removal: IdleRemoval, endpoint: FakeEndpoint, state_table: StateTable, ledger_table: Any
) -> None:
    assert removal.run(AS_OF) == {
        "outcome": "removed",
        "reason": "no request within the last 6 hours",
    }

    assert endpoint.calls == ["scalable target", "endpoint"]
    assert state_table.read(state.asleep("churn")) == {
        "deployment": CHAMPION.deployment,
        "since": "1997-07-01T12:00:00Z",
    }
    [line] = ledger_table.scan()["Items"]
    assert line["kind"] == "endpoint_removed"
    assert line["summary"] == (
        "churn-dev is removed: no request within the last 6 hours; "
        "it comes back with `perennial wake` or the next promotion"
    )
    assert removal.leases.current() is None
    assert removal.champion.read() == CHAMPION


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"asked": 2.0}, "2 requests within the last 6 hours"),
        ({"found": None}, "there is no endpoint"),
        ({"found": replace(SERVING, status="Updating")}, "the endpoint is Updating"),
        (
            {"found": replace(SERVING, config="somebodys-own")},
            "the endpoint serves somebodys-own, and the champion pointer names "
            "churn-dev-v1-aaaaaaaa",
        ),
        (
            {"found": replace(SERVING, changed_at=AS_OF - timedelta(hours=5))},
            "the endpoint has changed within the last 6 hours",
        ),
    ],
    ids=["asked", "absent", "changing", "unrecorded", "fresh"],
)
def test_any_other_endpoint_stays(
    changes: dict[str, Any],
    reason: str,
    removal: IdleRemoval,
    endpoint: FakeEndpoint,
    state_table: StateTable,
) -> None:
    for name, value in changes.items():
        setattr(endpoint, name, value)

    assert removal.run(AS_OF) == {"outcome": "stays", "reason": reason}
    assert endpoint.calls == []
    assert state_table.read(state.asleep("churn")) is None


def test_an_endpoint_that_a_promotion_holds_stays(
    removal: IdleRemoval, endpoint: FakeEndpoint
) -> None:
    removal.leases.take("promotion-1", as_of=AS_OF, until=AS_OF + timedelta(hours=1), after=None)

    assert removal.run(AS_OF)["reason"] == "promotion-1 holds the endpoint"
    assert endpoint.calls == []


def test_a_promotion_that_begins_at_the_last_moment_wins(
    removal: IdleRemoval, endpoint: FakeEndpoint, state_table: StateTable
) -> None:
    class Overtaken(FakeEndpoint):
        def invocations(self, *, until: Any, hours: float) -> float:
            removal.leases.take("late", as_of=AS_OF, until=AS_OF + timedelta(hours=1), after=None)
            return 0

    asked: Any = Overtaken()

    said = replace(removal, endpoint=asked).run(AS_OF)

    assert said == {"outcome": "stays", "reason": "a promotion has just begun"}
    assert asked.calls == []
    assert state_table.read(state.asleep("churn")) is None


def test_only_requests_of_the_live_variant_within_the_hours_count(aws: None) -> None:
    cloudwatch = boto3.client("cloudwatch")
    for variant, hours, count in (
        ("live", 1, 3),
        ("live", 5, 4),
        ("live", 7, 90),
        ("shadow", 1, 9),
    ):
        cloudwatch.put_metric_data(
            Namespace="AWS/SageMaker",
            MetricData=[
                {
                    "MetricName": "Invocations",
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": "churn-dev"},
                        {"Name": "VariantName", "Value": variant},
                    ],
                    "Timestamp": AS_OF - timedelta(hours=hours),
                    "Value": count,
                }
            ],
        )

    endpoint = IdleEndpoint(boto3.client("sagemaker"), cloudwatch, name="churn-dev")

    assert endpoint.invocations(until=AS_OF, hours=6) == 7


def test_the_endpoint_is_looked_at_and_removed(aws: None) -> None:
    sagemaker = boto3.client("sagemaker")
    endpoint = IdleEndpoint(sagemaker, boto3.client("cloudwatch"), name="churn-dev")
    assert endpoint.look() is None
    sagemaker.create_model(ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/role-x")
    sagemaker.create_endpoint_config(
        EndpointConfigName=CHAMPION.deployment,
        ProductionVariants=[
            {
                "VariantName": "live",
                "ModelName": "m",
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName="churn-dev", EndpointConfigName=CHAMPION.deployment)

    found = endpoint.look()
    assert found is not None
    assert (found.status, found.config) == ("InService", CHAMPION.deployment)

    endpoint.remove()
    assert endpoint.look() is None
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] != []


def test_the_scalable_target_goes_with_the_endpoint(aws: None, removal: IdleRemoval) -> None:
    autoscaling = boto3.client("application-autoscaling")
    variant = ScalableVariant(autoscaling, endpoint="churn-dev")
    variant.bound(least=2, most=4)

    replace(removal, variant=variant).run(AS_OF)

    assert not variant.is_registered()
