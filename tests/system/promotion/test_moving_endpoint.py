"""Other hands change the endpoint during a promotion: it waits, keeps capacity, and tells."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from contracts import naming
from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import candidates
from tests.system.promotion.candidates import Promotion, Registrar
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

_MORE = 3
_STEP = 5.0
_CAP = 300.0
"""Real seconds after which a scenario is stuck."""


def test_capacity_that_scaling_had_reached_survives_the_switch(
    platform: LivePlatform, registrar: Registrar
):
    with live_callers(platform, per_step=12) as asking, _resized(platform, _MORE):
        promotion = candidates.promote(platform, registrar.copy(), "more instances serve")
        _assert_promoted(platform, promotion)
        assert _instances(platform) == (_MORE, _MORE)
    assert asking.failed == []


def test_capacity_that_scaling_reaches_after_the_plan_survives_the_switch(
    platform: LivePlatform, registrar: Registrar
):
    """What the plan read is old when the endpoint changes: SageMaker itself must retain it."""
    with live_callers(platform, per_step=12) as asking:
        told = len(platform.inbox.all())
        arn = candidates.start(platform, registrar.copy(), "more instances come")
        _pass_until_entered(platform, arn, "SmokeTest")
        with _resized(platform, _MORE):
            platform.come_to_rest()
            promotion = candidates.ended(platform, arn, told)
            _assert_promoted(platform, promotion)
            assert _instances(platform) == (_MORE, _MORE)
    assert asking.failed == []


def test_a_promotion_waits_for_an_update_in_progress_and_goes_on(
    platform: LivePlatform, registrar: Registrar
):
    champion = platform.champion()
    with live_callers(platform, per_step=12) as asking:
        platform.client("sagemaker").update_endpoint(
            EndpointName=platform.deployed.endpoint,
            EndpointConfigName=champion.deployment,
            DeploymentConfig=_slow_canary(300),
        )
        promotion = candidates.promote(platform, registrar.copy(), "somebody updates already")
    assert "EndpointIsBusy" in promotion.steps, promotion
    _assert_promoted(platform, promotion)
    assert asking.failed == []


def test_an_endpoint_that_goes_back_silently_is_a_failed_promotion(
    platform: LivePlatform, registrar: Registrar
):
    champion, candidate = platform.champion(), registrar.copy()
    told = len(platform.inbox.all())

    with (
        live_callers(platform, per_step=12) as asking,
        # The promotion looks away: its last step is throttled a few times, and tries again.
        platform.account.fault(
            "lambda", "Invoke", state="Confirm", times=4, code="TooManyRequestsException"
        ),
    ):
        arn = candidates.start(platform, candidate, "it goes back")
        _pass_until_entered(platform, arn, "Confirm")
        deployment = platform.endpoint()["EndpointConfigName"]
        platform.client("sagemaker").update_endpoint(
            EndpointName=platform.deployed.endpoint, EndpointConfigName=champion.deployment
        )
        platform.come_to_rest()

    promotion = candidates.ended(platform, arn, told)
    assert promotion.status == "FAILED", promotion
    [notice] = [each for each in promotion.told if promotion.name in each.text]
    [line] = platform.ledger(LedgerKind.PROMOTION_ENDED, about=promotion.name)
    for text in (promotion.cause, notice.text, line.summary):
        assert champion.deployment in text, f"{text!r} does not say what serves"
        assert f"version {candidate.number} does not serve" in text
    assert deployment != champion.deployment
    assert asking.failed == []
    platform.assert_at_rest_on(champion)


def _assert_promoted(platform: LivePlatform, promotion: Promotion) -> None:
    assert promotion.status == "SUCCEEDED", promotion
    # Other hands' changes are told of as well: by the reconciler.
    assert len([each for each in promotion.told if promotion.name in each.text]) == 1
    platform.assert_at_rest_on(platform.champion())


def _instances(platform: LivePlatform) -> tuple[int, int]:
    [live] = platform.endpoint()["ProductionVariants"]
    return live["DesiredInstanceCount"], live["CurrentInstanceCount"]


@contextmanager
def _resized(platform: LivePlatform, count: int) -> Generator[None]:
    """Have as many instances serve as scaling would have made, and as before at the end."""
    before, _ = _instances(platform)
    _resize(platform, count)
    try:
        yield
    finally:
        _resize(platform, before)


def _resize(platform: LivePlatform, count: int) -> None:
    platform.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=platform.deployed.endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": naming.VARIANT, "DesiredInstanceCount": count}
        ],
    )
    platform.pass_until(
        lambda: platform.endpoint()["EndpointStatus"] == "InService", "it has its size", _STEP
    )


def _pass_until_entered(platform: LivePlatform, arn: str, step: str) -> None:
    """Let time pass, but not what follows the step: the clock waits for nothing it sets off."""
    until = time.monotonic() + _CAP
    while step not in candidates.ended(platform, arn, 0).steps:
        assert time.monotonic() < until, f"{step} was not entered\n{platform.recently()}"
        platform.account.advance(2, patience=0.2)
        platform.between_steps()


def _slow_canary(seconds: int) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": seconds,
            }
        }
    }
