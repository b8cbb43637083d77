"""A record counts only as it was noted when it was written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import layout
from contracts.ledger import LedgerEntry, LedgerKind
from perennial.evidence import Evidence, noted
from perennial.refusal import Refused
from perennial.registry import Package, Version
from tests.unit.perennial.conftest import (
    RUN,
    data_file,
    put,
    put_snapshot,
    record,
    snapshot_of,
)


@pytest.fixture
def evidence(s3: Any) -> Evidence:
    put(s3, "reports", layout.record_key("churn", RUN), record().render())
    return Evidence(s3=s3, reports_bucket="reports", model="churn")


def line(sha256: str, *, subject: str = RUN) -> LedgerEntry:
    return LedgerEntry(
        model="churn",
        at=datetime(1997, 7, 1, tzinfo=UTC),
        kind=LedgerKind.RECORDED,
        subject=subject,
        summary="recorded",
        details={"record_sha256": sha256},
    )


def package(**metadata: str) -> Package:
    version = Version(
        arn="arn:package/churn-dev/2",
        version=2,
        approval="Approved",
        created=datetime(1997, 7, 1, tzinfo=UTC),
    )
    return Package(version=version, reason="", image_uri="i", model_data_url="u", metadata=metadata)


def test_a_record_with_the_noted_digest_is_read(evidence: Evidence) -> None:
    digest = record().sha256
    found = noted(package(record_sha256=digest), [line(digest)], RUN)
    assert set(found) == {"the ledger", "the registry"}
    assert evidence.record(RUN, found) == record()


def test_a_record_that_was_changed_is_refused(s3: Any, evidence: Evidence) -> None:
    changed = replace(record(), approved_by="somebody")
    put(s3, "reports", layout.record_key("churn", RUN), changed.render())
    with pytest.raises(Refused, match=f"has sha256 {changed.sha256}, the ledger says"):
        evidence.record(RUN, {"the ledger": record().sha256})


@pytest.mark.parametrize("liar", ["the ledger", "the registry"])
def test_one_note_that_disagrees_is_enough_to_refuse(evidence: Evidence, liar: str) -> None:
    notes = {"the ledger": record().sha256, "the registry": record().sha256, liar: "0" * 64}
    with pytest.raises(Refused, match=f"{liar} says 0000"):
        evidence.record(RUN, notes)


def test_a_record_that_was_noted_and_is_gone_is_refused(evidence: Evidence) -> None:
    with pytest.raises(Refused, match=r"the record s3://reports/churn/runs/other/record\.json is"):
        evidence.record("other", {"the ledger": "x"})


def test_a_record_that_nobody_noted_is_none(evidence: Evidence) -> None:
    assert noted(package(), [line("x", subject="another run")], RUN) == {}
    assert evidence.record(RUN, {}) is None


def test_the_snapshot_must_have_the_digest_of_the_record(s3: Any, evidence: Evidence) -> None:
    snapshot = snapshot_of(data_file(s3, "churn/incoming/labels/a.csv", b"1"))
    uri = put_snapshot(s3, snapshot)
    good = record(snapshot_uri=uri, snapshot_digest=snapshot.digest)
    assert evidence.snapshot(good) == snapshot
    with pytest.raises(Refused, match=f"has digest {snapshot.digest}, the record says 0000"):
        evidence.snapshot(replace(good, snapshot_digest="0" * 64))
    document = {**snapshot.document(), "files": "none"}
    put(s3, "data", uri.removeprefix("s3://data/"), json.dumps(document).encode())
    with pytest.raises(Refused, match="cannot be read"):
        evidence.snapshot(good)
    with pytest.raises(Refused, match="the snapshot s3://data/gone is gone"):
        evidence.snapshot(replace(good, snapshot_uri="s3://data/gone"))


def test_a_run_that_left_no_verdict_has_none(evidence: Evidence) -> None:
    assert evidence.verdict(RUN) is None


@pytest.mark.parametrize(
    ("approval", "reason", "who"),
    [
        ("Approved", "auc 0.75, gain", "the gate"),
        ("Approved", "approved by a person: checked", "a person: checked"),
        ("Rejected", "approved by a person: checked", None),
        ("PendingManualApproval", "", None),
    ],
)
def test_who_approved_is_told_by_the_registry(approval: str, reason: str, who: str | None) -> None:
    found = package()
    version = replace(found.version, approval=approval)
    assert replace(found, version=version, reason=reason).approved_by == who
