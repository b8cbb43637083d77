import json

import pytest

from tests.infra.support import Templates, definition, listed, resources, text_of


@pytest.fixture(scope="session")
def churn(dev: Templates) -> dict:
    return dev["perennial-dev-churn"]


def test_the_model_is_taken_down_before_what_that_needs(churn: dict) -> None:
    [teardown] = resources(churn, "Custom::RunTimeResources").values()
    needed = " ".join(teardown["DependsOn"])
    assert "RegistryGroup" in needed
    assert "EndpointRole" in needed
    assert "EndpointLogs" in needed
    assert "TeardownHandlerRoleDefaultPolicy" in needed


def test_nothing_can_make_it_again_while_the_model_is_taken_down(churn: dict) -> None:
    [teardown] = resources(churn, "Custom::RunTimeResources")
    for kind in ("StepFunctions::StateMachine", "Events::Rule", "Scheduler::Schedule"):
        found = resources(churn, f"AWS::{kind}")
        assert found
        for name, resource in found.items():
            assert teardown in resource["DependsOn"], name


def test_schedules_tell_handlers_the_time_they_were_meant_for(churn: dict) -> None:
    messages = [
        json.loads(schedule["Properties"]["Target"]["Input"])
        for schedule in resources(churn, "AWS::Scheduler::Schedule").values()
    ]
    assert all(each["as_of"] == "<aws.scheduler.scheduled-time>" for each in messages)
    assert [each["cause"] for each in messages if "cause" in each] == ["schedule"]


def test_only_the_alarm_state_of_the_drift_alarm_asks_for_a_retraining(churn: dict) -> None:
    [pattern] = [
        rule["Properties"]["EventPattern"]
        for rule in resources(churn, "AWS::Events::Rule").values()
        if rule["Properties"]["EventPattern"]["source"] == ["aws.cloudwatch"]
    ]
    assert pattern["detail"] == {"state": {"value": ["ALARM"]}}
    assert "DriftAlarm" in text_of(pattern["resources"][0])


def test_only_files_below_incoming_ask_for_a_retraining(churn: dict) -> None:
    [pattern] = [
        rule["Properties"]["EventPattern"]
        for rule in resources(churn, "AWS::Events::Rule").values()
        if rule["Properties"]["EventPattern"]["source"] == ["aws.s3"]
    ]
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"]["object"] == {"key": [{"prefix": "churn/incoming/"}]}


def test_the_drift_alarm_looks_at_one_day_of_this_model(churn: dict) -> None:
    [alarm] = [
        each["Properties"]
        for each in resources(churn, "AWS::CloudWatch::Alarm").values()
        if each["Properties"].get("MetricName") == "DriftedFeatureShare"
    ]
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "Model": "churn",
        "Environment": "dev",
    }
    assert (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) == ("Maximum", 86400, 0.3)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (1, 1)


def test_the_endpoint_may_see_the_alarms_that_would_roll_it_back(churn: dict) -> None:
    [policy] = [
        policy["Properties"]["PolicyDocument"]
        for name, policy in resources(churn, "AWS::IAM::Policy").items()
        if name.startswith("EndpointRole")
    ]
    assert "cloudwatch:DescribeAlarms" in str(policy)


def test_the_endpoint_writes_captures_and_reads_none_but_the_stores_clock(churn: dict) -> None:
    [policy] = [
        policy["Properties"]["PolicyDocument"]["Statement"]
        for name, policy in resources(churn, "AWS::IAM::Policy").items()
        if name.startswith("EndpointRole")
    ]
    may = {
        (action, text_of(resource).partition("/")[2])
        for statement in policy
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if "GetAttCaptures" in str(resource)
    }
    assert may == {("s3:GetObject", "churn/clock/*"), ("s3:PutObject", "churn/*")}


def test_no_version_of_the_model_is_part_of_the_template(churn: dict) -> None:
    kinds = {resource["Type"] for resource in churn["Resources"].values()}
    moving = {"AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"}
    assert kinds & moving == set()


def test_settlement_hears_of_every_workflow_of_the_environment(dev: Templates) -> None:
    rules = resources(dev["perennial-dev-operations"], "AWS::Events::Rule").values()
    details = [rule["Properties"]["EventPattern"]["detail"] for rule in rules]
    for detail in details:
        [machine] = detail["stateMachineArn"]
        assert text_of(machine["wildcard"]).endswith(":stateMachine:perennial-dev-*")
    ends, redrives = sorted(details, key=lambda detail: len(detail))
    assert set(ends["status"]) == {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
    assert redrives["status"] == ["RUNNING"]
    assert redrives["redriveCount"] == [{"numeric": [">", 0]}]


def test_the_workflows_are_named_as_settlement_reads_them(churn: dict) -> None:
    for workflow in ("retraining", "promotion"):
        assert definition(churn, f"perennial-dev-churn-{workflow}")


@pytest.mark.parametrize("step", ["Registration", "Record"])
def test_who_hashes_the_artifact_may_read_it_and_write_none(step: str, churn: dict) -> None:
    [policy] = [
        resource["Properties"]["PolicyDocument"]["Statement"]
        for name, resource in resources(churn, "AWS::IAM::Policy").items()
        if name.startswith(f"RetrainingSteps{step}")
    ]
    [actions] = [
        statement["Action"]
        for statement in policy
        if "churn/models/*" in str(statement["Resource"])
    ]
    assert actions == "s3:GetObject"
