"""One account's life in this process: take the folder and the port, serve, leave nothing."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Never

from emulator import listener, processes
from emulator.account import DEFAULT_ACCOUNT_ID, Identity, region_of
from emulator.state_folder import StateFolder
from emulator.surroundings import redirect_output_to, set_environment

if TYPE_CHECKING:
    from emulator.running import RunningServices

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


def run(options: Options) -> Never:
    """Serve until told to stop; the process ends here."""
    began = time.monotonic()
    folder = StateFolder(root=options.state)
    leftovers = folder.take(fresh=options.fresh)
    sock = listener.listen_on(options.port)
    identity = Identity(
        account_id=DEFAULT_ACCOUNT_ID, region=region_of(), port=sock.getsockname()[1]
    )
    set_environment(identity, folder)
    processes.tie_children_to(folder.root)
    told = redirect_output_to(folder.log)
    host = _Host(
        options=options, folder=folder, identity=identity, began=began, leftovers=leftovers
    )
    try:
        asyncio.run(host.serve(sock, told))
    except BaseException as error:
        traceback.print_exc()
        print(f"the account did not start: {error!r} (see {folder.log})", file=told, flush=True)
    _end(folder, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    options: Options
    folder: StateFolder
    identity: Identity
    began: float
    leftovers: int

    async def serve(self, sock: socket.socket, told: IO[str]) -> None:
        # Late: what this imports reads the environment and the clock.
        from emulator.running import RunningServices

        stopping = self._listen_for_the_end()
        facts = self._facts()
        services = RunningServices.make(self.options, self.folder, self.identity, facts, stopping)
        serving = asyncio.create_task(services.serve(sock))
        await self._first(serving, services.ready)
        facts["ready_seconds"] = round(time.monotonic() - self.began, 2)
        self.folder.write_record(facts)
        print(self._ready_line(facts["ready_seconds"]), file=told, flush=True)
        await self._first(serving, stopping)
        await self._stop(services)

    def _listen_for_the_end(self) -> asyncio.Event:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        if self.options.lifeline is not None:
            _follow(
                self.options.lifeline,
                lambda: loop.call_soon_threadsafe(stopping.set),
                lambda: _end(self.folder, 0),
            )
        return stopping

    def _facts(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "endpoint_url": self.identity.endpoint_url,
            "account_id": self.identity.account_id,
            "region": self.identity.region,
            "state": str(self.folder.root),
            "leftovers": self.leftovers,
        }

    @staticmethod
    async def _first(serving: "asyncio.Task[None]", event: asyncio.Event) -> None:
        """Wait for the event; a server that ends before it has failed."""
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
            raise RuntimeError("the server ended by itself")

    def _ready_line(self, seconds: float) -> str:
        cleared = f", cleared {self.leftovers} leftover processes" if self.leftovers else ""
        return (
            f"embedded account ready at {self.identity.endpoint_url} after {seconds} s{cleared}; "
            f"stop it with Ctrl-C or: kill {os.getpid()}"
        )

    async def _stop(self, services: "RunningServices") -> Never:
        late = threading.Timer(_STOP_LIMIT, _end, (self.folder, 0))
        late.daemon = True
        late.start()
        try:
            await asyncio.to_thread(services.stop)
        except Exception:
            traceback.print_exc()
        _end(self.folder, 0)


def _follow(lifeline: int, stop: Callable[[], object], end: Callable[[], object]) -> None:
    """End with the starter: its end of the pipe closes when it dies, however it dies."""

    def read() -> None:
        if os.read(lifeline, 1) == b"":
            stop()
            time.sleep(2 * _STOP_LIMIT)  # an event loop that hangs cannot stop by itself
            end()

    threading.Thread(target=read, name="lifeline", daemon=True).start()


def _end(folder: StateFolder, status: int) -> Never:
    """End this process and every child, without waiting for threads that may never return."""
    processes.sweep(folder.root, patience=0.3)
    folder.release()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
