"""The whole app with its policy checks, as the CDK CLI would run it (slow)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_s3 as s3

from infra import platform, settings
from infra.bundles import ROOT
from tests.infra.support import context


def synthesize_app(out: Path, environment: str) -> dict[str, bytes]:
    """Run app.py in a process of its own that knows nothing of any account."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_")) and name != "HOME"
    }
    asked = {"env": environment, "notify": "oncall@example.org", **context()}
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **clean,
            "HOME": str(out.parent),
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(asked),
        },
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_two_synths_are_the_same_to_the_byte(environment: str, tmp_path: Path) -> None:
    first = synthesize_app(tmp_path / "first", environment)
    second = synthesize_app(tmp_path / "second", environment)
    assert first.keys() == second.keys()
    assert [name for name, content in first.items() if second[name] != content] == []


def test_a_policy_violation_fails_the_synthesis(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), context=context())
    platform.build(app, settings.load("dev"), [])
    s3.Bucket(app.node.find_child("perennial-dev-storage"), "Open")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()
