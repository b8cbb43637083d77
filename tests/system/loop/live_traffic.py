"""Clients that keep asking the endpoint while the account's time passes."""

import json
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.system.loop.platform_under_test import Platform

_CLIENTS = 4
_ANSWERS_PER_STEP = 12
"""A minute's bake is three steps, so that a canary of half the capacity meets requests."""


@dataclass(slots=True)
class Traffic:
    endpoint: str
    rows: bytes
    runtime: Any
    versions: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)
    _answered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def ask(self) -> None:
        while not self.stopping.wait(0.02):
            try:
                answer = self.runtime.invoke_endpoint(
                    EndpointName=self.endpoint, ContentType="text/csv", Body=self.rows
                )
                self.versions[int(json.loads(answer["Body"].read())["model_version"])] += 1
            except ClientError as error:
                original = error.response.get("OriginalStatusCode")
                self.errors[str(original or error)] += 1
            self._answered.release()

    def keep_up(self) -> None:
        """Return when a step's worth of requests was answered since the call."""
        while self._answered.acquire(blocking=False):
            pass
        for _ in range(_ANSWERS_PER_STEP):
            assert self._answered.acquire(timeout=30), "the endpoint stopped answering"

    def after_rollback(self, platform: Platform, deployment: str) -> list[str]:
        """Ask some more; return what was not answered."""
        problems: list[str] = []
        for _ in range(20):
            try:
                platform.ask_model(platform.request_rows(2))
            except ClientError as error:
                problems.append(f"{deployment}: {error}")
        return problems


@contextmanager
def live_traffic(platform: Platform) -> Generator[Traffic]:
    """Keep asking, each failure final, while the context is open; time waits for the clients."""
    traffic = Traffic(
        platform.deployed.endpoint, platform.request_rows(5), platform.impatient_runtime()
    )
    askers = [threading.Thread(target=traffic.ask, daemon=True) for _ in range(_CLIENTS)]
    for asker in askers:
        asker.start()
    platform.between_steps = traffic.keep_up
    try:
        yield traffic
    finally:
        platform.between_steps = lambda: None
        traffic.stopping.set()
        for asker in askers:
            asker.join()
