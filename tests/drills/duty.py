"""Somebody on duty: watches alarms, reads what is told, follows runbooks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from emulator.client import PROJECT
from tests.drills.alarm_names import name_of
from tests.drills.record import Drilled, Record
from tests.drills.runbook import Runbook
from tests.system.loop.operator_inbox import Notice
from tests.system.loop.platform_under_test import LivePlatform

MINUTE = 60.0
_STAYS = timedelta(minutes=10)
"""How long an alarm is off before it counts as over."""
_TOOLS = {
    "perennial": [sys.executable, "-m", "perennial"],
    "aws": [str(PROJECT / ".perennial" / "env" / "awscli" / "bin" / "aws")],
}
_KINDS = ["MetricAlarm", "CompositeAlarm"]


@dataclass(slots=True, kw_only=True)
class Duty:
    platform: LivePlatform
    record: Record
    _detected: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _began: datetime | None = None
    _told: int = 0

    def begin(self) -> None:
        """Say that the cause begins now: nothing may be on before."""
        self.calm()
        self._told = len(self.platform.inbox.everything())
        self._began, self._detected = self.platform.account.now(), {}

    def calm(self) -> None:
        """Let what another drill set off end."""
        self.platform.come_to_rest()
        self.platform.pass_until(lambda: not self.on(), "no alarm is on", step=60 * MINUTE)
        self.platform.pass_until(lambda: not self._held_back(), "all is told", step=5 * MINUTE)

    def alarms(self) -> dict[str, dict[str, Any]]:
        """Return the model's and the platform's alarms by their drills' names."""
        pages = self.platform.client("cloudwatch").get_paginator("describe_alarms")
        return {
            name_of(alarm, alarm["AlarmName"]): alarm
            for page in pages.paginate(AlarmTypes=_KINDS)
            for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
            if "perennial" in alarm["AlarmName"]
        }

    def on(self) -> list[str]:
        return [name for name, alarm in self.alarms().items() if alarm["StateValue"] == "ALARM"]

    def _held_back(self) -> list[str]:
        """Return the alarms that will tell later what they have not told yet."""
        return [name for name, alarm in self.alarms().items() if "ActionsSuppressedBy" in alarm]

    def detects(self, *names: str) -> bool:
        """Say whether all of these are on or have been; note since when."""
        for name, alarm in self.alarms().items():
            if name in names and alarm["StateValue"] == "ALARM":
                self._detected.setdefault(name, alarm["StateTransitionedTimestamp"])
        return set(names) <= self._detected.keys()

    def recovers(self, *names: str) -> bool:
        """Say whether all of these are off, and stay so; then write down how long it took."""
        found, now = self.alarms(), self.platform.account.now()
        for name in names:
            since = now - found[name]["StateTransitionedTimestamp"]
            if found[name]["StateValue"] == "ALARM" or since < _STAYS:
                return False
        assert self._began is not None
        for name in names:
            recovered = found[name]["StateTransitionedTimestamp"]
            detected = self._detected[name]
            self.record.add(
                Drilled(alarm=name, began=self._began, detected=detected, recovered=recovered)
            )
        return True

    def told(self, runbook: str) -> list[Notice]:
        """Return what people were told of this runbook's alarm since the cause began."""
        page = f"docs/runbooks/{runbook}.md"
        return [
            each for each in self.platform.inbox.everything()[self._told :] if page in each.text
        ]

    def assert_told_that_it_is_over(self, runbook: str) -> None:
        """The first thing told is that it is on, the last that it is off."""
        self.platform.pass_until(lambda: not self._held_back(), "all is told", step=MINUTE)
        told = [notice.is_over for notice in self.told(runbook)]
        assert told, f"nobody was told of {runbook}"
        # Off, on and off again is what a share of few requests may be while a cause ends.
        assert told == [False, True] * (len(told) // 2), told

    def follow(
        self,
        runbook: str,
        begins: str,
        known: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command of the runbook; return what it said."""
        place = self.platform.deployed
        facts = {
            "env": place.environment,
            "model": place.model,
            "endpoint": place.endpoint,
            "captures bucket": place.captures_bucket,
            "reports bucket": place.reports_bucket,
            **(known or {}),
        }
        account = self.platform.account
        tool, *words = Runbook(name=runbook).command(begins, facts)
        if tool == "aws":  # version 1 asks SQS elsewhere than AWS_ENDPOINT_URL says
            words = ["--endpoint-url", account.endpoint_url, *words]
        done = subprocess.run(
            [*_TOOLS[tool], *words],
            cwd=PROJECT,
            env={**os.environ, **account.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, f"{begins} of {runbook}: {done.stdout}"
        return done.stdout

    def follow_json(self, runbook: str, begins: str, known: Mapping[str, str]) -> Any:
        said = self.follow(runbook, begins, known)
        return json.loads(said) if said.strip() else {}

    def ask(self, count: int, *, provoking: str = "", body: bytes | None = None) -> None:
        """Ask the endpoint at once; what it refuses or fails is not our business here."""
        runtime = self.platform.impatient_runtime()
        rows = self.platform.request_rows(2) if body is None else body
        more = {"CustomAttributes": f"provoke={provoking}"} if provoking else {}

        def one(_: int) -> None:
            with suppress(ClientError):
                runtime.invoke_endpoint(
                    EndpointName=self.platform.deployed.endpoint,
                    ContentType="text/csv",
                    Body=rows,
                    **more,
                )

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(count)))

    def each_minute(
        self, do: Callable[[], object], *, until: Callable[[], bool], most: int = 60
    ) -> None:
        """Do it once in every minute of the account's time until something holds."""
        for _ in range(most):
            if until():
                return
            do()
            self.platform.account.advance(MINUTE)
        raise AssertionError(f"after {most} minutes alarms are on: {self.on()}")
