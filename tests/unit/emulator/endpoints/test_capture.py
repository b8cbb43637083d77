import base64
import json
import re

import pytest

from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.exchange import CaptureSettings, Exchange

from .conftest import FakeAccount
from .test_deployments import CAPTURE


def log(account, **settings):
    return CaptureLog(
        account, CaptureSettings.of(CAPTURE | settings), endpoint="churn", variant="AllTraffic"
    )


def exchange(account, number=1, **different):
    values = {
        "at": account.clock.now(),
        "inference_id": f"id-{number}",
        "custom_attributes": None,
        "request_type": "text/csv; charset=utf-8",
        "request": b"1,2\n",
        "response_type": "application/json",
        "response": b'{"score":0.5}',
    }
    return Exchange(**values | different)


def test_a_line_has_the_members_that_aws_writes(account):
    captures = log(account)
    captures.add(exchange(account, custom_attributes="c=1"))
    captures.flush()
    ((place, body),) = account.clients["s3"].objects.items()
    line = json.loads(body)
    event = line["eventMetadata"].pop("eventId")
    assert re.fullmatch(r"[0-9a-f-]{36}", event)
    assert line == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "INPUT",
                "data": "1,2\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"score":0.5}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {
            "customAttributes": ["c=1"],
            "inferenceId": "id-1",
            "inferenceTime": "1998-04-01T10:59:30Z",
        },
        "eventVersion": "0",
    }
    assert place[0] == "captures"
    assert re.fullmatch(
        r"here/churn/AllTraffic/1998/04/01/10/59-30-000-[0-9a-f-]{36}\.jsonl", place[1]
    )


def test_what_no_header_is_configured_for_is_base64(account):
    captures = log(account)
    captures.add(exchange(account, request_type="image/png", request=b"\xff\x00"))
    captures.add(exchange(account, request=b"\xff"))
    captures.flush()
    lines = account.clients["s3"].lines("captures")
    inputs = [line["captureData"]["endpointInput"] for line in lines]
    assert [one["encoding"] for one in inputs] == ["BASE64", "BASE64"]
    assert [base64.b64decode(one["data"]) for one in inputs] == [b"\xff\x00", b"\xff"]


def test_an_hour_on_the_accounts_clock_begins_a_new_file(account):
    captures = log(account)
    captures.add(exchange(account, 1))
    account.clock.advance(60)
    captures.add(exchange(account, 2))
    captures.flush()
    hours = sorted(key.split("/")[-2] for _, key in account.clients["s3"].objects)
    assert hours == ["10", "11"]


def test_a_failed_upload_loses_and_repeats_nothing(account):
    captures = log(account)
    for number in range(3):
        captures.add(exchange(account, number))
        account.clients["s3"].failures = 2
        captures.close(pause=0)
    lines = account.clients["s3"].lines("captures")
    captured = sorted(line["eventMetadata"]["inferenceId"] for line in lines)
    assert captured == ["id-0", "id-1", "id-2"]


def test_sampling_keeps_the_configured_share(account):
    captures = log(account, InitialSamplingPercentage=20)
    for number in range(2000):
        captures.add(exchange(account, number))
    captures.flush()
    assert 300 < len(account.clients["s3"].lines("captures")) < 500


@pytest.mark.slow
def test_only_successes_are_captured_and_only_as_configured(sagemaker, account):
    sagemaker.serve(
        "one", DataCaptureConfig=CAPTURE | {"CaptureOptions": [{"CaptureMode": "Output"}]}
    )
    sagemaker.invoke("churn", b"1,2")
    sagemaker.invoke("churn", b"die")
    sagemaker.until(lambda: account.clients["s3"].lines("captures"))
    (line,) = account.clients["s3"].lines("captures")
    assert list(line["captureData"]) == ["endpointOutput"]


def test_capture_that_is_switched_off_captures_nothing(tmp_path):
    assert CaptureSettings.of(CAPTURE | {"EnableCapture": False}) is None
    assert FakeAccount(tmp_path).clients["s3"].lines("captures") == []
