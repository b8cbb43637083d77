"""One account's life in this process: take the folder and the port, serve, leave nothing."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from emulator import listener, processes
from emulator.account import DEFAULT_ACCOUNT_ID, Identity, region_of
from emulator.state_folder import StateFolder

_STOP_LIMIT = 1.5
"""Seconds that services get to end by themselves; then their processes are killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    port: int
    state: Path
    clock: datetime | None
    fresh: bool
    lambda_python: Path
    node: Path | None
    lifeline: int | None = None
    """A pipe of the starter: when it closes without a word, the account ends."""


def run(options: Options) -> int:
    """Serve until told to stop; never returns normally (the process ends here)."""
    began = time.monotonic()
    folder = StateFolder(root=options.state)
    leftovers = folder.take(fresh=options.fresh)
    sock = listener.listen_on(options.port)
    identity = Identity(
        account_id=DEFAULT_ACCOUNT_ID, region=region_of(), port=sock.getsockname()[1]
    )
    _set_environment(identity, folder)
    processes.tie_children_to(folder.root)
    told = _redirect_output_to(folder.log)
    try:
        asyncio.run(_serve(options, folder, identity, sock, told, began, leftovers))
    except BaseException as error:
        traceback.print_exc()
        print(f"the account did not start: {error!r} (see {folder.log})", file=told, flush=True)
        _end(folder, 1)
    _end(folder, 0)
    return 0


def _set_environment(identity: Identity, folder: StateFolder) -> None:
    """Configure MiniStack, which reads its environment when imported, and nothing but it."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LAMBDA_", "MINISTACK_", "LOCALSTACK_", "IOT_")):
            del os.environ[name]
    for name in ("SERVICES", "PERSIST_STATE", "S3_PERSIST", "AUTH", "USE_SSL", "EDGE_PORT"):
        os.environ.pop(name, None)
    os.environ.update(identity.environment())
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(identity.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": identity.account_id,
            "MINISTACK_REGION": identity.region,
            "STATE_DIR": str(folder.root / "ministack"),
            "S3_DATA_DIR": str(folder.root / "s3"),
            "TMPDIR": str(folder.temporary),
            "TZ": "UTC",
            # No container daemon is ever asked, even where there is one.
            "DOCKER_HOST": f"unix://{folder.root / 'no-docker.sock'}",
        }
    )
    time.tzset()


def _redirect_output_to(log: Path) -> IO[str]:
    """Send all output, children's too, to the log; return what reaches the starter."""
    told = os.fdopen(os.dup(1), "w")
    os.set_inheritable(told.fileno(), False)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(written)
    return told


async def _serve(
    options: Options,
    folder: StateFolder,
    identity: Identity,
    sock: socket.socket,
    told: IO[str],
    began: float,
    leftovers: int,
) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(stopping.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if options.lifeline is not None:
        _follow(options.lifeline, stop)

    from emulator.running import RunningServices

    facts: dict[str, Any] = {
        "pid": os.getpid(),
        "endpoint_url": identity.endpoint_url,
        "account_id": identity.account_id,
        "region": identity.region,
        "state": str(folder.root),
    }
    services = RunningServices.make(options, folder, identity, facts, stop)
    serving = asyncio.create_task(services.serve(sock))
    ready = asyncio.create_task(services.ready.wait())
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
        raise RuntimeError("the server ended before it was ready")
    facts |= {"ready_seconds": round(time.monotonic() - began, 2), "leftovers": leftovers}
    folder.write_record(facts)
    print(_ready_line(facts), file=told, flush=True)
    ended = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, ended}, return_when=asyncio.FIRST_COMPLETED)
    threading.Thread(target=_end_late, args=(folder,), daemon=True).start()
    await asyncio.to_thread(services.stop)
    if serving.done():
        serving.result()
    _end(folder, 0)


def _ready_line(facts: Mapping[str, Any]) -> str:
    cleaned = f", cleared {facts['leftovers']} leftover processes" if facts["leftovers"] else ""
    return (
        f"embedded account ready at {facts['endpoint_url']} after {facts['ready_seconds']} s"
        f"{cleaned}; stop it with Ctrl-C or: kill {facts['pid']}"
    )


def _follow(lifeline: int, stop: Any) -> None:
    """End with the starter: its end of the pipe closes when it dies, however it dies."""

    def read() -> None:
        if os.read(lifeline, 1) == b"":
            stop()

    threading.Thread(target=read, name="lifeline", daemon=True).start()


def _end_late(folder: StateFolder) -> None:
    time.sleep(_STOP_LIMIT)
    _end(folder, 0)


def _end(folder: StateFolder, status: int) -> None:
    """End this process and every child, without waiting for threads that may never return."""
    processes.sweep(folder.root, patience=0.3)
    folder.release()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
