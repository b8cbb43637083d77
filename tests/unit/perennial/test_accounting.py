"""What served when, what changed between versions, and what a person asks for on that."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts import layout, moment
from contracts import state as names
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.record import Record
from contracts.run import Champion
from perennial import code, explanation, retraining
from perennial.deployed import Deployed
from perennial.difference import Change, diff
from perennial.history import serving_at, tenures
from perennial.refusal import Refused
from tests.unit.perennial.conftest import (
    data_file,
    provenance,
    put,
    put_snapshot,
    record,
    snapshot_of,
)
from tests.unit.perennial.test_code import zipped
from tests.unit.perennial.test_perennial_asks_aws import resource, table

DEPLOYED = Deployed(
    **{
        name: name
        for name in Deployed.__dataclass_fields__
        if name not in ("reports_bucket", "model", "retraining_arn", "promotion_arn")
    },
    reports_bucket="reports",
    model="churn",
    retraining_arn="arn:aws:states:us-east-1:1:stateMachine:retraining",
    promotion_arn="arn:aws:states:us-east-1:1:stateMachine:promotion",
)
NOW = datetime(1997, 9, 1, tzinfo=UTC)


def at(month: int, day: int = 1) -> datetime:
    return datetime(1997, month, day, tzinfo=UTC)


def arn(version: int) -> str:
    return f"arn:package/churn-dev/{version}"


class FakeRegistry:
    class exceptions:
        ClientError = ClientError

    def __init__(self) -> None:
        self.metadata: dict[int, dict[str, str]] = {}

    def _summary(self, version: int) -> dict[str, Any]:
        return {
            "ModelPackageArn": arn(version),
            "ModelPackageVersion": version,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "better",
            "CreationTime": at(5),
        }

    def get_paginator(self, _: str) -> "FakeRegistry":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"ModelPackageSummaryList": [self._summary(each)]} for each in self.metadata]

    def list_model_packages(self, **_: Any) -> dict[str, Any]:
        return {"ModelPackageSummaryList": [self._summary(each) for each in self.metadata]}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        version = int(ModelPackageName.rpartition("/")[2])
        if version not in self.metadata:
            error = {"Code": "ValidationException", "Message": "ModelPackage does not exist"}
            raise ClientError({"Error": error}, "DescribeModelPackage")
        return {
            **self._summary(version),
            "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "s3://a/m"}]},
            "CustomerMetadataProperties": self.metadata[version],
        }


class FakeAdmission:
    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.answer = {"outcome": "started", "reason": "x", "run_id": "r", "execution_arn": "a"}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.event = json.loads(Payload)
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


class FakeMachines:
    class exceptions:
        class ExecutionDoesNotExist(Exception):
            pass

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        return {
            "name": executionArn.rpartition(":")[2],
            "status": "FAILED",
            "startDate": at(5),
            "error": "DataRejected",
            "cause": "labels/x.csv: empty",
        }


class Account:
    """An account on which runs are written down."""

    def __init__(self, aws: Callable[[str], Any], s3: Any) -> None:
        dynamodb = aws("dynamodb")
        table(dynamodb, "ledger_table", "model", "entry")
        table(dynamodb, "state_table", names.KEY)
        self.registry, self.admission = FakeRegistry(), FakeAdmission()
        self._clients = {
            "s3": s3,
            "dynamodb": dynamodb,
            "sagemaker": self.registry,
            "lambda": self.admission,
            "stepfunctions": FakeMachines(),
        }

    def client(self, service: str) -> Any:
        return self._clients[service]

    def now(self) -> datetime:
        return NOW

    def caller(self) -> str:
        return "assumed-role/Operator/kim"

    def line(self, kind: LedgerKind, when: datetime, subject: str, **details: str) -> None:
        entry = LedgerEntry(
            model="churn", at=when, kind=kind, subject=subject, summary="x", details=details
        )
        resource("ledger_table").put_item(Item=entry.item())

    def promoted(self, version: int, when: datetime, cause: str = "schedule: the schedule") -> None:
        subject = f"churn-dev-v{version}-{when.month}"
        self.line(LedgerKind.PROMOTED, when, subject, model_package_arn=arn(version), cause=cause)

    def recorded(self, version: int, made: Record) -> None:
        """Write the record of a run and note its digest."""
        self.registry.metadata[version] = {"run_id": made.run_id, "record_sha256": made.sha256}
        key = layout.record_key("churn", made.run_id)
        put(self.client("s3"), "reports", key, made.render())
        self.line(LedgerKind.RECORDED, at(6), made.run_id, record_sha256=made.sha256)

    def serves(self, version: int) -> None:
        champion = Champion(
            model_package_arn=arn(version),
            version=version,
            model_data_url="u",
            artifact_sha256="a",
            manifest_sha256="m",
            baseline_uri="b",
            promoted_at="1997-07-01T00:00:00Z",
            deployment="d",
        )
        fields = {name: getattr(champion, name) for name in Champion.__dataclass_fields__}
        resource("state_table").put_item(Item={names.KEY: names.champion("churn"), **fields})


@pytest.fixture
def account(aws: Callable[[str], Any], s3: Any) -> Any:
    return Account(aws, s3)


def test_history_is_told_newest_first_with_why_each_time_ended(account: Any) -> None:
    account.promoted(2, at(6), cause="drift: 5 of 7 features")
    account.promoted(1, at(5))
    account.promoted(1, at(7), cause="person: the older one was fine")
    gain = {"value": 0.02, "low": 0.01, "high": 0.03, "confidence": 0.95, "samples": 100}
    key = f"{layout.evaluation_prefix('churn', 'run-2')}evaluation.json"
    put(account.client("s3"), "reports", key, json.dumps({"gain": gain}).encode())
    account.registry.metadata[2] = {"run_id": "run-2", "metric": "auc", "metric_value": "0.81"}

    back, second, first = tenures(account, DEPLOYED)

    assert [each.version for each in (back, second, first)] == [1, 2, 1]
    assert (back.until, back.ended) == (None, None)
    assert second.ended == "version 1 replaced it (person: the older one was fine)"
    assert (second.since, second.until) == (at(6), at(7))
    assert (second.metric, second.value, second.gain) == ("auc", 0.81, gain)
    assert second.approved_by == "the gate"
    assert first.ended == "version 2 replaced it (drift: 5 of 7 features)"
    assert (first.metric, first.gain, first.approved_by) == (None, None, None), "it was deleted"


@pytest.mark.parametrize(
    ("when", "version"),
    [(at(4, 30), None), (at(5), 1), (at(5, 31), 1), (at(6), 2), (at(8), 2)],
)
def test_a_moment_belongs_to_the_version_that_served_then(
    account: Any, when: datetime, version: int | None
) -> None:
    account.promoted(1, at(5))
    account.promoted(2, at(6))
    found = serving_at(tenures(account, DEPLOYED), when)
    assert (None if found is None else found.version) == version


def two_versions(account: Any) -> tuple[Record, Record]:
    s3 = account.client("s3")
    key = "churn/incoming/purchases/{}.csv"
    may = data_file(s3, key.format("05"), b"1", rows=10, first="1997-05-01", last="1997-05-31")
    gone = data_file(s3, key.format("04"), b"0", rows=7)
    june = data_file(s3, key.format("06"), b"2", rows=5)
    changed = data_file(s3, key.format("05"), b"3", rows=11, set_aside=(2,))
    records = []
    for number, (files, source) in enumerate([((gone, may), b"1"), ((changed, june), b"2")]):
        snapshot = snapshot_of(*files)
        archive = zipped({"card.toml": b"card", "model.py": source})
        put(s3, "assets", f"{number}.zip", archive)
        made = provenance(
            run_id=f"run-{number}",
            snapshot_digest=snapshot.digest,
            code_sha256=code.of_archive(archive, "x").sha256,
        )
        records.append(
            record(
                run_id=f"run-{number}",
                code_uri=f"s3://assets/{number}.zip",
                snapshot_uri=put_snapshot(s3, snapshot),
                snapshot_digest=snapshot.digest,
                provenance=made,
            )
        )
    first, second = records
    second = replace(
        second,
        metrics={"auc": 0.8},
        provenance=replace(
            second.provenance, lock_sha256="9", hyperparameters={"max_iter": "3", "seed": "1"}
        ),
    )
    account.recorded(1, first)
    account.recorded(2, second)
    return first, second


def test_two_versions_differ_in_what_is_named(account: Any) -> None:
    two_versions(account)

    found = diff(account, DEPLOYED, 1, 2)

    assert [each.what for each in found.data] == [
        "rows of purchases",
        "rows set aside of churn/incoming/purchases/05.csv",
        "churn/incoming/purchases/04.csv",
        "churn/incoming/purchases/05.csv",
        "churn/incoming/purchases/06.csv",
    ]
    assert (found.data[0].before, found.data[0].after) == ("17", "16")
    assert (found.data[2].after, found.data[4].before) == (None, None)
    assert [each.what for each in found.code] == ["model.py"]
    assert found.image == (Change(what="lock", before="2" * 64, after="9"),)
    assert found.hyperparameters == (Change(what="max_iter", before="2", after="3"),)
    assert found.metrics == (Change(what="auc", before="0.75", after="0.8"),)
    assert found.verdict == ()
    assert found.unknown == ()


def test_a_version_does_not_differ_from_itself(account: Any) -> None:
    two_versions(account)
    found = diff(account, DEPLOYED, 2, 2)
    parts = (found.data, found.code, found.image, found.hyperparameters, found.metrics)
    assert parts == ((), (), (), (), ())


@pytest.mark.parametrize("spoiled", [None, zipped({"model.py": b"9"})])
def test_code_that_cannot_be_had_any_more_is_said_not_to_be_compared(
    account: Any, spoiled: bytes | None
) -> None:
    two_versions(account)
    s3 = account.client("s3")
    if spoiled is None:
        s3.delete_object(Bucket="assets", Key="0.zip")
    else:
        put(s3, "assets", "0.zip", spoiled)
    found = diff(account, DEPLOYED, 1, 2)
    assert [each.what for each in found.code] == ["code"]
    assert "s3://assets/0.zip is" in found.unknown[0]


def test_a_version_without_a_record_cannot_be_told_apart(account: Any) -> None:
    account.registry.metadata[3] = {"run_id": "run-3"}
    with pytest.raises(Refused, match="version 3 has no record"):
        diff(account, DEPLOYED, 3, 3)


def test_the_champion_is_explained_when_no_version_is_named(account: Any) -> None:
    _, second = two_versions(account)
    account.serves(2)
    account.line(LedgerKind.RUN_STARTED, at(6), "run-1")
    account.line(LedgerKind.RUN_STARTED, at(5), "run-0")
    account.promoted(2, at(7))

    found = explanation.explain_champion(account, DEPLOYED)

    assert found.record == second
    assert found.serves_since == "1997-07-01T00:00:00Z"
    [data] = found.data
    assert (data.dataset, data.files, data.rows, data.set_aside) == ("purchases", 2, 16, 1)
    assert [line.kind.value for line in found.history] == ["run_started", "recorded", "promoted"]


def test_a_version_that_does_not_serve_is_not_said_to(account: Any) -> None:
    two_versions(account)
    account.serves(2)
    assert explanation.explain(account, DEPLOYED, 1).serves is False


def test_before_the_first_promotion_there_is_no_champion_to_explain(account: Any) -> None:
    with pytest.raises(Refused, match="no version of churn serves in environment yet"):
        explanation.explain_champion(account, DEPLOYED)


def test_a_run_without_a_version_is_explained_by_its_end(account: Any) -> None:
    account.line(LedgerKind.RUN_STARTED, at(5), "run-9")
    found = explanation.explain_run(account, DEPLOYED, "run-9")
    assert (found.package, found.record, found.serves) == (None, None, False)
    assert found.execution is not None
    assert found.execution.error == "DataRejected"
    assert [line.subject for line in found.history] == ["run-9"]


def test_a_run_with_a_version_is_explained_as_that(account: Any) -> None:
    first, _ = two_versions(account)
    account.line(LedgerKind.CANDIDATE_REGISTERED, at(6), "run-0", model_package_arn=arn(1))
    found = explanation.explain_run(account, DEPLOYED, "run-0")
    assert found.package is not None
    assert (found.package.version.version, found.record) == (1, first)


def test_a_dataset_with_a_file_that_was_not_counted_has_no_number_of_rows(s3: Any) -> None:
    counted = data_file(s3, "churn/incoming/a/1.csv", b"", rows=3, first="b", last="c")
    [data] = explanation.summed(
        [counted, replace(counted, rows=None, first="a", last="b", set_aside=(1, 2))]
    )
    assert (data.rows, data.set_aside, data.first, data.last) == (None, 2, "a", "c")


def test_a_backfill_meets_the_version_that_served_then(account: Any) -> None:
    for version, month in ((1, 5), (2, 6), (3, 7)):
        account.promoted(version, at(month))
        account.registry.metadata[version] = {
            "artifact_sha256": f"a{version}",
            "manifest_sha256": "m",
            "baseline_uri": "s3://reports/b",
        }

    answer = retraining.backfill(account, DEPLOYED, as_of="1997-06-15", reason="the incident")

    assert answer.outcome == "started"
    event = account.admission.event
    assert event["champion"] == {
        "model_package_arn": arn(2),
        "version": 2,
        "model_data_url": "s3://a/m",
        "artifact_sha256": "a2",
        "manifest_sha256": "m",
        "baseline_uri": "s3://reports/b",
        "promoted_at": "1997-06-01T00:00:00Z",
        "deployment": "churn-dev-v2-6",
    }
    del event["champion"]
    assert event == {
        "cause": "person",
        "purpose": "backfill",
        "as_of": "1997-06-15T00:00:00Z",
        "asked_at": "1997-09-01T00:00:00Z",
        "id": "person-1997-09-01T00:00:00Z as of 1997-06-15T00:00:00Z",
        "detail": "the incident",
    }


@pytest.mark.parametrize("as_of", ["1997-04-01", "1997-04-30T23:59:59Z"])
def test_a_backfill_of_a_time_before_anything_served_is_refused(account: Any, as_of: str) -> None:
    account.promoted(1, at(5))
    with pytest.raises(Refused, match="no version of churn served at 1997-04"):
        retraining.backfill(account, DEPLOYED, as_of=as_of, reason="x")


def test_a_backfill_against_a_version_that_was_deleted_is_refused(account: Any) -> None:
    account.promoted(1, at(5))
    with pytest.raises(Refused, match="version 1, which served then, was deleted"):
        retraining.backfill(account, DEPLOYED, as_of="1997-05-02", reason="x")


@pytest.mark.parametrize("text", ["1997-09-01", "1998-01-01T00:00:00Z"])
def test_a_backfill_is_of_the_past(text: str) -> None:
    with pytest.raises(Refused, match="is not before the account's time, 1997-09-01T00:00:00Z"):
        retraining.past(text, NOW)


@pytest.mark.parametrize("text", ["yesterday", "1997-13-01", "1997-05-01T00:00:00"])
def test_a_moment_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(Refused, match="must"):
        retraining.past(text, NOW)


def test_a_moment_may_name_its_offset() -> None:
    then = retraining.past("1997-05-01T02:00:00+02:00", NOW)
    assert moment.render(then) == "1997-05-01T00:00:00Z"


@pytest.mark.parametrize("act", [retraining.pause, retraining.resume])
def test_a_person_pauses_and_resumes_by_name_and_with_a_reason(account: Any, act: Any) -> None:
    account.admission.answer = {"outcome": "resumed", "reason": "after 3"}
    answer = act(account, DEPLOYED, reason="features are mended")
    assert (answer.outcome, answer.run_id) == ("resumed", None)
    assert account.admission.event == {
        "cause": act.__name__,
        "as_of": "1997-09-01T00:00:00Z",
        "id": "assumed-role/Operator/kim",
        "detail": "features are mended",
    }
