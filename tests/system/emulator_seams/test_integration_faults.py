"""The AWS calls that states make themselves go wrong as a test asks."""

from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_host import functions
from tests.system.emulator_seams.conftest import Machines

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", autouse=True)
def echo(account: RunningAccount) -> None:
    functions.deploy(account, "echo", "def handler(event, context):\n    return event\n")


def invoke(**fields: Any) -> dict[str, Any]:
    return {
        "Echo": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "echo", "Payload": {"a": 1}},
            "Output": "{% $states.result.Payload %}",
            **({} if "Next" in fields else {"End": True}),
            **fields,
        }
    }


def sagemaker(resource: str) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Arguments": {"TrainingJobName": "t"}}
    return {"Train": {**state, "End": True}}


@pytest.mark.parametrize(
    ("states", "service", "operation", "code", "named"),
    [
        (
            invoke(),
            "lambda",
            "Invoke",
            "TooManyRequestsException",
            "Lambda.TooManyRequestsException",
        ),
        (invoke(), "lambda", "Invoke", "States.Timeout", "States.Timeout"),
        (
            sagemaker("arn:aws:states:::sagemaker:createTrainingJob.sync"),
            "sagemaker",
            "CreateTrainingJob",
            "ThrottlingException",
            "SageMaker.AmazonSageMakerException",
        ),
        (
            sagemaker("arn:aws:states:::sagemaker:createTrainingJob.sync"),
            "sagemaker",
            "CreateTrainingJob",
            "ResourceLimitExceeded",
            "SageMaker.ResourceLimitExceededException",
        ),
        (
            sagemaker("arn:aws:states:::aws-sdk:sagemaker:describeTrainingJob"),
            "sagemaker",
            "DescribeTrainingJob",
            "ThrottlingException",
            "SageMaker.SageMakerException",
        ),
        (
            sagemaker("arn:aws:states:::aws-sdk:dynamodb:updateItem"),
            "dynamodb",
            "UpdateItem",
            "ProvisionedThroughputExceededException",
            "DynamoDb.ProvisionedThroughputExceededException",
        ),
    ],
)
def test_a_state_s_call_fails_by_step_functions_name(
    account: RunningAccount,
    machines: Machines,
    states: dict[str, Any],
    service: str,
    operation: str,
    code: str,
    named: str,
) -> None:
    with account.fault(service, operation, code=code, message="Rate exceeded", status=429):
        ended = machines.ended(machines.start(states))
    assert (ended["status"], ended["error"]) == ("FAILED", named)


def test_a_retry_goes_past_a_fault_and_the_calls_are_told(
    account: RunningAccount, machines: Machines
) -> None:
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 1}]
    with account.fault("lambda", "Invoke", code="TooManyRequestsException", status=429):
        arn = machines.start(invoke(Retry=retry))
        account.advance(5)
        assert machines.ended(arn)["output"] == '{"a": 1}'
    calls = account.calls(invocation=arn)
    assert [(call.kind, call.operation) for call in calls] == [("state machine", "Invoke")] * 2


def test_one_state_of_several_is_met_by_its_name(
    account: RunningAccount, machines: Machines
) -> None:
    branch = {"StartAt": "Echo", "States": invoke()}
    second = {"StartAt": "Other", "States": {"Other": invoke()["Echo"]}}
    states = {"Both": {"Type": "Parallel", "Branches": [branch, second], "End": True}}
    with account.fault("lambda", "Invoke", state="Other", code="ServiceException") as fault:
        arn = machines.start({"First": invoke(Next="Both")["Echo"], **states})
        assert machines.ended(arn)["error"] == "Lambda.ServiceException"
        assert account.faults_hit()[fault].met == 1
    assert sorted(str(call.state) for call in account.calls(invocation=arn)) == [
        "Echo",
        "First",
        "Other",
    ]


def test_a_lost_reply_leaves_the_work_done(account: RunningAccount, machines: Machines) -> None:
    with account.fault("lambda", "Invoke", "lose_reply"):
        ended = machines.ended(machines.start(invoke()))
    assert ended["error"] == "Lambda.SdkClientException"


def test_a_killed_handler_fails_its_task_by_lambda_s_name(
    account: RunningAccount, machines: Machines
) -> None:
    functions.deploy(
        account, "asks", "import boto3\ndef handler(e, c):\n    boto3.client('s3').list_buckets()\n"
    )
    states = invoke(Arguments={"FunctionName": "asks", "Payload": {}})
    with account.fault("*", "*", "kill_before", of="asks"):
        ended = machines.ended(machines.start(states))
    assert ended["error"] == "Runtime.ExitError"
    lines = account.client("logs").filter_log_events(logGroupName="/aws/lambda/asks")["events"]
    told = [line["message"] for line in lines]
    assert any("Runtime exited with error: signal: killed" in line for line in told), told


def test_a_malformed_answer_is_the_task_s_result(
    account: RunningAccount, machines: Machines
) -> None:
    with account.fault("lambda", "Invoke", "answer", answer={"Payload": "garbage"}):
        ended = machines.ended(machines.start(invoke()))
    assert ended["output"] == '"garbage"'
