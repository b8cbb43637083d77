"""AWS calls of handlers and jobs go wrong as a test asks."""

import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_host import functions

pytestmark = pytest.mark.system

_STORES = """
import boto3
from botocore.config import Config

once = Config(retries={"total_max_attempts": 1, "mode": "standard"})

def handler(event, context):
    s3 = boto3.client("s3", config=once)
    dynamodb = boto3.client("dynamodb", config=once)
    sns = boto3.client("sns", config=once)
    did = []
    for name, call in {
        "s3": lambda: s3.put_object(Bucket="faulty", Key=event["key"], Body=b"1"),
        "dynamodb": lambda: dynamodb.list_tables(),
        "sns": lambda: sns.list_topics(),
        "states": lambda: boto3.client("stepfunctions", config=once).list_state_machines(),
        "lambda": lambda: boto3.client("lambda", config=once).list_functions(),
    }.items():
        try:
            call()
            did.append([name, "done"])
        except Exception as error:
            response = getattr(error, "response", None) or {}
            told = response.get("Error", {})
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            did.append([name, told.get("Code", type(error).__name__), told.get("Message"), status])
    return {"did": did, "request": context.aws_request_id}
"""


@pytest.fixture(scope="module", autouse=True)
def stores(account: RunningAccount) -> None:
    account.client("s3").create_bucket(Bucket="faulty")
    functions.deploy(account, "stores", _STORES)


@pytest.fixture(autouse=True)
def cleared(account: RunningAccount) -> Iterator[None]:
    yield
    account.clear_faults()


def there(account: RunningAccount, key: str) -> bool:
    return account.client("s3").list_objects_v2(Bucket="faulty", Prefix=key)["KeyCount"] == 1


def test_an_error_comes_in_each_protocol_as_the_sdk_reads_it(account: RunningAccount):
    account.add_fault(
        "*", "*", of="stores", times=None, code="Slow", message="Not <now>", status=429
    )
    did = functions.invoke(account, "stores", {"key": "error"})["did"]
    services = ["s3", "dynamodb", "sns", "states", "lambda"]
    assert did == [[service, "Slow", "Not <now>", 429] for service in services]
    assert not there(account, "error")


def test_the_calls_of_an_invocation_are_told_in_order(account: RunningAccount):
    first = functions.invoke(account, "stores", {"key": "told"})
    second = functions.invoke(account, "stores", {"key": "told"})
    assert first["did"][0] == ["s3", "done"]
    for each in (first, second):
        calls = account.calls("stores", invocation=each["request"])
        assert [(call.service, call.operation) for call in calls] == [
            ("s3", "PutObject"),
            ("dynamodb", "ListTables"),
            ("sns", "ListTopics"),
            ("states", "ListStateMachines"),
            ("lambda", "ListFunctions"),
        ]
        assert {(call.caller, call.kind) for call in calls} == {("stores", "handler")}


def test_a_lost_reply_leaves_the_call_done(account: RunningAccount):
    with account.fault("s3", "PutObject", "lose_reply") as fault:
        did = functions.invoke(account, "stores", {"key": "lost"})["did"]
        assert account.faults_hit()[fault].acted == 1
    assert did[0][1] == "ConnectionClosedError"
    assert did[1] == ["dynamodb", "done"]
    assert there(account, "lost")


@pytest.mark.parametrize("effect", ["kill_before", "kill_after"])
def test_a_killed_handler_is_an_exit_error_of_the_runtime(account: RunningAccount, effect: str):
    with account.fault("s3", "PutObject", effect, of="stores"):
        answer = functions.invoke(account, "stores", {"key": effect})
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert there(account, effect) is (effect == "kill_after")
    assert functions.invoke(account, "stores", {"key": effect})["did"][0] == ["s3", "done"]


def test_the_test_s_own_calls_are_never_met(account: RunningAccount):
    with account.fault("s3", "*", times=None):
        assert not there(account, "own")


@pytest.fixture(scope="module")
def job(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("sources")
    (root / "prog").mkdir()
    (root / "prog" / "main.py").write_text(
        textwrap.dedent(
            """
            import os, time, boto3
            s3 = boto3.client("s3")
            name = os.environ["TRAINING_JOB_NAME"]
            s3.put_object(Bucket="faulty", Key=name + "-1", Body=b"1")
            time.sleep(float(os.environ.get("SECONDS", "0")))
            s3.put_object(Bucket="faulty", Key=name + "-2", Body=b"2")
            open(os.environ["SM_MODEL_DIR"] + "/model", "w").close()
            """
        )
    )
    account.client("ecr").create_repository(repositoryName="faulty")
    made = account.register_image(
        "faulty",
        "v1",
        root=root,
        sources=["prog"],
        entrypoint=[sys.executable, "-m", "prog.main"],
    )
    return {
        "AlgorithmSpecification": {"TrainingImage": made["uri"], "TrainingInputMode": "File"},
        "RoleArn": functions.ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://faulty/models"},
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def trained(account: RunningAccount, name: str, job: dict[str, Any]) -> dict[str, Any]:
    account.client("sagemaker").create_training_job(TrainingJobName=name, **job)
    return ended(account, name)


def ended(account: RunningAccount, name: str) -> dict[str, Any]:
    sagemaker = account.client("sagemaker")
    while True:
        described = sagemaker.describe_training_job(TrainingJobName=name)
        if described["TrainingJobStatus"] in ("Completed", "Failed"):
            return described
        threading.Event().wait(0.05)


def test_a_job_is_killed_at_its_second_call(account: RunningAccount, job: dict[str, Any]):
    with account.fault("*", "*", "kill_before", of="killed", skip=1):
        described = trained(account, "killed", job)
    assert described["FailureReason"].endswith("exit code: 137")
    assert (there(account, "killed-1"), there(account, "killed-2")) == (True, False)
    assert [call.operation for call in account.calls("killed")] == ["PutObject", "PutObject"]


def test_what_sagemaker_stores_is_not_the_job_s_call(account: RunningAccount, job: dict[str, Any]):
    with account.fault("s3", "PutObject", of="whole", skip=2, times=None) as fault:
        assert trained(account, "whole", job)["TrainingJobStatus"] == "Completed"
        assert account.faults_hit()[fault].met == 2
    with account.fault("s3", "PutObject", of="aws", code="AccessDenied", status=403):
        described = trained(account, "denied", job)
    assert described["FailureReason"].startswith("ClientError: Artifact upload failed")


def test_a_scarce_instance_type_fails_the_job(account: RunningAccount, job: dict[str, Any]):
    account.limit_instances("ml.m5.large", capacity=0)
    described = trained(account, "scarce", job)
    account.limit_instances("ml.m5.large")
    assert described["FailureReason"].startswith("CapacityError: Unable to provision requested ML")


def test_a_spot_job_that_is_interrupted_starts_again(account: RunningAccount, job: dict[str, Any]):
    sagemaker = account.client("sagemaker")
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    asked = {**job, "EnableManagedSpotTraining": True, "StoppingCondition": limits}
    asked["Environment"] = {"SECONDS": "2"}
    sagemaker.create_training_job(TrainingJobName="spot", **asked)
    while account.calls("spot") == []:
        threading.Event().wait(0.02)
    account.interrupt_spot("spot")
    described = ended(account, "spot")
    assert described["TrainingJobStatus"] == "Completed"
    assert [call.operation for call in account.calls("spot")] == ["PutObject"] * 3
