"""Programs that the demo runs: their output goes to a file, and they end with the demo."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.failure import DemoFailed

_PR_SET_PDEATHSIG = 1
_TAIL = 30


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    log: Path,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    next_step: str,
) -> None:
    """Run ``command`` to its end; when it fails, raise with the end of its log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
    if done.returncode != 0:
        raise DemoFailed(
            f"{what} ended with {_ending(done.returncode)}",
            evidence=tail(log),
            next_step=f"{next_step} (whole log: {log})",
        )


def tail(log: Path, lines: int = _TAIL) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _ending(status: int) -> str:
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit code {status}"


def _end_with_parent() -> None:
    """Have the kernel end the child when the demo is killed, even with SIGKILL: prctl(2)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
