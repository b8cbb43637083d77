"""Calls that come in over HTTP, as boto3 makes them."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from emulator.sagemaker.operations import operation
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.sagemaker_core.an_account import REGION, AnAccount, SomeImages

_MADE = datetime(1997, 2, 1, 12, 30, tzinfo=UTC)


class SomeModels:
    """A room that answers two calls, one of them not as AWS would, and the runtime."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def start(self) -> None:
        self.steps.append("start")

    def stop(self) -> None:
        self.steps.append("stop")

    @operation("DescribeModel")
    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ModelName": request["ModelName"],
            "ModelArn": f"arn:aws:sagemaker:{REGION}:123456789012:model/{request['ModelName']}",
            "CreationTime": _MADE,
            "ExecutionRoleArn": None,
        }

    @operation("ListModels")
    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Models": [{"ModelName": "m", "Colour": "red"}]}

    async def handle_runtime(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": headers["content-type"]}, body + b"!"


@pytest.fixture
def models() -> SomeModels:
    return SomeModels()


@pytest.fixture
def sagemaker(tmp_path: Path, models: SomeModels) -> Iterator[SageMaker]:
    sagemaker = SageMaker(AnAccount(tmp_path), SomeImages(), endpoints=[models])
    sagemaker.start()
    yield sagemaker
    sagemaker.stop()


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: Any) -> bytes:
        content, self._content = self._content, b""
        return content


def connected(sagemaker: SageMaker, service: str = "sagemaker") -> Any:
    """Return a boto3 client whose requests end in ``sagemaker`` instead of on the network."""
    client = boto3.client(
        service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        path = "/" + request.url.split("/", 3)[3]
        body = request.body if isinstance(request.body, bytes) else b""
        status, answered, content = asyncio.run(
            sagemaker.handle(request.method, path, headers, body, {})
        )
        return AWSResponse(request.url, status, answered, _Body(content))

    client.meta.events.register("before-send", send)
    return client


def test_an_answer_reads_back_through_boto3_with_its_times(sagemaker: SageMaker) -> None:
    answer = connected(sagemaker).describe_model(ModelName="churn")
    assert answer["ModelName"] == "churn"
    assert answer["CreationTime"] == _MADE
    assert "ExecutionRoleArn" not in answer


def test_an_invocation_goes_to_the_runtime(sagemaker: SageMaker) -> None:
    answer = connected(sagemaker, "sagemaker-runtime").invoke_endpoint(
        EndpointName="churn", Body=b"1,2", ContentType="text/csv"
    )
    assert answer["Body"].read() == b"1,2!"


def test_an_operation_nobody_answers_fails_by_name(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError) as refusal:
        connected(sagemaker).list_domains()
    assert refusal.value.response["Error"] == {
        "Code": "NotImplemented",
        "Message": "the embedded account does not emulate sagemaker:ListDomains",
    }


def test_an_operation_that_does_not_exist_fails_by_name(sagemaker: SageMaker) -> None:
    status, headers, body = _post(sagemaker, "BakeCake", b"{}")
    assert status == 501
    assert headers["x-amzn-errortype"] == "NotImplemented"
    assert "BakeCake" in json.loads(body)["message"]


def test_an_answer_unlike_awss_is_our_fault_and_not_sent(sagemaker: SageMaker) -> None:
    status, _, body = _post(sagemaker, "ListModels", b"{}")
    assert status == 500
    assert json.loads(body)["__type"] == "InternalFailure"


@pytest.mark.parametrize("body", [b"not json", b"[1]"])
def test_a_body_that_is_no_json_object_is_refused(sagemaker: SageMaker, body: bytes) -> None:
    status, _, answer = _post(sagemaker, "DescribeModel", body)
    assert status == 400
    assert json.loads(answer)["__type"] == "SerializationException"


def test_rooms_start_and_stop_with_the_service(sagemaker: SageMaker, models: SomeModels) -> None:
    assert models.steps == ["start"]
    sagemaker.stop()
    assert models.steps == ["start", "stop"]


def test_two_rooms_never_answer_the_same_call(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two rooms answer sagemaker:DescribeModel"):
        SageMaker(AnAccount(tmp_path), SomeImages(), endpoints=[SomeModels(), SomeModels()])


def _post(sagemaker: SageMaker, name: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    headers = {"X-Amz-Target": f"SageMaker.{name}"}
    return asyncio.run(sagemaker.handle("POST", "/", headers, body, {}))


def test_every_operation_the_account_answers_is_one_of_awss(tmp_path: Path) -> None:
    answered = SageMaker(AnAccount(tmp_path), SomeImages()).operations
    known = set(boto3.client("sagemaker", region_name=REGION).meta.service_model.operation_names)
    assert answered <= known
    for needed in ("CreateTrainingJob", "CreateModelPackage", "UpdateEndpoint", "ListTags"):
        assert needed in answered
