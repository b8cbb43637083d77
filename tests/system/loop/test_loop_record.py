"""Why a version is live, and whether it can be built again, told by one command each."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import layout, moment
from contracts.run import Champion
from emulator.client import PROJECT
from perennial.evidence import read
from tests.system.loop import churn_folder, image_folder
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

_A_DAY = 86_400.0


def command(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Have a person run ``perennial``, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "perennial", *arguments],
        cwd=PROJECT,
        env={**os.environ, **platform.account.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def recreated(platform: Platform, version: int, *how: str, code: int = 0) -> dict[str, Any]:
    done = command(platform, "recreate", str(version), *how, "--json")
    assert done.returncode == code, f"{how}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)["comparison"] | {"job": json.loads(done.stdout)["training_job"]}


def test_one_command_says_why_the_champion_is_live(platform: Platform):
    champion = platform.champion()

    found = platform.command_line("explain")

    assert found["package"]["version"]["version"] == champion.version
    assert found["serves"] is True
    record = found["record"]
    assert record["model_package_arn"] == champion.model_package_arn
    assert record["artifact_sha256"] == champion.artifact_sha256
    assert record["approved_by"] == "the gate"
    made = record["provenance"]
    assert len(made["lock_sha256"]) == len(made["code_sha256"]) == 64
    assert (made["threads"], made["hyperparameters"]["max_iter"]) == (1, "2")
    assert {data["dataset"] for data in found["data"]} == {"purchases", "labels"}
    assert all(data["files"] and data["rows"] for data in found["data"])
    assert all(criterion["passed"] for criterion in found["verdict"]["criteria"])
    kinds = [line["kind"] for line in found["history"]]
    for kind in ("run_started", "candidate_registered", "recorded", "promoted"):
        assert kind in kinds
    of_run = platform.command_line("explain", "--run", record["run_id"])
    assert of_run["record"] == record
    text = command(platform, "explain").stdout
    assert "verified, sha256" in text
    assert "the gate" in text


def test_a_record_that_was_changed_afterwards_counts_no_more(platform: Platform):
    record = platform.command_line("explain")["record"]
    bucket, key = platform.deployed.reports_bucket, layout.record_key("churn", record["run_id"])
    s3 = platform.client("s3")
    good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=good.replace(b"the gate", b"the boss"))
    try:
        done = command(platform, "explain")
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=good)

    assert done.returncode == 1
    assert "one of them was changed after the run" in done.stderr
    assert command(platform, "explain").returncode == 0


@pytest.fixture
def another_day(platform: Platform) -> Iterator[Champion]:
    """A day after the champion was promoted, with nothing else going on."""
    champion = platform.champion()
    platform.account.advance(_A_DAY)
    platform.come_to_rest()
    yield champion
    platform.come_to_rest()


def test_a_version_is_built_again_the_same_until_an_input_changes(
    platform: Platform, another_day: Champion, tmp_path: Path
):
    version = another_day.version
    found = recreated(platform, version)
    assert found["outcome"] == "the same"
    assert found["manifest"] == another_day.manifest_sha256 == found["recorded_manifest"]
    assert found["files"] == {}
    assert recreated(platform, version)["job"] == found["job"], "it was trained twice"

    _other_code_is_named(platform, version, tmp_path)
    _other_lock_is_named(platform, version, tmp_path)
    _data_that_is_gone_is_named(platform, version)
    assert platform.champion() == another_day


def _other_code_is_named(platform: Platform, version: int, room: Path) -> None:
    churn_folder.change(platform.models, room / "models")
    found = recreated(platform, version, "--code", str(room / "models" / "churn"), code=1)
    assert {reason["field"] for reason in found["reasons"]} == {"code_sha256"}
    assert {"card.toml", "provenance.json"} <= set(found["files"])
    assert "model.onnx" not in found["files"]


def _other_lock_is_named(platform: Platform, version: int, room: Path) -> None:
    root = image_folder.tampered(
        room / "image", "requirements/ml.txt", lambda text: f"# another lock\n{text}"
    )
    repository = platform.deployed.repository
    digest = image_folder.push(platform.account, repository, "other-lock", root)
    try:
        found = recreated(platform, version, "--image", "standard-other-lock", code=1)
    finally:
        platform.client("ecr").batch_delete_image(
            repositoryName=repository, imageIds=[{"imageDigest": digest}]
        )
    assert {reason["field"] for reason in found["reasons"]} == {"lock_sha256"}
    assert "lock_sha256 is" in found["summary"]
    done = command(platform, "recreate", str(version), "--image", "standard-other-lock")
    assert done.returncode == 1
    assert "image standard-other-lock is not in the repository" in done.stderr


def _data_that_is_gone_is_named(platform: Platform, version: int) -> None:
    """The bytes stay, as a newer version: it is the listed one that can be had no more."""
    s3, bucket = platform.client("s3"), platform.deployed.data_bucket
    record = platform.command_line("explain", str(version))["record"]
    listed = json.loads(read(s3, record["snapshot_uri"]) or b"")["files"][-1]
    key, version_id = listed["key"], listed["version_id"]
    content = s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"].read()
    with platform.no_new_data_rule():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)
    done = command(platform, "recreate", str(version))
    assert done.returncode == 1
    assert f"data object s3://{bucket}/{key}, version {version_id}, is gone" in done.stderr


def test_history_and_difference_tell_two_versions_apart(platform: Platform):
    before = platform.champion()
    archive = churn_folder.archive(platform.models, churn_folder.FULL_STRENGTH)
    with platform.model_code(archive):
        run = platform.run("a better candidate to tell apart")
    assert run.output.get("outcome") == "promoted", run.failed()
    after = platform.champion()

    served: Any = platform.command_line("history")
    newest, older = served[:2]
    assert (newest["version"], newest["until"], newest["ended"]) == (after.version, None, None)
    assert (older["version"], older["until"]) == (before.version, newest["since"])
    assert f"version {after.version} replaced it (person: a better candidate" in older["ended"]
    assert newest["gain"]["low"] > 0
    assert (newest["metric"], newest["approved_by"]) == ("auc", "the gate")

    found = platform.command_line("diff", str(before.version), str(after.version))
    assert [change["what"] for change in found["code"]] == ["code"]
    assert "is not what the run had" in found["unknown"][0]
    assert "auc" in [change["what"] for change in found["metrics"]]
    assert found["image"] == []
    assert "reason" in [change["what"] for change in found["verdict"]]

    platform.command_line("promote", str(before.version), "--reason", "the older one was fine")
    platform.come_to_rest()
    assert platform.champion().version == before.version


def test_a_backfill_judges_as_of_then_and_leaves_what_serves(
    platform: Platform, another_day: Champion
):
    endpoint = platform.endpoint()
    then = moment.parse(another_day.promoted_at)

    answer = platform.command_line("backfill", "--as-of", moment.render(then))
    platform.come_to_rest()

    run = platform.ended(answer["run_id"])
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "backfilled"), run.failed()
    assert "Promote" not in platform.steps(run)
    found = platform.command_line("explain", "--run", run.run_id)
    assert found["record"]["as_of"] == moment.render(then)
    assert found["record"]["champion_version"] == another_day.version
    assert found["serves"] is False
    assert platform.champion() == another_day
    assert platform.endpoint()["EndpointConfigName"] == endpoint["EndpointConfigName"]
    assert platform.endpoint()["LastModifiedTime"] == endpoint["LastModifiedTime"]


def test_a_backfill_of_a_time_before_anything_served_is_refused(platform: Platform):
    done = command(platform, "backfill", "--as-of", "1997-02-01")
    assert done.returncode == 1
    assert "no version of churn served at 1997-02-01T00:00:00Z" in done.stderr
