"""A program that fails says how, shows the end of its log, and names the next step."""

import sys
from pathlib import Path

import pytest

from demo import children
from demo.failure import DemoFailed


def run(code: str, log: Path) -> None:
    children.run(
        (sys.executable, "-c", code),
        what="the program",
        log=log,
        cwd=log.parent,
        environment={"GREETING": "hello"},
        next_step="try again",
    )


def test_output_goes_to_the_log(tmp_path: Path) -> None:
    run("import os; print(os.environ['GREETING'])", tmp_path / "logs" / "log")
    assert (tmp_path / "logs" / "log").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("print('why'); raise SystemExit(3)", "exit code 3"),
        ("print('why', flush=True); import os; os.kill(os.getpid(), 9)", "signal SIGKILL"),
    ],
)
def test_a_failure_names_its_ending_and_shows_its_log(
    code: str, ending: str, tmp_path: Path
) -> None:
    with pytest.raises(DemoFailed, match=f"the program ended with {ending}") as failed:
        run(code, tmp_path / "log")
    assert failed.value.evidence == "why"
    assert failed.value.next_step == f"try again (whole log: {tmp_path / 'log'})"
