from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from lambdas.adapters import busy
from lambdas.adapters.busy import ServiceBusy


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Any:
        yield self._content


def answering(status: int, code: str) -> Any:
    """A DynamoDB client whose every request is answered so, without a network."""
    client: Any = boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=busy.CONFIG.merge(busy.Config(retries={"max_attempts": 1})),
    )
    body = f'{{"__type": "{code}", "message": "told"}}'.encode()

    def answer(request: Any, **_rest: object) -> AWSResponse:
        return AWSResponse(request.url, status, {}, _Body(body))

    client.meta.events.register("before-send.*.*", answer)
    return busy.watch(client)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
        (400, "RequestLimitExceeded"),
        (500, "InternalServerError"),
        (503, "Anything"),
    ],
)
def test_what_passes_by_itself_is_named_busy(status: int, code: str) -> None:
    with pytest.raises(ServiceBusy, match=f"dynamodb GetItem answered {code}: told"):
        answering(status, code).get_item(TableName="t", Key={"k": {"S": "v"}})


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ConditionalCheckFailedException", "ValidationException"]
)
def test_what_stays_keeps_its_own_name(code: str) -> None:
    with pytest.raises(ClientError) as raised:
        answering(400, code).get_item(TableName="t", Key={"k": {"S": "v"}})
    assert raised.value.response["Error"]["Code"] == code
