"""What looks after the endpoint between promotions, as CloudFormation would make it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.components.instance_alarms import cores_of
from infra.settings import SettingsError, load
from tests.infra.support import Templates, listed, resources, statements, synthesize, text_of
from tests.infra.test_models import variant

LIVE = {"EndpointName": "churn-dev", "VariantName": "live"}


@pytest.fixture(scope="session")
def churn(dev: Templates) -> dict[str, Any]:
    return dev["perennial-dev-churn"]


def alarms(template: dict[str, Any], runbook: str) -> list[dict[str, Any]]:
    return [
        alarm["Properties"]
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["AlarmDescription"].endswith(f"docs/runbooks/{runbook}.md")
    ]


def dimensions(metric: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in metric["Dimensions"]}


def allowed(templates: Templates, role: str) -> dict[str, list[dict[str, Any]]]:
    """Each action that a role's policy allows, with its statements."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, statement in statements(templates):
        if role in name:
            for action in listed(statement["Action"]):
                found.setdefault(action, []).append(statement)
    return found


@pytest.mark.parametrize(
    ("runbook", "errors", "threshold"),
    [("endpoint-5xx", "Invocation5XXErrors", 0.01), ("endpoint-4xx", "Invocation4XXErrors", 0.5)],
)
def test_errors_alarm_as_a_share_of_enough_requests_in_two_of_three_periods(
    churn: dict[str, Any], runbook: str, errors: str, threshold: float
) -> None:
    [alarm] = alarms(churn, runbook)
    by_id = {query["Id"]: query for query in alarm["Metrics"]}
    [share] = [query for query in by_id.values() if "Expression" in query]

    assert share["Expression"] == "IF(requests >= 20, errors / requests, 0)"
    for name, metric in (("requests", "Invocations"), ("errors", errors)):
        stat = by_id[name]["MetricStat"]
        assert stat["Metric"]["MetricName"] == metric
        assert dimensions(stat["Metric"]) == LIVE
        assert (stat["Stat"], stat["Period"]) == ("Sum", 300)
        assert by_id[name]["ReturnData"] is False
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (
        threshold,
        2,
        3,
    )


def test_latency_alarms_at_the_rollouts_limit_in_microseconds(churn: dict[str, Any]) -> None:
    [alarm] = alarms(churn, "endpoint-latency")

    assert (alarm["MetricName"], alarm["ExtendedStatistic"]) == ("ModelLatency", "p99")
    assert dimensions(alarm) == LIVE
    assert alarm["Threshold"] == 1_000_000


def test_processor_memory_and_disk_alarm_where_instances_report_them(churn: dict[str, Any]) -> None:
    found = {alarm["MetricName"]: alarm for alarm in alarms(churn, "endpoint-saturated")}

    assert {name: alarm["Threshold"] for name, alarm in found.items()} == {
        "CPUUtilization": 180,  # two cores, whose percent are summed
        "MemoryUtilization": 85,
        "DiskUtilization": 80,
    }
    for alarm in found.values():
        assert alarm["Namespace"] == "/aws/sagemaker/Endpoints"
        assert dimensions(alarm) == LIVE


def test_an_instance_of_unknown_size_is_refused_by_name() -> None:
    assert [cores_of(f"ml.c5.{size}") for size in ("large", "xlarge", "9xlarge")] == [2, 4, 36]
    with pytest.raises(SettingsError, match=r"large or <n>xlarge.*got 'ml.m5.metal'"):
        cores_of("ml.m5.metal")


def test_a_capture_gap_is_judged_over_a_day_of_drift_checks(churn: dict[str, Any]) -> None:
    [alarm] = alarms(churn, "capture-gap")

    assert (alarm["MetricName"], alarm["Period"], alarm["Threshold"]) == ("CaptureGap", 86400, 0.05)


def test_a_mismatch_stays_on_until_a_comparison_finds_none(churn: dict[str, Any]) -> None:
    [alarm] = alarms(churn, "champion-mismatch")

    assert alarm["MetricName"] == "ChampionMismatches"
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (60, 1, 1)
    assert alarm["TreatMissingData"] == "ignore"
    assert dimensions(alarm) == {"Model": "churn", "Environment": "dev"}


def test_the_reconciler_hears_of_this_endpoint_these_versions_and_these_promotions(
    churn: dict[str, Any],
) -> None:
    patterns = [
        rule["Properties"]["EventPattern"]
        for rule in resources(churn, "AWS::Events::Rule").values()
        if "Reconciler" in str(rule["Properties"]["Targets"])
    ]
    by_kind = {pattern["detail-type"][0]: pattern["detail"] for pattern in patterns}

    assert by_kind["SageMaker Endpoint State Change"] == {"EndpointName": ["churn-dev"]}
    assert by_kind["SageMaker Model Package State Change"] == {
        "ModelPackageGroupName": ["churn-dev"]
    }
    ends = by_kind["Step Functions Execution Status Change"]
    assert "Promotion" in text_of(ends["stateMachineArn"][0])
    assert set(ends["status"]) == {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


@pytest.mark.parametrize(("environment", "rate"), [("dev", 10080), ("prod", 5)])
def test_the_reconciler_looks_by_itself_as_often_as_the_environment_says(
    environment: str, rate: int, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue(environment)[f"perennial-{environment}-churn"]

    rates = [
        schedule["Properties"]["ScheduleExpression"]
        for name, schedule in resources(template, "AWS::Scheduler::Schedule").items()
        if "Reconciler" in name
    ]

    assert rates == [f"rate({rate} minutes)"]


def test_the_reconciler_may_look_and_change_nothing_that_serves(dev: Templates) -> None:
    found = allowed(dev, "churn/CareReconcilerHandler")

    assert {action for action in found if action.startswith("sagemaker:")} == {
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeModel",
        "sagemaker:DescribeModelPackage",
    }


def test_reconcile_minutes_are_bounded() -> None:
    with pytest.raises(SettingsError, match="between 5 and 10080, got 1"):
        replace(load("dev"), reconcile_minutes=1)


@pytest.mark.slow
def test_only_a_development_endpoint_sleeps_and_only_when_its_card_says_so(tmp_path: Path) -> None:
    name = ('name = "churn"', 'name = "sleepy"')
    folder = variant(tmp_path, name, more="\n[serving]\nidle_hours = 8\n")
    templates = {
        environment: synthesize(environment, notify="oncall@example.org", folders=[folder])
        for environment in ("dev", "prod")
    }

    def schedules(environment: str) -> list[str]:
        template = templates[environment][f"perennial-{environment}-sleepy"]
        return [
            each["Properties"]["ScheduleExpression"]
            for each in resources(template, "AWS::Scheduler::Schedule").values()
        ]

    assert "rate(1 hour)" in schedules("dev")
    assert "rate(1 hour)" not in schedules("prod")
    found = allowed(templates["dev"], "sleepy/CareIdleHandler")
    [deleting] = found["sagemaker:DeleteEndpoint"]
    assert text_of(listed(deleting["Resource"])[0]).endswith(":endpoint/sleepy-dev")
    assert "sagemaker:DeleteModel" not in found
    assert "sagemaker:DeleteEndpointConfig" not in found


def test_a_card_without_idle_hours_has_an_endpoint_that_stays(churn: dict[str, Any]) -> None:
    assert not [name for name in churn["Resources"] if "Idle" in name]


@pytest.mark.slow
def test_scaling_is_allowed_for_the_one_endpoint_and_the_one_service(tmp_path: Path) -> None:
    scaling = "\n[serving.autoscaling]\nmax_instances = 4\ninvocations_per_minute = 600\n"
    folder = variant(tmp_path, ('name = "churn"', 'name = "scaled"'), more=scaling)
    templates = synthesize("dev", folders=[folder])
    found = allowed(templates, "scaled/PromotionStepsConfirm")

    for action in ("RegisterScalableTarget", "PutScalingPolicy", "DeregisterScalableTarget"):
        [statement] = found[f"application-autoscaling:{action}"]
        assert statement["Condition"] == {
            "StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}
        }
    [linked] = found["iam:CreateServiceLinkedRole"]
    assert text_of(linked["Resource"]).endswith(
        "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    )
    [capacity] = found["sagemaker:UpdateEndpointWeightsAndCapacities"]
    assert text_of(listed(capacity["Resource"])[0]).endswith(":endpoint/scaled-dev")


def test_a_card_without_autoscaling_may_only_forget_a_target(dev: Templates) -> None:
    found = allowed(dev, "churn/PromotionStepsConfirm")

    assert "application-autoscaling:RegisterScalableTarget" not in found
    assert found["application-autoscaling:DeregisterScalableTarget"]
