"""Requests as boto3 sends them are told by service and operation."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from boto3.session import Session

from emulator.faults.operation import Request, operation_of, refuse_unknown


class _Sent(Exception):
    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


@pytest.fixture(scope="module")
def sent() -> Callable[..., Request]:
    """Return what the SDK would send for a call."""
    session = Session(
        aws_access_key_id="ASIAEXAMPLE", aws_secret_access_key="x", region_name="us-east-1"
    )

    def catch(request: Any, **_: Any) -> None:
        url = urlsplit(request.url)
        body = request.body if isinstance(request.body, str | bytes) else b""
        raise _Sent(
            Request(
                method=request.method,
                path=url.path,
                query=parse_qs(url.query, keep_blank_values=True),
                headers={
                    name.lower(): value.decode() if isinstance(value, bytes) else str(value)
                    for name, value in request.headers.items()
                },
                body=body.encode() if isinstance(body, str) else bytes(body),
            )
        )

    def send(service: str, method: str, **arguments: Any) -> Request:
        client = session.client(service, endpoint_url="http://127.0.0.1:1")
        client.meta.events.register("before-send", catch)
        with pytest.raises(_Sent) as caught:
            getattr(client, method)(**arguments)
        return caught.value.request

    return send


_OBJECT = {"Bucket": "b", "Key": "a/b c"}


@pytest.mark.parametrize(
    ("client", "method", "arguments", "service", "operation"),
    [
        ("s3", "put_object", _OBJECT, "s3", "PutObject"),
        ("s3", "get_object", _OBJECT, "s3", "GetObject"),
        ("s3", "head_object", _OBJECT, "s3", "HeadObject"),
        ("s3", "copy_object", {**_OBJECT, "CopySource": "b/x"}, "s3", "CopyObject"),
        ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "p"}, "s3", "ListObjectsV2"),
        ("s3", "create_multipart_upload", _OBJECT, "s3", "CreateMultipartUpload"),
        (
            "s3",
            "upload_part",
            {**_OBJECT, "PartNumber": 1, "UploadId": "u"},
            "s3",
            "UploadPart",
        ),
        ("lambda", "invoke", {"FunctionName": "f"}, "lambda", "Invoke"),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "e", "Body": b""},
            "sagemaker",
            "InvokeEndpoint",
        ),
        ("sagemaker", "list_training_jobs", {}, "sagemaker", "ListTrainingJobs"),
        ("dynamodb", "get_item", {"TableName": "t", "Key": {}}, "dynamodb", "GetItem"),
        ("stepfunctions", "list_state_machines", {}, "states", "ListStateMachines"),
        ("sns", "publish", {"TopicArn": "t", "Message": "m"}, "sns", "Publish"),
        ("cloudwatch", "describe_alarms", {}, "monitoring", "DescribeAlarms"),
        ("scheduler", "get_schedule", {"Name": "n"}, "scheduler", "GetSchedule"),
    ],
)
def test_a_request_is_named_as_the_api_names_it(
    sent: Callable[..., Request],
    client: str,
    method: str,
    arguments: dict[str, Any],
    service: str,
    operation: str,
) -> None:
    request = sent(client, method, **arguments)
    assert request.credential() == ("ASIAEXAMPLE", service)
    assert operation_of(service, request) == operation


def test_a_call_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="one of s3's API, got 'PutObjects'"):
        refuse_unknown("s3", "PutObjects")
    with pytest.raises(ValueError, match=r"service must be .* got 's33'"):
        refuse_unknown("s33", "PutObject")
