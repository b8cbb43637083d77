"""Two demos in one checkout would stop each other's account: the second one is refused."""

import os
from pathlib import Path

import pytest

from demo import places
from demo.failure import DemoFailed
from demo.one_at_a_time import one_at_a_time


def test_a_second_demo_is_told_who_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "DEMO", tmp_path)
    with one_at_a_time():
        second = one_at_a_time()
        with pytest.raises(DemoFailed, match=f"process {os.getpid()}"):
            second.__enter__()
    with one_at_a_time():
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
