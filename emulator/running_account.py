"""An account that answers, as a client sees it: its clients, its clock, its images, its end."""

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emulator.faults.asked import FaultSetter
from emulator.instances_asked import InstanceSetter
from emulator.launch import Launch

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class AccountError(Exception):
    """The account answered a control call with an error; ``code`` is AWS's where AWS has one."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RunningAccount(FaultSetter, InstanceSetter):
    """An account that answers at ``endpoint_url``; as a context manager it stops at the end."""

    def __init__(
        self,
        endpoint_url: str,
        *,
        launch: Launch | None = None,
    ) -> None:
        self.endpoint_url = endpoint_url
        self._launch = launch
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        facts = self.health()
        self.account_id: str = facts["account_id"]
        self.region: str = facts["region"]
        self.state = Path(facts["state"])
        self.pid: int = facts["pid"]
        self.ready_seconds: float | None = facts.get("ready_seconds")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Return the variables that point an AWS SDK, the CLI or the CDK at this account."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client of this account, the same one for each call."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def _make_client(self, service: str) -> Any:
        from boto3.session import Session

        # A session of its own: the caller's profile and default session have no say in it.
        keys = self.environment()
        return Session(
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            region_name=self.region,
        ).client(service, endpoint_url=self.endpoint_url)

    def health(self) -> dict[str, Any]:
        return self._call("GET", "health")

    def now(self) -> datetime:
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def advance(self, by: timedelta | float, *, patience: float = 5.0) -> datetime:
        """Let ``by`` (seconds, or a timedelta) pass; return the account's time then.

        What falls due on the way happens at its own time; ``patience`` bounds in real seconds how
        long each step waits for the invocations it set off.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else float(by)
        return self._move({"advance_seconds": seconds, "patience_seconds": patience})

    def advance_to(self, moment: datetime, *, patience: float = 5.0) -> datetime:
        """Like :meth:`advance`, to a moment (with a zone)."""
        return self._move({"to": moment.isoformat(), "patience_seconds": patience})

    def _move(self, body: Mapping[str, Any]) -> datetime:
        return datetime.fromisoformat(self._call("POST", "clock", body, timeout=3600)["now"])

    def register_image(
        self,
        repository: str,
        tag: str,
        *,
        root: Path,
        sources: Sequence[Path | str],
        entrypoint: Sequence[str],
        path: Sequence[Path | str] = (),
        environment: Mapping[str, str] | None = None,
        lock: Path | None = None,
    ) -> dict[str, Any]:
        """Push an image made of ``sources`` below ``root`` to an ECR repository that exists.

        Returns its ``uri`` (by digest) and ``digest``. Raises :class:`AccountError` with ECR's
        code, ``ImageTagAlreadyExistsException``, when an immutable tag names other content.
        """
        return self._call(
            "POST",
            "images",
            {
                "repository": repository,
                "tag": tag,
                "root": str(root.resolve()),
                "sources": [str(source) for source in sources],
                "entrypoint": list(entrypoint),
                "path": [str(entry) for entry in path],
                "environment": dict(environment or {}),
                "lock": None if lock is None else str(lock.resolve()),
            },
        )

    def detach(self) -> None:
        """Let the account outlive this process."""
        if self._launch is not None:
            self._launch.let_go()
            self._launch = None

    def stop(self) -> None:
        """Stop the account; return when its process is gone."""
        # An error means that it is gone or going already.
        with contextlib.suppress(OSError, AccountError):
            self._call("POST", "stop", {})
        if self._launch is not None:
            self._launch.end()
            self._launch = None
        else:
            self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            try:
                self.health()
            except OSError:
                return
            time.sleep(0.05)
        raise TimeoutError(f"the account at {self.endpoint_url} still answers 5 s after its stop")

    def _call(
        self, method: str, name: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the account's own address
            f"{self.endpoint_url}/_emulator/{name}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with _DIRECT.open(request, timeout=timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                described = _described(error.read())
            raise AccountError(described["error"], described["message"]) from None


def _described(body: bytes) -> dict[str, str]:
    try:
        return json.loads(body)
    except ValueError:
        return {"error": "Unexpected", "message": body[:200].decode(errors="replace")}
