import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.infra.support import Templates, definition

Machine = dict[str, Any]


@pytest.fixture(scope="session")
def retraining(dev: Templates) -> Machine:
    return definition(dev["perennial-dev-churn"], "-retraining")


@pytest.fixture(scope="session")
def promotion(dev: Templates) -> Machine:
    return definition(dev["perennial-dev-churn"], "-promotion")


@pytest.fixture(params=["retraining", "promotion"], scope="session")
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.getfixturevalue(request.param)


def tasks(machine: Machine) -> dict[str, Any]:
    return {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}


def test_no_task_can_hang(machine: Machine) -> None:
    assert [name for name, task in tasks(machine).items() if "TimeoutSeconds" not in task] == []
    assert machine["TimeoutSeconds"] > max(t["TimeoutSeconds"] for t in tasks(machine).values())


def test_nothing_is_caught_so_that_a_redrive_resumes_where_it_failed(retraining: Machine) -> None:
    assert [name for name, state in retraining["States"].items() if "Catch" in state] == []


def test_after_a_call_that_moves_the_endpoint_only_the_endpoint_says_what_came_of_it(
    promotion: Machine,
) -> None:
    states = promotion["States"]
    caught = {name: state["Catch"][0] for name, state in states.items() if "Catch" in state}
    assert {name: one["Next"] for name, one in caught.items()} == {
        "SmokeTest": "JudgeSmoke",
        "CreateEndpoint": "LookAgain",
        "UpdateEndpoint": "LookAgain",
        "RestoreEndpoint": "LookAgain",
        "TryCandidate": "LookAgain",
        "EndTrial": "LookAgain",
    }
    assert all(one["ErrorEquals"] == ["States.ALL"] for one in caught.values())
    assert states["LookAgain"]["Next"] == "Plan"
    for name in ("CreateEndpoint", "UpdateEndpoint", "RestoreEndpoint"):
        # A repetition of its own could do twice what was done.
        [retry] = states[name]["Retry"]
        assert retry["ErrorEquals"] == ["SageMaker.ResourceLimitExceededException"]


def test_every_retry_is_jittered_capped_and_bounded(machine: Machine) -> None:
    for name, task in tasks(machine).items():
        assert task["Retry"], name
        for retry in task["Retry"]:
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["MaxAttempts"] <= 6, name
            assert retry["MaxDelaySeconds"] <= 600, name


def test_a_job_that_ran_and_failed_is_never_retried(machine: Machine) -> None:
    errors = {
        error
        for task in tasks(machine).values()
        for retry in task["Retry"]
        for error in retry["ErrorEquals"]
    }
    assert errors.isdisjoint({"States.ALL", "States.TaskFailed", "States.Timeout"})


def test_every_state_leads_somewhere_that_exists(machine: Machine) -> None:
    states = machine["States"]
    targets = {machine["StartAt"]}
    for state in states.values():
        targets |= {state[key] for key in ("Next", "Default") if key in state}
        targets |= {choice["Next"] for choice in state.get("Choices", ())}
        targets |= {catch["Next"] for catch in state.get("Catch", ())}
    assert targets == set(states)


def test_a_candidate_is_validated_trained_evaluated_registered_judged_and_recorded_in_order(
    retraining: Machine,
) -> None:
    states, path = retraining["States"], ["Snapshot"]
    while "Next" in states[path[-1]]:
        path.append(states[path[-1]]["Next"])
    assert path == [
        "Snapshot",
        "Validate",
        "JudgeData",
        "Train",
        "Evaluate",
        "Register",
        "JudgeCandidate",
        "Record",
        "WasApproved",
    ]


def test_only_an_approved_candidate_of_a_retraining_is_promoted(retraining: Machine) -> None:
    choice = retraining["States"]["WasApproved"]
    approved = "$judgement.verdict = 'approved' and $request.purpose = 'retrain'"
    assert choice["Choices"] == [{"Condition": f"{{% {approved} %}}", "Next": "Promote"}]
    assert choice["Default"] == "ChampionStays"


def test_jobs_learn_from_the_snapshot_that_was_accepted(retraining: Machine) -> None:
    assigned = retraining["States"]["JudgeData"]["Assign"]
    assert assigned["snapshot"] == "{% $states.result.Payload %}"
    assert all("$states.result.Payload" in str(each) for each in assigned["inputs"][:3])


def test_validation_compares_with_the_last_accepted_snapshot_when_there_is_one(
    retraining: Machine,
) -> None:
    assigned = retraining["States"]["Snapshot"]["Assign"]["profile"]
    assert assigned["S3Input"]["S3Uri"] == "{% $states.result.Payload.profile %}"
    assert assigned["S3Input"]["LocalPath"] == "/opt/ml/processing/input/profile"
    inputs = retraining["States"]["Validate"]["Arguments"]["ProcessingInputs"]
    assert inputs == "{% $snapshot.profile ? $append($inputs, $profile) : $inputs %}"


def test_what_passes_by_itself_is_asked_again(machine: Machine) -> None:
    for name, task in tasks(machine).items():
        errors = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
        if task["Resource"].endswith("lambda:invoke"):
            assert {"ServiceBusy", "Lambda.TooManyRequestsException"} <= errors, name
        assert "ClientError" not in errors, name


@pytest.mark.parametrize("step", ["Validate", "Train", "Evaluate"])
def test_a_job_is_stopped_by_its_own_limit_before_the_step_gives_up(
    step: str, retraining: Machine
) -> None:
    task = retraining["States"][step]
    assert task["TimeoutSeconds"] > task["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"]


@pytest.mark.parametrize("step", ["Validate", "Train", "Evaluate"])
def test_a_redriven_job_gets_a_name_of_its_own(step: str, retraining: Machine) -> None:
    arguments = retraining["States"][step]["Arguments"]
    name = arguments.get("ProcessingJobName") or arguments["TrainingJobName"]
    assert name == (
        f"{{% $request.run_id & '-{step.lower()}-' "
        "& $string($states.context.Execution.RedriveCount) %}"
    )


def test_jobs_have_no_network(retraining: Machine) -> None:
    states = retraining["States"]
    assert states["Train"]["Arguments"]["EnableNetworkIsolation"] is True
    for step in ("Validate", "Evaluate"):
        assert states[step]["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": True}


def test_everything_that_a_job_stores_is_under_our_key(retraining: Machine) -> None:
    for step in ("Validate", "Evaluate"):
        arguments = retraining["States"][step]["Arguments"]
        assert "Key" in arguments["ProcessingOutputConfig"]["KmsKeyId"]
        assert "Key" in arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]
    train = retraining["States"]["Train"]["Arguments"]
    assert "Key" in train["OutputDataConfig"]["KmsKeyId"]
    assert "Key" in train["ResourceConfig"]["VolumeKmsKeyId"]


def test_the_live_endpoint_changes_by_canary_and_rolls_back_on_alarm(promotion: Machine) -> None:
    deployment = promotion["States"]["UpdateEndpoint"]["Arguments"]["DeploymentConfig"]
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        "WaitIntervalInSeconds": 300,
    }
    assert deployment["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 60
    assert deployment["AutoRollbackConfiguration"]["Alarms"] == (
        "{% [$plan.alarms.{'AlarmName': $}] %}"
    )


def test_a_rollback_takes_all_traffic_at_once_and_ends_within_a_minute(
    promotion: Machine,
) -> None:
    deployment = promotion["States"]["RestoreEndpoint"]["Arguments"]["DeploymentConfig"]
    policy = deployment["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert policy["TerminationWaitInSeconds"] == 15
    look = promotion["States"]["LetItWork"]["Seconds"]
    assert look.endswith(".request.purpose in ['rollback', 'wake'] ? 10 : 60 %}")
    assert "$plan.alarms" in deployment["AutoRollbackConfiguration"]["Alarms"]


@pytest.mark.parametrize("step", ["UpdateEndpoint", "RestoreEndpoint"])
def test_capacity_that_was_reached_survives_an_update(step: str, promotion: Machine) -> None:
    arguments = promotion["States"][step]["Arguments"]
    assert arguments["RetainAllVariantProperties"] is True
    assert arguments["ExcludeRetainedVariantProperties"] == (
        "{% [$plan.own.{'VariantPropertyType': $}] %}"
    )


def test_a_candidate_answers_alone_before_anything_else(promotion: Machine) -> None:
    first = promotion["States"]["WhatToDo"]["Choices"][0]
    assert first == {"Condition": "{% $plan.smoke %}", "Next": "SmokeTest"}
    test = promotion["States"]["SmokeTest"]
    assert test["Resource"].endswith(":states:::sagemaker:createTransformJob.sync")
    assert test["Arguments"]["ModelName"] == "{% $plan.deployment %}"
    assert "Key" in test["Arguments"]["TransformOutput"]["KmsKeyId"]
    assert "Key" in test["Arguments"]["TransformResources"]["VolumeKmsKeyId"]
    assert promotion["States"]["JudgeSmoke"]["Next"] == "Plan"


def test_a_busy_endpoint_is_waited_for_and_planned_again(promotion: Machine) -> None:
    assert promotion["States"]["EndpointIsBusy"]["Next"] == "Plan"


def test_a_parent_is_named_so_that_only_it_tells_of_the_end(retraining: Machine) -> None:
    started = retraining["States"]["Promote"]["Arguments"]["Input"]
    assert started["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == (
        "{% $states.context.Execution.Id %}"
    )


REQUESTS = {
    "Validate": "create_processing_job",
    "Evaluate": "create_processing_job",
    "Train": "create_training_job",
    "SmokeTest": "create_transform_job",
    "Headroom": "update_endpoint_weights_and_capacities",
    "CreateEndpoint": "create_endpoint",
    "UpdateEndpoint": "update_endpoint",
    "RestoreEndpoint": "update_endpoint",
    "GoBack": "update_endpoint",
}


@pytest.mark.parametrize(("step", "operation"), REQUESTS.items())
def test_a_request_has_the_shape_that_the_service_takes(
    step: str, operation: str, retraining: Machine, promotion: Machine
) -> None:
    """Expressions stand for values that only run time knows; what is literal must fit."""
    client = boto3.client("sagemaker", region_name="eu-west-1")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    arguments = {**retraining["States"], **promotion["States"]}[step]["Arguments"]
    assert list(misfits(arguments, model.input_shape, step)) == []
    assert set(model.input_shape.required_members) <= set(arguments)


def misfits(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Say what of a request does not fit botocore's model of it."""
    if isinstance(value, str) and re.fullmatch(r"\{% .* %\}", value, re.DOTALL):
        return
    if shape.type_name == "structure":
        yield from (f"{where} has no member {name}" for name in value.keys() - shape.members.keys())
        yield from (f"{where} lacks {name}" for name in shape.required_members if name not in value)
        for name in value.keys() & shape.members.keys():
            yield from misfits(value[name], shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for each in value:
            yield from misfits(each, shape.member, where)
    elif shape.type_name == "map":
        for each in value.values():
            yield from misfits(each, shape.value, where)
    else:
        yield from scalar_misfits(value, shape, where)


def scalar_misfits(value: Any, shape: Any, where: str) -> Iterator[str]:
    size = len(value) if isinstance(value, str) else int(value)
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", size)
    if getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where} must be one of {shape.enum}, got {value}"
    elif shape.type_name != "boolean" and not least <= size <= most:
        yield f"{where} must be between {least} and {most}, got {value}"
