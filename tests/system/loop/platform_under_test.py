"""A deployed platform as its scenarios use it: ask, land data, let time pass, look at it."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts import layout, moment
from emulator.client import PROJECT
from tests.system.loop.cdk_cli import Cdk
from tests.system.loop.late_data import LateData
from tests.system.loop.operator_inbox import Inbox, Notice
from tests.system.loop.platform_view import PlatformView, Run

STEP = 20.0
"""Seconds of the account per advance while something runs."""
_PATIENCE = 60.0
_CAP = 150.0
"""Real seconds after which a scenario is stuck."""
_NUMBERS = itertools.count()


@dataclass(slots=True, kw_only=True)
class LivePlatform(PlatformView):
    """Any one model of a deployed platform."""

    cdk: Cdk
    models: Path
    inbox: Inbox
    between_steps: Callable[[], object] = field(default=lambda: None)
    """Called after each step of the clock: time passes no faster than clients ask."""
    _asked: Iterator[int] = field(default=_NUMBERS)

    def admit(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Hand ``event`` to admission, as EventBridge, Scheduler or a person does."""
        answer = self.client("lambda").invoke(
            FunctionName=self.deployed.admission_function, Payload=json.dumps(event).encode()
        )
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        return document

    def start(self, why: str, *, force: bool = True) -> str:
        """Start a run as a person; return its id."""
        event = {
            "cause": "person",
            "as_of": moment.render(self.account.now()),
            "id": f"{why} {next(self._asked)}",
            "detail": why,
            "force": force,
        }
        answer = self.admit(event)
        assert answer["outcome"] == "started", answer
        return answer["run_id"]

    def run(self, why: str, *, force: bool = True) -> Run:
        """Have a person start a run; return when it has ended and is settled."""
        told = len(self.inbox.all())
        run_id = self.start(why, force=force)
        self.come_to_rest()
        return self.ended(run_id, told_before=told)

    def command_line(self, *arguments: str) -> dict[str, Any]:
        """Have a person run ``perennial`` on this account; return what it answers as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "perennial", *arguments, "--json"],
            cwd=PROJECT,
            env={**os.environ, **self.account.environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def land(self, name: str, content: bytes, *, dataset: str = "purchases") -> str:
        """Put a file where data lands; return its key. The event that follows may start a run."""
        key = layout.dataset_prefix(self.deployed.model, dataset) + name
        self.client("s3").put_object(Bucket=self.deployed.data_bucket, Key=key, Body=content)
        return key

    @contextmanager
    def no_new_data_rule(self) -> Generator[None]:
        """Land data without the event that asks for a run, as an operator may switch it off."""
        events = self.client("events")
        [rule] = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if layout.incoming_prefix(self.deployed.model) in rule.get("EventPattern", "")
        ]
        events.disable_rule(Name=rule)
        try:
            yield
            self.account.advance(1)  # the events are delivered, to no rule
        finally:
            events.enable_rule(Name=rule)

    @contextmanager
    def model_code(self, archive: bytes) -> Generator[Callable[[], None]]:
        """Have runs get ``archive`` as the model's code; yields what mends it before the end."""
        bucket, key = layout.split_s3_uri(self.code_uri)
        s3 = self.client("s3")
        good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()

        def mend() -> None:
            s3.put_object(Bucket=bucket, Key=key, Body=good)

        s3.put_object(Bucket=bucket, Key=key, Body=archive)
        try:
            yield mend
        finally:
            mend()

    def come_to_rest(self) -> None:
        """Let time pass until nothing runs, whoever held the lease gave it back, all is told."""
        self.pass_until(lambda: not self.running(), "no execution runs")
        self.pass_until(lambda: self.lease_owner() is None, "the lease is free")
        self.account.advance(STEP, patience=_PATIENCE)

    def pass_until(self, condition: Callable[[], bool], what: str, step: float = STEP) -> None:
        """Let the account's time pass, in small steps, until ``condition`` holds."""
        until = time.monotonic() + _CAP
        while not condition():
            assert time.monotonic() < until, f"after {_CAP:g} s not so: {what}\n{self.recently()}"
            self.account.advance(step, patience=_PATIENCE)
            self.between_steps()

    def notices(self, run: Run) -> list[Notice]:
        """Return every notification since the run was asked for, all of which must name it."""
        told = self.inbox.all()[run.told_before :]
        assert all(run.run_id in notice.text for notice in told), told
        return told


@dataclass(slots=True, kw_only=True)
class Platform(LivePlatform):
    """The churn model's, with purchases that no scenario has landed yet."""

    late: LateData
