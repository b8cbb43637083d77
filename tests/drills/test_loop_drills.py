"""Drills of what the loop does around an endpoint: captures, drift, its record, its events."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.ledger import LedgerKind
from tests.drills.alarm_names import INCIDENT, OPERATIONS
from tests.drills.duty import MINUTE, Duty
from tests.system.promotion import candidates
from tests.system.promotion.candidates import Registrar

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

HOUR = 60 * MINUTE
_A_MUCH_LATER_MONTH = "1998-04-01"


def test_a_deleted_endpoint_is_woken(duty: Duty) -> None:
    platform, alarms = duty.platform, ("ChampionMismatches", INCIDENT)
    champion = platform.champion()
    duty.begin()
    platform.client("sagemaker").delete_endpoint(EndpointName=platform.deployed.endpoint)

    platform.pass_until(lambda: duty.detects(*alarms), "the mismatch is found")
    assert "endpoint_missing" in duty.follow("champion-mismatch", "perennial ledger")
    duty.follow("champion-mismatch", "perennial wake", {"why it was gone": "somebody deleted it"})
    platform.come_to_rest()

    platform.pass_until(lambda: duty.recovers(*alarms), "all three agree")
    platform.assert_at_rest_on(platform.champion())
    assert platform.champion().version == champion.version


def captures(duty: Duty) -> dict[str, datetime]:
    """Return every capture there is, with its time."""
    place = duty.platform.deployed
    pages = duty.platform.client("s3").get_paginator("list_objects_v2")
    prefix = f"{place.model}/{place.endpoint}/"
    return {
        item["Key"]: item["LastModified"]
        for page in pages.paginate(Bucket=place.captures_bucket, Prefix=prefix)
        for item in page.get("Contents", ())
    }


@pytest.mark.exhaustive
def test_deleted_captures_are_brought_back(duty: Duty) -> None:
    platform = duty.platform
    # The gap is a share of all requests since the check before: let there be no others.
    platform.account.advance(25 * HOUR)
    duty.begin()
    s3, bucket = platform.client("s3"), platform.deployed.captures_bucket
    began = platform.account.now()
    duty.ask(30)
    platform.account.advance(10 * MINUTE)
    lost = [key for key, since in captures(duty).items() if since >= began]
    assert lost
    for key in lost:
        s3.delete_object(Bucket=bucket, Key=key)

    platform.pass_until(lambda: duty.detects("CaptureGap"), "the gap is found", step=HOUR)
    duty.follow("capture-gap", "aws s3 ls")
    versions = duty.follow_json("capture-gap", "aws s3api list-object-versions", {})
    markers = {
        each["Key"]: each["VersionId"]
        for each in versions["DeleteMarkers"]
        if each["IsLatest"] and each["Key"] in lost
    }
    assert markers.keys() == set(lost)
    for key, version in markers.items():
        known = {"key": key, "delete marker": version}
        duty.follow("capture-gap", "aws s3api delete-object", known)
    assert set(lost) <= captures(duty).keys()
    platform.pass_until(lambda: duty.recovers("CaptureGap"), "a day without", step=6 * HOUR)


@pytest.mark.exhaustive
def test_other_requests_ask_for_a_retraining(duty: Duty) -> None:
    platform = duty.platform
    duty.begin()
    asked = len(platform.ledger())
    platform.ask_model(platform.request_rows(3000, snapshot=_A_MUCH_LATER_MONTH))

    platform.pass_until(lambda: duty.detects("DriftedFeatureShare"), "drift is found", step=HOUR)
    duty.follow("drift", "perennial status")
    duty.follow("drift", "aws s3 ls")
    platform.come_to_rest()
    kinds = {line.kind for line in platform.ledger()[asked:]}
    assert kinds & {LedgerKind.RUN_STARTED, LedgerKind.RUN_REFUSED}, kinds
    duty.follow("drift", "perennial history")
    platform.pass_until(
        lambda: duty.recovers("DriftedFeatureShare"), "a day without drift", step=6 * HOUR
    )


def send_again(duty: Duty, queue: str, room: Path) -> dict[str, Any]:
    """Follow the runbook of dead letters; return the event that waited."""
    url = duty.platform.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    known = {"queue": url}
    [message] = duty.follow_json("dead-letters", "aws sqs receive-message", known)["Messages"]
    letter = json.loads(message["Body"])
    event, function = room / "event.json", letter["requestContext"]["functionArn"]
    event.write_text(json.dumps(letter["requestPayload"]), "utf-8")
    known |= {
        "function": function.removesuffix(":$LATEST"),
        "event file": str(event),
        "answer file": str(room / "answer.json"),
        "handle": message["ReceiptHandle"],
    }
    answer = duty.follow_json("dead-letters", "aws lambda invoke", known)
    assert "FunctionError" not in answer, (room / "answer.json").read_text("utf-8")
    duty.follow("dead-letters", "aws sqs delete-message", known)
    return letter


def queue_of(duty: Duty, alarm: str) -> str:
    [dimension] = duty.alarms()[alarm]["Dimensions"]
    return dimension["Value"]


def test_an_event_that_failed_is_sent_again(
    duty: Duty, registrar: Registrar, tmp_path: Path
) -> None:
    """The reconciler may no longer read the state table when a version changes."""
    platform, alarm = duty.platform, "dead letters of a model"
    version = registrar.copy()
    duty.begin()
    platform.account.add_fault(
        "dynamodb", "*", of="*Reconciler*", times=None, code="AccessDeniedException", status=400
    )
    platform.client("sagemaker").update_model_package(
        ModelPackageArn=version.arn, ModelApprovalStatus="Rejected"
    )
    platform.pass_until(lambda: duty.detects(alarm), "the event has failed three times")

    platform.account.clear_faults()
    letter = send_again(duty, queue_of(duty, alarm), tmp_path)
    assert "AccessDenied" in json.dumps(letter)
    platform.pass_until(lambda: duty.recovers(alarm), "the queue is empty")


@pytest.mark.exhaustive
def test_an_end_that_nobody_was_told_is_told(
    duty: Duty, registrar: Registrar, tmp_path: Path
) -> None:
    """Settlement may not publish when a promotion ends; its lease waits with the event."""
    platform, alarm = duty.platform, f"dead letters of {OPERATIONS}"
    candidate = registrar.copy(facts={"artifact_sha256": "0" * 64})
    duty.begin()
    platform.account.add_fault(
        "*", "*", of="*Settlement*", times=None, code="AccessDeniedException", status=400
    )
    candidates.start(platform, candidate, "its artifact is another")
    platform.pass_until(lambda: duty.detects(alarm), "the end could not be told")
    assert duty.told("promotion-refused") == []

    platform.account.clear_faults()
    send_again(duty, queue_of(duty, alarm), tmp_path)
    platform.pass_until(lambda: duty.recovers(alarm), "the queue is empty")
    assert len(duty.told("promotion-refused")) == 1
    assert platform.lease_owner() is None
