"""What clients see of an answer: two times, a stack at rest, a handler's log, an object's key."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_host import functions

pytestmark = pytest.mark.system

_SPEAKS = """
import logging

logger = logging.getLogger("speaker")
logger.setLevel(logging.INFO)

def handler(event, context):
    logger.info("asked for %s", event)
    logging.getLogger("library").info("not told: the root logger starts at WARNING")
"""


_TAKES_ITS_TIME = """
import json, time, urllib.request

def handler(event, context):
    time.sleep(0.5)
    names = ("StackId", "RequestId", "LogicalResourceId")
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "slow", **{n: event[n] for n in names}}
    urllib.request.urlopen(urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
        headers={"Content-Type": ""},
    ))
"""


def _headers(answer: dict[str, Any]) -> dict[str, str]:
    return answer["ResponseMetadata"]["HTTPHeaders"]


def test_an_answer_has_the_wall_s_date_and_the_account_s_time_apart(account: RunningAccount):
    ours = _headers(account.client("sts").get_caller_identity())
    with pytest.raises(ClientError) as refused:
        account.client("cloudformation").describe_stacks(StackName="absent")
    for headers in (ours, _headers(refused.value.response)):
        off = parsedate_to_datetime(headers["date"]) - datetime.now(UTC)
        assert abs(off.total_seconds()) < 60
        assert headers["x-account-time"].startswith(f"{account.now().year}-")
    assert account.now().year < datetime.now(UTC).year


def test_a_stack_is_at_rest_when_its_operation_is_answered(account: RunningAccount):
    stacks = account.client("cloudformation")
    # A resource that takes its time: others are there at once in any case.
    slow = functions.deploy(account, "takes-its-time", _TAKES_ITS_TIME)
    template = {
        "Resources": {"Slow": {"Type": "Custom::Slow", "Properties": {"ServiceToken": slow}}}
    }
    made = stacks.create_stack(StackName="at-rest", TemplateBody=json.dumps(template))
    [stack] = stacks.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete_stack(StackName="at-rest")
    [stack] = stacks.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert stack["StackStatus"] == "DELETE_COMPLETE"


def test_what_a_handler_s_logger_says_is_a_line_of_json_in_its_log(
    account: RunningAccount, until: Callable[..., bool]
):
    functions.deploy(account, "speaker", _SPEAKS)
    functions.invoke(account, "speaker", "tea")
    logs = account.client("logs")

    def said() -> list[dict[str, Any]]:
        events = logs.filter_log_events(logGroupName="/aws/lambda/speaker")["events"]
        return [json.loads(each["message"]) for each in events if each["message"][0] == "{"]

    assert until(lambda: bool(said()))
    [line] = said()
    assert (line["level"], line["logger"]) == ("INFO", "speaker")
    assert line["message"] == "asked for tea"


def test_a_handler_that_says_nothing_is_answered_all_the_same(account: RunningAccount):
    functions.deploy(account, "silent", "def handler(event, context):\n    return event\n")
    assert functions.invoke(account, "silent", [1]) == [1]


def test_an_object_under_aws_kms_without_a_key_gets_the_account_s_own(account: RunningAccount):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="keyless")
    s3.put_object(Bucket="keyless", Key="asset", Body=b"x", ServerSideEncryption="aws:kms")
    head = s3.head_object(Bucket="keyless", Key="asset")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"].endswith("alias/aws/s3")
