"""New data starts a run; what breaks the model's rules is put aside, and stops no good data."""

import json

import pytest

from contracts import layout, moment
from contracts.ledger import LedgerKind
from contracts.snapshot import Snapshot, parse_snapshot
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

_COOL_DOWN = 3700.0
"""Seconds after a run in which the card lets new data start none."""


def test_new_data_starts_a_run(platform: Platform):
    platform.account.advance(_COOL_DOWN)
    before = platform.runs()
    key = platform.land("late-delivery.csv", platform.late.take())
    platform.pass_until(lambda: platform.runs() != before, "new data started a run")
    platform.come_to_rest()
    [run_id] = platform.runs() - before
    run = platform.ended(run_id)
    assert run.status == "SUCCEEDED", run.failed()
    [started] = platform.ledger(LedgerKind.RUN_STARTED, about=run_id)
    assert started.details["cause"] == "new_data"
    assert key in started.summary


def test_a_bad_file_beside_good_ones_is_put_aside_and_the_run_goes_on(platform: Platform):
    bad = b"customer_id,date,quantity,amount\n1,1997-04-20,0,9.50\n"
    with platform.no_new_data_rule():
        good = platform.land("beside-a-bad-one.csv", platform.late.take())
        key = platform.land("bad.csv", bad)

    run = platform.run("a good file and a bad one", force=False)

    assert run.status == "SUCCEEDED", run.failed()
    assert run.output["quarantined"] == 1
    told = {"'quantity'", "row 1", "rule: min 1"}
    _assert_quarantined(platform, run.run_id, key, "purchases", bad, told)
    [notice] = platform.notices(run)
    assert all(part in notice.text for part in {"Data refused: ", "purchases/bad.csv", *told})
    read = _snapshot_of(platform, run.run_id)
    listed = {file.key: file for file in read.files}
    assert good in listed
    assert key not in listed
    assert listed[good].rows == 10
    page = layout.validation_prefix("churn", run.run_id) + "report.html"
    body = platform.client("s3").get_object(Bucket=platform.deployed.reports_bucket, Key=page)
    assert b"Accepted in part" in body["Body"].read()


def test_a_backfill_learns_from_what_lay_there_then(platform: Platform):
    with platform.no_new_data_rule():
        key = platform.land("to-be-changed.csv", platform.late.take())
    before = platform.run("before a file is changed", force=False)
    assert before.status == "SUCCEEDED", before.failed()
    then = platform.account.now()
    platform.account.advance(60)
    with platform.no_new_data_rule():
        platform.land("to-be-changed.csv", platform.late.take())
        platform.land("of-later.csv", platform.late.take())

    answer = platform.command_line("backfill", "--as-of", moment.render(then))
    platform.come_to_rest()

    run = platform.ended(answer["run_id"])
    assert run.status == "SUCCEEDED", run.failed()
    assert _snapshot_of(platform, run.run_id).digest == _snapshot_of(platform, before.run_id).digest
    jobs = platform.client("sagemaker").list_training_jobs(NameContains=run.run_id)
    [name] = [job["TrainingJobName"] for job in jobs["TrainingJobSummaries"]]
    channels = platform.client("sagemaker").describe_training_job(TrainingJobName=name)
    [uri] = [
        channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in channels["InputDataConfig"]
        if channel["ChannelName"] == "purchases"
    ]
    assert "/_passing/churn/staged/" in uri
    assert key in {file.key for file in _snapshot_of(platform, run.run_id).files}
    later = platform.run("what came later", force=False)
    assert later.status == "SUCCEEDED", later.failed()


def _snapshot_of(platform: Platform, run_id: str) -> Snapshot:
    """Return the snapshot that a run's record says it learned from."""
    s3 = platform.client("s3")
    record = s3.get_object(
        Bucket=platform.deployed.reports_bucket, Key=layout.record_key("churn", run_id)
    )
    bucket, key = layout.split_s3_uri(json.loads(record["Body"].read())["snapshot_uri"])
    return parse_snapshot(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


BAD_FILES = {
    "missing column": (
        b"customer_id,date,quantity\n1,1997-04-20,1\n",
        {"'amount'", "rule: columns"},
    ),
    "null label": (
        b"customer_id,snapshot_date,churned\n1,1997-02-01,0\n2,1997-02-01,\n",
        {"'churned'", "row 2", "rule: not_null"},
    ),
    "text in a number": (
        b"customer_id,date,quantity,amount\n1,1997-04-20,1,9.50\n2,1997-04-20,many,9.50\n",
        {"'quantity'", "row 2", "'many'", "rule: type integer"},
    ),
    "empty": (b"", {"empty", "rule: not_empty"}),
    "truncated": (
        b"customer_id,date,quantity,amount\n1,1997-04-20,1,9.50\n2,1997-04-20,1,9",
        {"cut off", "rule: complete"},
    ),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_bad_file_stops_the_run_at_validation_and_is_put_aside(platform: Platform, fault: str):
    content, told = BAD_FILES[fault]
    champion = platform.champion()
    dataset = "labels" if fault == "null label" else "purchases"
    name = f"{fault.replace(' ', '-')}.csv"
    with platform.no_new_data_rule():
        key = platform.land(name, content, dataset=dataset)

    run = platform.run(f"a file with {fault}", force=False)

    assert (run.status, run.error) == ("FAILED", "DataRejected"), run.failed()
    assert platform.steps(run)[-1] == "JudgeData"
    [notice] = platform.notices(run)
    for part in {f"{dataset}/{name}", *told}:
        assert part in notice.text
    _assert_quarantined(platform, run.run_id, key, dataset, content, told)
    [refused] = platform.ledger(LedgerKind.DATA_REFUSED, about=run.run_id)
    assert f"{dataset}/{name}" in refused.summary
    platform.assert_at_rest_on(champion)


def _assert_quarantined(
    platform: Platform, run_id: str, key: str, dataset: str, content: bytes, told: set[str]
) -> None:
    s3, bucket, model = platform.client("s3"), platform.deployed.data_bucket, "churn"
    kept = layout.quarantine_key(model, run_id, dataset, key.rpartition("/")[2])
    assert s3.get_object(Bucket=bucket, Key=kept)["Body"].read() == content
    reason = json.loads(s3.get_object(Bucket=bucket, Key=f"{kept}.reason.json")["Body"].read())
    first = reason["violations"][0]["message"]
    assert all(part in first for part in told), first
    incoming = s3.list_objects_v2(Bucket=bucket, Prefix=layout.incoming_prefix(model))["Contents"]
    assert key not in {item["Key"] for item in incoming}
