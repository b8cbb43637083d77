from datetime import UTC, datetime

import pytest

from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.policy import DeploymentPolicy
from emulator.sagemaker.endpoints.variants import Variant
from emulator.sagemaker.errors import ServiceError

from .test_deployments import canary, rolling


def config(instances):
    variant = Variant(name="v", model_name="m", instances=instances, weight=1.0, startup_seconds=1)
    return EndpointConfig(
        name="c",
        arn="arn",
        created=datetime(1998, 4, 1, tzinfo=UTC),
        request={},
        variants=(variant,),
        capture=None,
    )


@pytest.mark.parametrize(
    ("deployment", "instances", "active"),
    [
        (None, 2, [2]),
        (canary(size=50), 2, [1, 2]),
        (canary(size=10), 2, [1, 2]),
        (canary(size=30), 10, [3, 10]),
        (canary(size=2, kind="INSTANCE_COUNT"), 4, [2, 4]),
        (canary(size=30, type_="LINEAR"), 10, [3, 6, 9, 10]),
        (canary(size=1, kind="INSTANCE_COUNT", type_="LINEAR"), 3, [1, 2, 3]),
    ],
)
def test_the_new_fleet_takes_over_in_these_steps(deployment, instances, active):
    policy = DeploymentPolicy.of(deployment, config(instances))
    assert [step.active["v"] for step in policy.steps] == active


@pytest.mark.parametrize(
    ("deployment", "instances", "message"),
    [
        (canary(size=60), 10, "CanarySize must be between 0% and 50% of the 10 instance"),
        (canary(size=50), 1, "of the 1 instance"),
        (canary(size=2, kind="INSTANCE_COUNT"), 3, "of the 3 instance"),
        (canary(size=5, type_="LINEAR"), 10, "LinearStepSize must be between 10% and 50%"),
        ({}, 2, "must have one of BlueGreenUpdatePolicy and RollingUpdatePolicy: neither"),
        (
            canary() | {"RollingUpdatePolicy": {}},
            2,
            "BlueGreenUpdatePolicy and RollingUpdatePolicy.$",
        ),
        (rolling(size=60), 10, "MaximumBatchSize must be between 5% and 50% of the 10 instance"),
        (rolling(size=1, kind="INSTANCE_COUNT"), 30, "between 5% and 50% of the 30 instance"),
        (rolling(size=50), 1, "of the 1 instance"),
    ],
)
def test_a_deployment_that_can_not_be_done_is_refused(deployment, instances, message):
    with pytest.raises(ServiceError, match=message):
        DeploymentPolicy.of(deployment, config(instances))
