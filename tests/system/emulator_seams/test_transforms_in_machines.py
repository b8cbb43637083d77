"""A transform job as a task of a state machine: awaited, failed by name, stopped with it."""

import json
import sys
import textwrap
import threading
from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import ROLE, Machines

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def model(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a model whose server doubles a line, refuses what is bad, and is slow at slow."""
    root = tmp_path_factory.mktemp("sources")
    (root / "doubler").mkdir()
    (root / "doubler" / "main.py").write_text(
        textwrap.dedent(
            """
            import os, time
            from http.server import BaseHTTPRequestHandler, HTTPServer

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.answer(200 if self.path == "/ping" else 404, b"")

                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).strip()
                    if body == b"slow":
                        time.sleep(60)
                    self.answer(400 if body == b"bad" else 200, body * 2)

                def answer(self, status, body):
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            address = (os.environ["BIND_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
            HTTPServer(address, Handler).serve_forever()
            """
        )
    )
    account.client("ecr").create_repository(repositoryName="doublers")
    image = account.register_image(
        "doublers",
        "v1",
        root=root,
        sources=["doubler"],
        entrypoint=[sys.executable, "-m", "doubler.main"],
    )
    account.client("s3").create_bucket(Bucket="scored")
    account.client("sagemaker").create_model(
        ModelName="doubler",
        PrimaryContainer={"Image": str(image["uri"])},
        ExecutionRoleArn=ROLE,
    )
    return "doubler"


def task(account: RunningAccount, name: str, model: str, body: bytes) -> dict[str, Any]:
    account.client("s3").put_object(Bucket="scored", Key=f"in/{name}/a.csv", Body=body)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://scored/in/{name}/"}
    arguments = {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": {"DataSource": {"S3DataSource": source}, "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": f"s3://scored/out/{name}", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    resource = "arn:aws:states:::sagemaker:createTransformJob.sync"
    return {"Score": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}}


def test_sync_gives_the_description_of_the_completed_job_and_its_output_is_there(
    account: RunningAccount, machines: Machines, model: str
) -> None:
    ended = machines.ended(machines.start(task(account, "good", model, b"7\n")))
    told = json.loads(ended["output"])
    assert told["TransformJobStatus"] == "Completed"
    assert told["TransformEndTime"] >= told["TransformStartTime"] >= told["CreationTime"]
    body = account.client("s3").get_object(Bucket="scored", Key="out/good/a.csv.out")["Body"]
    assert body.read() == b"77\n"


def test_a_failed_job_fails_the_task_and_its_logs_say_why(
    account: RunningAccount, machines: Machines, model: str
) -> None:
    ended = machines.ended(machines.start(task(account, "refused", model, b"bad")))
    assert ended["error"] == "States.TaskFailed"
    cause = json.loads(ended["cause"])
    assert cause["FailureReason"] == "ClientError: See job logs for more information"
    logs = account.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TransformJobs", logStreamNamePrefix="refused/"
    )["events"]
    assert any("in/refused/a.csv: ClientError: 400" in each["message"] for each in logs)


@pytest.mark.usefixtures("model")
def test_an_unknown_model_is_refused_with_the_sdks_error(
    account: RunningAccount, machines: Machines
) -> None:
    ended = machines.ended(machines.start(task(account, "nobody", "nobody", b"1")))
    assert ended["error"] == "SageMaker.AmazonSageMakerException"
    assert "Could not find model" in ended["cause"]


def test_stopping_the_execution_stops_the_job(
    account: RunningAccount, machines: Machines, model: str
) -> None:
    arn = machines.start(task(account, "stopped", model, b"slow"))
    sagemaker = account.client("sagemaker")
    for _ in range(200):
        if sagemaker.list_transform_jobs(NameContains="stopped")["TransformJobSummaries"]:
            break
        threading.Event().wait(0.05)
    machines.sfn.stop_execution(executionArn=arn)
    assert machines.ended(arn)["status"] == "ABORTED"
    for _ in range(200):
        described = sagemaker.describe_transform_job(TransformJobName="stopped")
        if described["TransformJobStatus"] == "Stopped":
            break
        threading.Event().wait(0.05)
    assert described["TransformJobStatus"] == "Stopped"


def test_a_lost_reply_leaves_a_job_that_nobody_waits_for(
    account: RunningAccount, machines: Machines, model: str
) -> None:
    with account.fault("sagemaker", "CreateTransformJob", "lose_reply"):
        ended = machines.ended(machines.start(task(account, "orphan", model, b"1")))
    assert ended["error"] == "SageMaker.SdkClientException"
    waiter = account.client("sagemaker").get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName="orphan", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
