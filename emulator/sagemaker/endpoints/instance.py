"""One instance of a variant: a real server process behind /ping and /invocations."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from emulator.clock import Clock
from emulator.images import Image
from emulator.sagemaker.endpoints.artifact import unpack
from emulator.sagemaker.endpoints.logs import LogStream

_PING_TIMEOUT = 2
"""https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"""
_ATTEMPTS = 3
"""AWS restarts a crashing container for as long as the start-up may take (people report some
24 minutes); here the third crash decides. Nothing that crashes three times passes later."""
_SOON = 10.0
"""Real seconds that a start is given however far the account's clock was advanced meanwhile."""
_MISSES = 5
"""AWS does not say how many missed pings make an instance unhealthy (unproven)."""


class NotHealthy(Exception):
    """The container never answered /ping with 200."""


class Cancelled(Exception):
    """The fleet goes away while it starts."""


class Instance:
    """A container on an instance. ``outstanding`` belongs to the traffic's lock."""

    def __init__(
        self,
        *,
        image: Image,
        archive: Path | None,
        folder: Path,
        environment: Mapping[str, str],
        logs: LogStream,
        clock: Clock,
    ) -> None:
        self.id = folder.name
        self.outstanding = 0
        self.leaving = False
        self.lost = False
        self._misses = 0
        self.url = ""
        self._port = 0
        self.logs = logs
        self._clock = clock
        self._image = image
        self._archive = archive
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """All that the container writes lies below it, if it writes where it is told to."""
        return self._folder

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def exited(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def start(self, *, seconds: float, cancelled: threading.Event) -> None:
        """Start the container and wait until /ping answers 200.

        It has ``seconds``, of real time or of the account's: a container that hangs must not make
        whoever advances the clock wait for real minutes.
        """
        base = self._folder / "ml"
        (base / "model").mkdir(parents=True, exist_ok=True)
        if self._archive is not None:
            unpack(self._archive, base / "model")
        late = self._lateness(seconds)
        for _ in range(_ATTEMPTS):
            port = self._launch(base)
            if self._became_healthy(port, late, cancelled):
                self._port = port
                self.url = f"http://127.0.0.1:{port}/invocations"
                return
            self.logs.say("The container did not become healthy.")
        raise NotHealthy

    def check(self) -> None:
        """Ping once; a server that missed several pings in a row is lost, though it still runs."""
        self._misses = 0 if _ping(self._port) else self._misses + 1
        if self._misses >= _MISSES:
            self.logs.say("The container stopped answering /ping.")
            self.lost = True

    def stop(self, grace: float) -> None:
        """SIGTERM, then SIGKILL after ``grace`` seconds (30 on AWS), to all it started."""
        process = self._process
        if process is not None:
            self._signal(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace)
            self._signal(process, signal.SIGKILL)
            process.wait()
        self.logs.flush()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self, base: Path) -> int:
        port = _free_port()
        path = [str(entry) for entry in self._image.path] + [os.defpath]
        environment = {
            "PATH": os.pathsep.join(path),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            **self._image.environment,
            **self._environment,
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            # A container listens on all addresses of its own network; here that is one address.
            "BIND_HOST": "127.0.0.1",
        }
        self._process = subprocess.Popen(
            [*self._image.entrypoint, "serve"],
            cwd=self._image.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self._process.stdout is not None:
            self.logs.follow(self._process.stdout)
        return port

    def _lateness(self, seconds: float) -> Callable[[], bool]:
        began, until = time.monotonic(), self._clock.now() + timedelta(seconds=seconds)

        def late() -> bool:
            real = time.monotonic() - began
            return real > seconds or (real > _SOON and self._clock.now() > until)

        return late

    def _became_healthy(
        self, port: int, late: Callable[[], bool], cancelled: threading.Event
    ) -> bool:
        pause = 0.05
        while not self.exited:
            if _ping(port):
                return True
            if late():
                raise NotHealthy
            if cancelled.wait(pause):
                raise Cancelled
            pause = min(pause * 1.2, 0.5)
        return False

    @staticmethod
    def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
        # The group outlives its leader: what the server started must go too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def new_instance_id() -> str:
    return f"i-{uuid.uuid4().hex[:17]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ping(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PING_TIMEOUT)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
