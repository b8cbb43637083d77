"""Synthesis needs nothing but the project: no network, no credentials, no account."""

import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.client import PROJECT
from tests.system.loop.cdk_cli import Cdk

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

_WITHOUT_NETWORK = ("unshare", "--user", "--map-root-user", "--net")


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_WITHOUT_NETWORK, "true"], capture_output=True).returncode == 0


def test_synthesis_needs_no_network_and_no_credentials(tmp_path: Path):
    if not _can_unshare():
        pytest.skip("this machine does not let us run a program without a network (unshare)")
    cdk = Cdk(room=tmp_path, models=PROJECT / "ml" / "workloads", within=_WITHOUT_NETWORK)
    cdk.synthesize()
    assert len(list(cdk.assembly.glob("*.template.json"))) == 3
