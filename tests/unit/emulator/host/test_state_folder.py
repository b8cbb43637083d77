"""One account at a time has a folder, and a new one starts with what is not stale."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from emulator import processes
from emulator.state_folder import FolderInUse, StateFolder


def test_a_folder_is_one_account_s_at_a_time(tmp_path: Path):
    first = StateFolder(root=tmp_path)
    first.take(fresh=False)
    first.write_record({"pid": 7, "endpoint_url": "http://127.0.0.1:4566"})
    with pytest.raises(FolderInUse, match=r"process 7 serves http://127.0.0.1:4566 from it"):
        StateFolder(root=tmp_path).take(fresh=False)
    first.release()
    second = StateFolder(root=tmp_path)
    assert second.take(fresh=False) == 0
    second.release()


def test_a_folder_whose_account_is_just_ending_is_waited_for(tmp_path: Path):
    ending, following = StateFolder(root=tmp_path), StateFolder(root=tmp_path)
    ending.take(fresh=False)  # without a record: it has removed it already
    threading.Timer(0.3, ending.release).start()
    assert following.take(fresh=False) == 0
    following.release()


@pytest.mark.parametrize(("fresh", "kept"), [(False, ["account.log.1", "images"]), (True, [])])
def test_resources_of_an_earlier_run_are_cleared(tmp_path: Path, fresh: bool, kept: list[str]):
    for name in ("images", "s3", "tmp", "sagemaker"):
        (tmp_path / name).mkdir()
    (tmp_path / "account.log").write_text("yesterday\n")
    (tmp_path / "account.json").write_text("{}")
    folder = StateFolder(root=tmp_path)
    folder.take(fresh=fresh)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "lock", "tmp"])
    assert list(folder.temporary.iterdir()) == []
    folder.release()


def test_a_released_folder_holds_no_record_and_no_temporary_file(tmp_path: Path):
    folder = StateFolder(root=tmp_path)
    folder.take(fresh=False)
    folder.write_record({"pid": os.getpid()})
    folder.release()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are told apart by /proc")
def test_a_sweep_ends_the_account_s_processes_and_no_other(tmp_path: Path):
    def sleeper(state: Path) -> "subprocess.Popen[bytes]":
        mark = {processes.MARK: str(state.resolve())}
        return subprocess.Popen(["sleep", "60"], env={**os.environ, **mark})

    ours, other = sleeper(tmp_path / "a"), sleeper(tmp_path / "b")
    try:
        assert processes.sweep(tmp_path / "a") == 1
        assert ours.wait(5) == -9
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()
