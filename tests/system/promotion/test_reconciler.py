"""What serves is changed behind the platform's back: people hear of it within five minutes."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import LivePlatform

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

WITHIN = timedelta(minutes=5)


def alarm(platform: LivePlatform) -> dict[str, Any]:
    found = platform.client("cloudwatch").get_paginator("describe_alarms").paginate()
    [named] = [
        each
        for page in found
        for each in page["MetricAlarms"]
        if each.get("MetricName") == "ChampionMismatches"
    ]
    return named


def rings(platform: LivePlatform) -> bool:
    return alarm(platform)["StateValue"] == "ALARM"


def told(platform: LivePlatform, since: int) -> list[str]:
    return [
        notice.text
        for notice in platform.inbox.all()[since:]
        if "docs/runbooks/incident.md" in notice.text
    ]


def in_service(platform: LivePlatform) -> bool:
    return platform.endpoint()["EndpointStatus"] == "InService"


def assert_told(platform: LivePlatform, since: int, changed_at: datetime) -> None:
    platform.pass_until(lambda: bool(told(platform, since)), "people are told")
    assert rings(platform)
    assert platform.account.now() - changed_at <= WITHIN


def assert_well_again(platform: LivePlatform) -> None:
    platform.pass_until(lambda: not rings(platform), "pointer, registry and endpoint agree")
    assert platform.ledger(LedgerKind.RECONCILED)


@contextmanager
def another_configuration(platform: LivePlatform) -> Generator[str]:
    """What somebody might make at the console: the champion's own Model, without data capture."""
    sagemaker, champion = platform.client("sagemaker"), platform.champion()
    made = sagemaker.describe_endpoint_config(EndpointConfigName=champion.deployment)
    sagemaker.create_endpoint_config(
        EndpointConfigName="somebodys-own", ProductionVariants=made["ProductionVariants"]
    )
    try:
        yield "somebodys-own"
    finally:
        sagemaker.delete_endpoint_config(EndpointConfigName="somebodys-own")


def update(platform: LivePlatform, config: str) -> datetime:
    """Update by hand; return when the endpoint had become what was asked for."""
    platform.client("sagemaker").update_endpoint(
        EndpointName=platform.deployed.endpoint, EndpointConfigName=config
    )
    platform.pass_until(lambda: in_service(platform), "the update by hand has ended")
    found = platform.endpoint()
    assert found["EndpointConfigName"] == config
    return found["LastModifiedTime"]


def test_an_endpoint_changed_by_hand_is_told_within_five_minutes(platform: LivePlatform) -> None:
    champion, since = platform.champion(), len(platform.inbox.all())
    assert not rings(platform)
    with another_configuration(platform) as config:
        changed_at = update(platform, config)

        assert_told(platform, since, changed_at)
        [line] = platform.ledger(LedgerKind.MISMATCHED, about="somebodys-own")
        assert line.summary == (
            f"changed_by_hand: endpoint {platform.deployed.endpoint} serves somebodys-own, and "
            f"the pointer names {champion.deployment} (version {champion.version})"
        )

        update(platform, champion.deployment)
        assert_well_again(platform)
    platform.assert_at_rest_on(champion)


def test_a_champion_that_somebody_rejects_is_told_and_approved_again_is_well(
    platform: LivePlatform,
) -> None:
    sagemaker, since = platform.client("sagemaker"), len(platform.inbox.all())
    arn = platform.champion().model_package_arn
    changed_at = platform.account.now()
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    try:
        assert_told(platform, since, changed_at)
        assert platform.ledger(LedgerKind.MISMATCHED, about="package_not_approved")
    finally:
        sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert_well_again(platform)


def test_a_deleted_endpoint_is_told_and_well_when_it_is_back(platform: LivePlatform) -> None:
    sagemaker, champion = platform.client("sagemaker"), platform.champion()
    since, changed_at = len(platform.inbox.all()), platform.account.now()
    name = platform.deployed.endpoint
    sagemaker.delete_endpoint(EndpointName=name)

    assert_told(platform, since, changed_at)
    assert platform.ledger(LedgerKind.MISMATCHED, about="endpoint_missing")

    platform.pass_until(
        lambda: not sagemaker.list_endpoints(NameContains=name)["Endpoints"], "it is gone"
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=champion.deployment)
    platform.pass_until(lambda: in_service(platform), "the endpoint is back")
    assert_well_again(platform)
    platform.assert_at_rest_on(champion)
