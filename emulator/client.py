"""Start an embedded account, or join a running one, from any interpreter with the standard library.

The account runs in the emulator's own environment as a child process that ends with the caller;
boto3 is needed only by :meth:`RunningAccount.client`.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from emulator.launch import INTERPRETER, PROJECT, DidNotStart, Launch
from emulator.running_account import AccountError, RunningAccount

__all__ = [
    "INTERPRETER",
    "PROJECT",
    "AccountError",
    "DidNotStart",
    "RunningAccount",
    "connect",
    "start",
]


def connect(endpoint_url: str) -> RunningAccount:
    """Join the account that answers at ``endpoint_url``."""
    return RunningAccount(endpoint_url)


def start(
    port: int = 0,
    *,
    state: Path,
    clock: datetime | None = None,
    fresh: bool = False,
    interpreter: Path = INTERPRETER,
    options: Sequence[str] = (),
    patience: float = 60,
) -> RunningAccount:
    """Start an account and wait until it is ready; it ends with this process, or by ``stop``.

    Raises :class:`DidNotStart` with the end of the account's log.
    """
    arguments = ["--port", str(port), "--state", str(state), *options]
    if clock is not None:
        arguments += ["--clock", clock.isoformat()]
    if fresh:
        arguments.append("--fresh")
    launch = Launch.of(arguments, interpreter=interpreter)
    try:
        return RunningAccount(launch.address(state, patience), launch=launch)
    except BaseException:
        launch.end()
        raise
