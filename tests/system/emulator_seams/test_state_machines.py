"""State machines on the real account: time, errors, redrive, JSONata."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import DAY, MINUTE, Machines, Queue

pytestmark = pytest.mark.system

Route = Callable[[dict[str, Any]], Queue]


def passing(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


def test_a_wait_moves_with_the_clock(account: RunningAccount, machines: Machines) -> None:
    arn = machines.start(
        {"Wait": {"Type": "Wait", "Seconds": 5 * 86400, "Next": "P"}, "P": passing()}
    )
    account.advance(4 * DAY)
    assert machines.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING"
    account.advance(DAY)
    assert machines.ended(arn)["status"] == "SUCCEEDED"


def test_a_wait_for_a_timestamp_ends_at_that_time(
    account: RunningAccount, machines: Machines
) -> None:
    at = (account.now() + timedelta(hours=3)).isoformat()
    wait = {"Type": "Wait", "Timestamp": "{% $states.input.at %}", "End": True}
    arn = machines.start({"Wait": wait}, {"at": at})
    account.advance(timedelta(hours=3))
    ended = machines.ended(arn)
    assert ended["stopDate"] - ended["startDate"] >= timedelta(hours=3) - timedelta(seconds=2)


def test_a_machine_that_waits_beyond_its_timeout_times_out(
    account: RunningAccount, machines: Machines, events_to: Route
) -> None:
    queue = events_to({"source": ["aws.states"], "detail": {"status": ["TIMED_OUT"]}})
    wait = {"Type": "Wait", "Seconds": 7200, "End": True}
    arn = machines.start({"Wait": wait}, TimeoutSeconds=3600)
    account.advance(timedelta(hours=2))
    ended = machines.ended(arn)
    assert ended["status"] == "TIMED_OUT"
    assert ended["stopDate"] - ended["startDate"] < timedelta(minutes=61)
    assert machines.history(arn)[-1] == "ExecutionTimedOut"
    detail = json.loads(queue.received()[0])["detail"]
    assert (detail["status"], detail["redriveStatus"]) == ("TIMED_OUT", "REDRIVABLE")


MISSING = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
    "Arguments": {"QueueName": "{% $wanted %}"},
    "Assign": {"found": "{% $states.result.QueueUrl %}"},
    "Output": {"url": "{% $states.result.QueueUrl %}", "given": "{% $states.input %}"},
    "Next": "After",
}


def test_redrive_goes_on_at_the_failed_state_with_its_input_and_variables(
    account: RunningAccount, machines: Machines, events_to: Route
) -> None:
    queue = events_to({"source": ["aws.states"]})
    assign = {"wanted": "{% $states.input.name %}", "count": 1}
    states = {
        "Before": {"Type": "Pass", "Assign": assign, "Output": {"kept": 7}, "Next": "Find"},
        "Find": MISSING,
        "After": passing(
            Output={
                "before": "{% $states.input %}",
                "count": "{% $count %}",
                "redrives": "{% $states.context.Execution.RedriveCount %}",
            }
        ),
    }
    arn = machines.start(states, {"name": "comes-later"})
    failed = machines.ended(arn)
    assert (failed["status"], failed["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    assert failed["redriveCount"] == 0
    account.client("sqs").create_queue(QueueName="comes-later")
    machines.sfn.redrive_execution(executionArn=arn)
    ended = machines.ended(arn)
    output = json.loads(ended["output"])
    assert output["before"]["given"] == {"kept": 7}
    assert (output["count"], output["redrives"]) == (1, 1)
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    history = machines.history(arn)
    assert history.count("ExecutionRedriven") == 1
    assert history.count("PassStateEntered") == 2
    told = [json.loads(body)["detail"] for body in queue.received(least=4)]
    assert sorted((each["redriveCount"], each["status"]) for each in told) == [
        (0, "FAILED"),
        (0, "RUNNING"),
        (1, "RUNNING"),
        (1, "SUCCEEDED"),
    ]


def test_what_succeeded_is_not_redrivable(machines: Machines) -> None:
    arn = machines.start({"P": passing()})
    machines.ended(arn)
    with pytest.raises(ClientError, match=r"ExecutionNotRedrivable.*SUCCEEDED"):
        machines.sfn.redrive_execution(executionArn=arn)


def test_redrive_ends_after_fourteen_days(account: RunningAccount, machines: Machines) -> None:
    arn = machines.start({"F": {"Type": "Fail", "Error": "Broken", "Cause": "by design"}})
    assert machines.ended(arn)["error"] == "Broken"
    account.advance(15 * DAY)
    with pytest.raises(ClientError, match="14 days"):
        machines.sfn.redrive_execution(executionArn=arn)


def test_a_stopped_wait_does_not_run_on_when_redriven(
    account: RunningAccount, machines: Machines
) -> None:
    wait = {"Type": "Wait", "Seconds": 3600, "Next": "P"}
    arn = machines.start({"Wait": wait, "P": passing()})
    account.advance(MINUTE)
    machines.sfn.stop_execution(executionArn=arn, error="Stopped", cause="a person")
    stopped = machines.ended(arn)
    assert (stopped["status"], stopped["cause"]) == ("ABORTED", "a person")
    machines.sfn.redrive_execution(executionArn=arn)
    account.advance(timedelta(minutes=61))
    assert machines.ended(arn)["status"] == "SUCCEEDED"
    assert machines.history(arn).count("ExecutionSucceeded") == 1
    assert machines.history(arn).count("PassStateEntered") == 1


def test_retries_wait_as_long_as_the_retrier_says(
    account: RunningAccount, machines: Machines
) -> None:
    retry = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 100,
        "BackoffRate": 10,
        "MaxDelaySeconds": 600,
        "MaxAttempts": 3,
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
        "Arguments": {"QueueName": "never"},
        "Retry": [retry],
        "End": True,
    }
    arn = machines.start({"T": task})
    account.advance(timedelta(seconds=1290))
    assert machines.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING"
    account.advance(timedelta(seconds=30))
    ended = machines.ended(arn)
    assert ended["status"] == "FAILED"
    assert timedelta(seconds=1300) <= ended["stopDate"] - ended["startDate"] < 22 * MINUTE
    assert machines.history(arn).count("TaskScheduled") == 4


def test_a_caught_error_is_known_to_assign_and_output(machines: Machines) -> None:
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"why": "{% $states.errorOutput.Error %}"},
        "Output": {"cause": "{% $states.errorOutput.Cause %}"},
        "Next": "After",
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint",
        "Arguments": {"EndpointName": "missing"},
        "Catch": [catch],
        "End": True,
    }
    after = passing(Output={"why": "{% $why %}", "was": "{% $states.input.cause %}"})
    ended = machines.ended(machines.start({"T": task, "After": after}))
    output = json.loads(ended["output"])
    assert output["why"] == "SageMaker.SageMakerException"
    assert "missing" in output["was"]


def test_the_context_names_the_execution(machines: Machines) -> None:
    told = {
        name: f"{{% $states.context.Execution.{name} %}}"
        for name in ("Id", "Name", "StartTime", "Input", "RedriveCount")
    }
    arn = machines.start({"P": passing(Output=told)}, {"a": 1})
    output = json.loads(machines.ended(arn)["output"])
    assert (output["Id"], output["Name"]) == (arn, arn.rsplit(":", 1)[-1])
    assert (output["Input"], output["RedriveCount"]) == ({"a": 1}, 0)


def test_parallel_branches_take_arguments_and_the_first_error_ends_the_others(
    account: RunningAccount, machines: Machines
) -> None:
    def branch(**state: Any) -> dict[str, Any]:
        return {"StartAt": "S", "States": {"S": state}}

    double = branch(Type="Pass", Output="{% $states.input.n * 2 %}", End=True)
    parallel = {
        "Type": "Parallel",
        "Arguments": {"n": 4},
        "Branches": [double, double],
        "Output": "{% $sum($states.result) %}",
        "End": True,
    }
    assert json.loads(machines.ended(machines.start({"P": parallel}))["output"]) == 16
    slow = branch(Type="Wait", Seconds=86400, End=True)
    broken = branch(Type="Fail", Error="Broken")
    arn = machines.start({"P": {"Type": "Parallel", "Branches": [slow, broken], "End": True}})
    assert machines.ended(arn)["error"] == "Broken"


def test_a_nested_execution_gives_its_output_as_json(machines: Machines) -> None:
    child = machines.create({"P": passing(Output={"n": "{% $states.input.n + 1 %}"})})
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": child, "Input": {"n": 1}},
        "Output": "{% $states.result.Output.n %}",
        "End": True,
    }
    assert json.loads(machines.ended(machines.start({"Call": call}))["output"]) == 2


def test_an_advance_does_not_wait_for_who_waits_for_a_waiting_execution(
    account: RunningAccount, machines: Machines
) -> None:
    child = machines.create({"W": {"Type": "Wait", "Seconds": 3600, "End": True}})
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": child},
        "End": True,
    }
    arn = machines.start({"Call": call}, TimeoutSeconds=7200)
    account.advance(MINUTE)
    began = time.monotonic()
    account.advance(timedelta(minutes=10), patience=60)
    account.advance(timedelta(minutes=55), patience=60)
    assert machines.ended(arn)["status"] == "SUCCEEDED"
    assert time.monotonic() - began < 30


def test_a_failed_nested_execution_fails_with_its_description(machines: Machines) -> None:
    child = machines.create({"F": {"Type": "Fail", "Error": "Broken", "Cause": "inside"}})
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": child},
        "End": True,
    }
    ended = machines.ended(machines.start({"Call": call}))
    assert ended["error"] == "States.TaskFailed"
    cause = json.loads(ended["cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Broken", "inside")


def test_a_repeated_start_answers_with_the_running_execution(machines: Machines) -> None:
    machine = machines.create({"W": {"Type": "Wait", "Seconds": 600, "End": True}})
    start = {"stateMachineArn": machine, "name": "once", "input": '{"a": 1}'}
    first = machines.sfn.start_execution(**start)
    assert machines.sfn.start_execution(**start)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machines.sfn.start_execution(**{**start, "input": "{}"})
    machines.sfn.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machines.sfn.start_execution(**start)


def test_an_unsupported_sagemaker_resource_fails_by_name(machines: Machines) -> None:
    resource = "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync"
    task = {"Type": "Task", "Resource": resource, "Arguments": {}, "End": True}
    ended = machines.ended(machines.start({"T": task}))
    assert resource in ended["cause"]


def test_a_task_token_may_come_back_after_days(
    account: RunningAccount, machines: Machines, queue: Queue
) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {
            "QueueUrl": queue.url,
            "MessageBody": "{% $states.context.Task.Token %}",
        },
        "TimeoutSeconds": 5 * 86400,
        "End": True,
    }
    arn = machines.start({"Ask": task})
    token = queue.received()[0]
    account.advance(4 * DAY)
    machines.sfn.send_task_success(taskToken=token, output='{"approved": true}')
    assert json.loads(machines.ended(arn)["output"]) == {"approved": True}


def test_a_token_that_does_not_come_back_times_out_in_the_account_s_time(
    account: RunningAccount, machines: Machines, queue: Queue
) -> None:
    message = {"QueueUrl": queue.url, "MessageBody": "{% $states.context.Task.Token %}"}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": message,
        "TimeoutSeconds": 3600,
        "End": True,
    }
    late = machines.start({"Ask": task})
    queue.received()
    account.advance(6 * DAY)
    ended = machines.ended(late)
    assert ended["error"] == "States.Timeout"
    assert ended["stopDate"] - ended["startDate"] < timedelta(minutes=61)
    silent = machines.start({"Ask": {**task, "HeartbeatSeconds": 60}})
    token = queue.received()[0]
    account.advance(timedelta(seconds=50))
    machines.sfn.send_task_heartbeat(taskToken=token)
    account.advance(timedelta(seconds=50))
    assert machines.sfn.describe_execution(executionArn=silent)["status"] == "RUNNING"
    account.advance(timedelta(seconds=70))
    assert machines.ended(silent)["error"] == "States.Timeout"


def test_stopping_an_execution_that_waits_for_a_token_ends_it(
    account: RunningAccount, machines: Machines, queue: Queue
) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue.url, "MessageBody": "{% $states.context.Task.Token %}"},
        "End": True,
    }
    arn = machines.start({"Ask": task})
    token = queue.received()[0]
    machines.sfn.stop_execution(executionArn=arn)
    account.advance(MINUTE)
    with pytest.raises(ClientError, match="Task"):
        machines.sfn.send_task_success(taskToken=token, output="{}")
    assert machines.ended(arn)["status"] == "ABORTED"
