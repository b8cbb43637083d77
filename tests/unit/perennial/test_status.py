"""What `perennial status` gathers, and what it shows of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts import state
from perennial import endpoint
from perennial.shown_status import status
from perennial.status import Status, gather
from tests.unit.perennial.a_platform import DEPLOYED, NOW, Platform, arn, deployment


class FakeScaling:
    def __init__(self) -> None:
        self.targets: list[dict[str, Any]] = []

    def describe_scalable_targets(self, **asked: Any) -> dict[str, Any]:
        assert asked == {
            "ServiceNamespace": "sagemaker",
            "ResourceIds": ["endpoint/churn-dev/variant/live"],
        }
        return {"ScalableTargets": self.targets}


@pytest.fixture
def scaling() -> FakeScaling:
    return FakeScaling()


@pytest.fixture
def platform(aws: Callable[[str], Any], s3: Any, scaling: FakeScaling) -> Platform:
    platform = Platform(aws, s3)
    platform.add("application-autoscaling", scaling)
    for version in (1, 2, 3):
        platform.serve(version)
    assert platform.registry.endpoint is not None
    live = {
        "VariantName": "live",
        "CurrentWeight": 1.0,
        "CurrentInstanceCount": 3,
        "DesiredInstanceCount": 4,
    }
    platform.registry.endpoint["ProductionVariants"] = [live]
    return platform


def gathered(platform: Any) -> Status:
    return gather(platform, DEPLOYED)


def shown(platform: Any, capsys: pytest.CaptureFixture[str]) -> str:
    status(gathered(platform))
    return " ".join(capsys.readouterr().out.split())


def test_what_serves_is_shown_with_its_instances(
    platform: Platform, scaling: FakeScaling, capsys: pytest.CaptureFixture[str]
) -> None:
    scaling.targets = [{"MinCapacity": 2, "MaxCapacity": 8}]

    said = shown(platform, capsys)

    assert "champion version 3, promoted promoted_at mode real_time endpoint churn-dev: InS" in said
    assert "InService variant live weight 1, 3 of 4 instances" in said
    assert "scaling 2 to 8 instances" in said
    assert "paused no" in said


def test_a_deployment_under_way_is_shown_with_its_stage_and_alarms(
    platform: Platform, scaling: FakeScaling, capsys: pytest.CaptureFixture[str]
) -> None:
    scaling.targets = [{"MinCapacity": 2, "MaxCapacity": 8}]
    platform.updating(to=4)
    platform.alarms.alarms |= {f"{deployment(3)}-5xx": "OK", "drift_alarm": "OK"}

    state = gathered(platform)
    said = shown(platform, capsys)

    assert [alarm.name for alarm in state.candidate_alarms] == [f"{deployment(4)}-5xx"]
    assert f"deployment {deployment(4)}: Baking, since 1997-09-01T00:00:00Z" in said
    assert f"since 1997-09-01T00:00:00Z {deployment(4)}-5xx OK" in said
    assert "stands still while the endpoint changes" in said
    assert f"alarm {deployment(3)}-5xx OK" in said
    assert "alarm drift_alarm OK" in said


def test_an_alarm_that_is_on_is_shown_and_those_that_are_off_are_counted(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.alarms.alarms |= {"a-quiet-one": "OK", "a-loud-one": "ALARM", "another's": "ALARM"}
    watching = replace(DEPLOYED, alarms="a-quiet-one,a-loud-one")

    found: Any = platform
    status(gather(found, watching))
    said = " ".join(capsys.readouterr().out.split())

    assert "alarms on 1 of 2" in said
    assert "a-loud-one ALARM" in said
    assert "a-quiet-one" not in said
    assert "another's" not in said


def test_what_may_be_rolled_back_to_is_shown_with_what_it_lacks(
    platform: Platform, s3: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.registry.kept = [arn(2), arn(3)]
    s3.delete_object(Bucket="artifacts", Key="churn/models/1/output/model.tar.gz")

    state = gathered(platform)

    assert [(one.version, one.kept, one.ready) for one in state.targets] == [
        (2, True, True),
        (1, False, False),
    ]
    assert [one["ready"] for one in state.document()["targets"]] == [True, False]
    assert "was deleted" in shown(platform, capsys)


def test_an_endpoint_that_serves_something_else_is_pointed_out(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.registry.endpoint = {"EndpointConfigName": deployment(2)}

    assert not gathered(platform).agrees
    assert f"! endpoint serves {deployment(2)}" in shown(platform, capsys)


def test_an_endpoint_that_is_gone_is_pointed_out(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.registry.endpoint = None

    assert "! endpoint serves nothing mode real_time endpoint churn-dev: absent" in shown(
        platform, capsys
    )


def test_both_pauses_are_shown_in_one_place(
    platform: Platform, aws: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    platform.hold("labels are wrong")
    rows = {
        state.rejections("churn"): {"runs": {"SS": ["a", "b"]}},
        state.admission("churn"): {"max_rejected": {"N": "2"}},
    }
    for item, fields in rows.items():
        aws("dynamodb").put_item(TableName="state_table", Item={state.KEY: {"S": item}, **fields})

    assert (
        "paused by kim since 1997-09-01T00:00:00Z: labels are wrong; runs only: 2 rejected "
        "candidates in a row"
    ) in shown(platform, capsys)


def test_a_model_that_serves_in_batches_lacks_no_endpoint(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.registry.endpoint = None
    account: Any = platform
    found = gather(account, replace(DEPLOYED, serving_mode="batch"))

    status(found)

    assert found.agrees
    said = " ".join(capsys.readouterr().out.split())
    assert "champion version 3, promoted promoted_at mode batch paused no" in said


def test_a_serverless_endpoint_has_no_instances_to_count(platform: Platform) -> None:
    platform.registry.endpoint = {
        "EndpointConfigName": deployment(3),
        "LastModifiedTime": NOW + timedelta(seconds=1),
        "ProductionVariants": [{"VariantName": "live", "CurrentServerlessConfig": {}}],
    }

    found = endpoint.find(platform.registry, "churn-dev")

    assert (found.has_instances, found.variants[0].instances) == (False, None)
    assert gathered(platform).scaling is None
