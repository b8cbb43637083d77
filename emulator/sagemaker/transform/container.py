"""One instance of a transform job, and what it is asked."""

import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3

from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.operations import Request
from emulator.sagemaker.transform.data_log import DataLog
from emulator.sagemaker.transform.settings import Settings, read_parameters
from emulator.sagemaker.transform.vitals import Vitals

_SECONDS = 600
_RETRIES = 3
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html"""
PING_SECONDS = 1800
"""https://github.com/aws/amazon-sagemaker-examples/issues/815"""


class Refused(Exception):
    """The container did not answer with success; ``clients`` says whose fault it says it was."""

    def __init__(self, *, clients: bool) -> None:
        super().__init__("4xx" if clients else "5xx or no answer")
        self.clients = clients


class Stopped(Exception):
    """The job was told to stop."""


class Container:
    """``ask`` may be called by several threads."""

    def __init__(
        self,
        instance: Instance,
        request: Request,
        log: DataLog,
        vitals: Vitals,
        *,
        stop: threading.Event,
    ) -> None:
        self.log = log
        self._vitals = vitals
        self._instance = instance
        self._request = request
        self._stop = stop
        client = request.get("ModelClientConfig", {})
        self._retries: int = client.get("InvocationsMaxRetries", _RETRIES)
        self._timeout = urllib3.Timeout(total=client.get("InvocationsTimeoutInSeconds", _SECONDS))
        self._pool: urllib3.HTTPConnectionPool | None = None

    def start(self) -> Settings:
        """Start, and ask the container how it wants to be asked."""
        self._instance.start(seconds=PING_SECONDS, cancelled=self._stop)
        self._vitals.begin(self._instance.pid)
        host = urlsplit(self._instance.url)
        # Keep-alive as with endpoints: a server closes what is idle, so nothing waits for long.
        self._pool = urllib3.HTTPConnectionPool(
            host.hostname or "", host.port, maxsize=16, timeout=self._timeout, retries=False
        )
        answer = self._pool.request("GET", "/execution-parameters")
        settings = Settings.of(self._request, read_parameters(answer.status, answer.data))
        self.log.say(settings.line())
        return settings

    def end(self, grace: float) -> None:
        if self._pool is not None:
            self._pool.close()
        self._vitals.take(self._instance.pid)
        self._instance.stop(grace)
        self._instance.logs.finish()

    def report(self) -> None:
        """Send on what it printed and used meanwhile."""
        self._instance.logs.flush()
        self._vitals.look(self._instance.pid)

    def kill(self) -> None:
        self._instance.stop(0)

    def ask(self, name: str, payload: bytes) -> bytes:
        """Return the answer to one payload of the object ``name``."""
        for left in range(self._retries, -1, -1):
            if self._stop.is_set():
                raise Stopped
            answer = self._asked(payload)
            if answer is not None and answer.status == 200:
                return answer.data
            clients = answer is not None and 400 <= answer.status < 500
            if left and not clients:
                continue
            if self._stop.is_set():
                raise Stopped
            if answer is None:
                self.log.unanswered(name)
            else:
                self.log.refused(name, answer.status, answer.data)
            raise Refused(clients=clients)
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, payload: bytes) -> urllib3.BaseHTTPResponse | None:
        if self._pool is None:
            raise RuntimeError("a container is asked after its start")
        try:
            return self._pool.request(
                "POST", "/invocations", body=payload, headers=headers_of(self._request)
            )
        except urllib3.exceptions.HTTPError:
            return None


def headers_of(request: Request) -> Mapping[str, str]:
    given = {
        "Content-Type": request["TransformInput"].get("ContentType"),
        "Accept": request["TransformOutput"].get("Accept"),
    }
    return {name: value for name, value in given.items() if value is not None}
