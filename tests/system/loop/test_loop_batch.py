"""A person scores whole files with the version that serves; nobody is told but the ledger."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.card import load
from contracts.ledger import LedgerKind
from emulator.client import PROJECT
from tests.system.loop import churn_folder
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

ROWS = 12_000
"""More than one request may hold."""
FEATURES = [
    feature.name
    for feature in load(PROJECT / "ml" / "workloads" / churn_folder.MODEL / "card.toml").features
]


def row(number: int) -> str:
    return ",".join(str(number * step % 300) for step in range(1, len(FEATURES) + 1))


def test_a_file_is_scored_by_the_champion_row_by_row_as_its_endpoint_would(
    platform: Platform, tmp_path: Path
) -> None:
    champion, told = platform.champion(), len(platform.inbox.all())
    lines = [row(number) for number in range(ROWS)]
    file, answers = tmp_path / "july.csv", tmp_path / "answers.jsonl"
    file.write_text("\n".join([",".join(FEATURES), *lines, ""]))

    found = platform.command_line("batch", str(file), "--out", str(answers), "--reason", "July")

    assert (found["rows"], found["version"]) == (ROWS, champion.version)
    scored = [json.loads(line) for line in answers.read_text().splitlines()]
    assert len(scored) == ROWS
    assert {each["model_version"] for each in scored} == {str(champion.version)}
    asked = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=platform.deployed.endpoint,
        ContentType="text/csv",
        Body="\n".join(lines[-100:]).encode(),
    )
    wanted = json.loads(asked["Body"].read())["predictions"]
    assert [each["score"] for each in scored[-100:]] == pytest.approx(
        [each["score"] for each in wanted], abs=1e-9
    )
    [line] = platform.ledger(LedgerKind.BATCH_SCORED)
    assert line.summary == f"12,000 rows of 1 file scored by version {champion.version}"
    assert line.details["cause"] == "person: July"
    platform.pass_until(lambda: bool(platform.ledger(LedgerKind.BATCH_ENDED)), "it is settled")
    assert len(platform.inbox.all()) == told


def test_a_file_whose_columns_are_in_another_order_is_refused_by_name_and_told_of_once(
    platform: Platform, tmp_path: Path
) -> None:
    told = len(platform.inbox.all())
    file = tmp_path / "reversed.csv"
    file.write_text("\n".join([",".join(reversed(FEATURES)), row(1), ""]))
    done = subprocess.run(
        [sys.executable, "-m", "perennial", "batch", str(file)],
        cwd=PROJECT,
        env={**os.environ, **platform.account.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    assert "UnreadableInput: reversed.csv: a header must name recency_days" in done.stderr
    platform.pass_until(lambda: len(platform.inbox.all()) > told, "people are told")
    [notice] = platform.inbox.all()[told:]
    assert "docs/runbooks/batch-failed.md" in notice.text
    assert "reversed.csv" in notice.text
