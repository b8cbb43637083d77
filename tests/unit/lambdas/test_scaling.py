from dataclasses import replace
from typing import Any

import boto3
import pytest

from contracts.card import Autoscaling, ModelCard
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.promotion.scaling import Scaling
from tests.unit.lambdas.examples import CARD

BOTH = Autoscaling(min_instances=2, max_instances=6, invocations_per_minute=900, latency_ms=40)


@pytest.fixture
def autoscaling(aws: None) -> Any:
    return boto3.client("application-autoscaling")


def scaled(autoscaling: Autoscaling | None) -> ModelCard:
    return replace(CARD, serving=replace(CARD.serving, autoscaling=autoscaling))


def targets(client: Any) -> list[dict[str, Any]]:
    return client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]


def policies(client: Any) -> dict[str, Any]:
    found = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    return {one["PolicyName"]: one for one in found}


def test_the_cards_bounds_and_both_policies_hold_for_the_live_variant(autoscaling: Any) -> None:
    said = Scaling(autoscaling).apply("churn-dev", scaled(BOTH))

    assert said == "2 to 6 instances by churn-dev-invocations and churn-dev-latency"
    [target] = targets(autoscaling)
    assert target["ResourceId"] == "endpoint/churn-dev/variant/live"
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    tracking = {
        name: one["TargetTrackingScalingPolicyConfiguration"]
        for name, one in policies(autoscaling).items()
    }
    assert tracking["churn-dev-invocations"]["TargetValue"] == 900
    assert tracking["churn-dev-invocations"]["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }
    latency = tracking["churn-dev-latency"]
    assert latency["TargetValue"] == 40_000  # microseconds
    assert latency["CustomizedMetricSpecification"]["MetricName"] == "ModelLatency"
    assert {
        one["Name"]: one["Value"] for one in latency["CustomizedMetricSpecification"]["Dimensions"]
    } == {"EndpointName": "churn-dev", "VariantName": "live"}


def test_applying_again_changes_nothing(autoscaling: Any) -> None:
    scaling = Scaling(autoscaling)
    scaling.apply("churn-dev", scaled(BOTH))

    scaling.apply("churn-dev", scaled(BOTH))

    assert len(targets(autoscaling)) == 1
    assert sorted(policies(autoscaling)) == ["churn-dev-invocations", "churn-dev-latency"]


def test_what_the_card_no_longer_asks_for_goes_and_the_rest_follows_it(autoscaling: Any) -> None:
    scaling = Scaling(autoscaling)
    scaling.apply("churn-dev", scaled(BOTH))

    scaling.apply("churn-dev", scaled(replace(BOTH, latency_ms=None, max_instances=9)))

    assert list(policies(autoscaling)) == ["churn-dev-invocations"]
    assert targets(autoscaling)[0]["MaxCapacity"] == 9


def test_a_card_without_autoscaling_any_more_leaves_no_target(autoscaling: Any) -> None:
    scaling = Scaling(autoscaling)
    scaling.apply("other-dev", scaled(BOTH))
    scaling.apply("churn-dev", scaled(BOTH))

    assert scaling.apply("churn-dev", scaled(None)) == "no autoscaling any more"
    assert scaling.apply("churn-dev", scaled(None)) == "no autoscaling"
    assert [one["ResourceId"] for one in targets(autoscaling)] == [
        "endpoint/other-dev/variant/live"
    ]


def test_releasing_a_target_says_whether_there_was_one(autoscaling: Any) -> None:
    Scaling(autoscaling).apply("churn-dev", scaled(BOTH))
    variant = ScalableVariant(autoscaling, endpoint="churn-dev")

    assert variant.release()
    assert not variant.release()
