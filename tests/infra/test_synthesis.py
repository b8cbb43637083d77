"""The whole app with its policy checks, as the CDK CLI would run it (slow)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bundles import ROOT
from tests.infra.support import context


def run(
    program: list[str],
    out: Path,
    environment: str,
    *,
    notify: str = "oncall@example.org",
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own that knows nothing of any account, with all checks on."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))
    }
    asked = {"env": environment, "notify": notify, **more, **context()}
    return subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env={
            **clean,
            "HOME": str(out.parent),
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(asked),
        },
        check=False,
        capture_output=True,
        text=True,
    )


def synthesize_app(out: Path, environment: str) -> dict[str, bytes]:
    answer = run(["app.py"], out, environment)
    assert answer.returncode == 0, answer.stderr
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_two_synths_are_the_same_to_the_byte(environment: str, tmp_path: Path) -> None:
    first = synthesize_app(tmp_path / "first", environment)
    second = synthesize_app(tmp_path / "second", environment)
    assert first.keys() == second.keys()
    assert [name for name, content in first.items() if second[name] != content] == []


def test_the_tracking_server_breaks_no_policy(tmp_path: Path) -> None:
    answer = run(["app.py"], tmp_path / "out", "prod", tracking="on")
    assert answer.returncode == 0, answer.stderr


OPEN_BUCKET = """
from aws_cdk import App
from aws_cdk import aws_s3 as s3
from infra import platform, settings

app = App()
platform.build(app, settings.load("dev"), [])
s3.Bucket(app.node.find_child("perennial-dev-storage"), "Open")
app.synth()
"""


def test_a_policy_violation_fails_the_synthesis(tmp_path: Path) -> None:
    answer = run(["-c", OPEN_BUCKET], tmp_path / "out", "dev")
    assert answer.returncode != 0
    assert "AwsSolutions-S1" in answer.stderr


def test_production_without_a_subscriber_does_not_synthesize(tmp_path: Path) -> None:
    answer = run(["app.py"], tmp_path / "out", "prod", notify="")
    assert answer.returncode != 0
    assert "must have at least one subscriber" in answer.stderr
