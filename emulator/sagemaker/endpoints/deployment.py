"""The frame of every update: begin, watch the alarms, keep the time, end with one whole fleet."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from emulator.clock import Clock, ClockStopped
from emulator.sagemaker.endpoints.alarms import AlarmWatch
from emulator.sagemaker.endpoints.endpoint import Endpoint, Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.policy import DeploymentPolicy
from emulator.sagemaker.endpoints.pool import PoolError

_LOOK = 60.0
"""Seconds of the account's time between two looks, so that an advance walks through a bake."""


class RolledBack(Exception):
    """The deployment can't go on; the message is the endpoint's FailureReason.

    AWS puts the endpoint back to InService with its old configuration and tells the cause in
    FailureReason until the next update:
    https://github.com/aws-controllers-k8s/sagemaker-controller/pull/7
    https://github.com/hashicorp/terraform-provider-aws/issues/39099
    """


class Deployment(ABC):
    """One update of ``endpoint`` from its fleet (blue) to ``green``."""

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        green: Fleet,
        policy: DeploymentPolicy,
        clock: Clock,
        cloudwatch: Callable[[], Any],
    ) -> None:
        self.endpoint = endpoint
        self.green = green
        self.policy = policy
        self._clock = clock
        self._watch = AlarmWatch(cloudwatch, policy.alarms)
        self._deadline = clock.now() + timedelta(seconds=policy.timeout)

    def run(self) -> None:
        """Deploy; whatever stops it, the endpoint ends InService with one whole fleet."""
        try:
            self._refuse_alarms()
            with self._watch:
                self.deploy()
        except (RolledBack, PoolError) as error:
            self.roll_back(str(error))
        except ClockStopped:
            self.green.cancel()
        else:
            self._finish()

    @abstractmethod
    def deploy(self) -> None:
        """Give all traffic to green, step by step; raise what stops it."""

    def roll_back(self, reason: str) -> None:
        """Give everything back to blue, which is whole, and end green."""
        endpoint = self.endpoint
        if endpoint.fleet is not None:
            endpoint.traffic.switch(endpoint.fleet.routes())
        count = sum(len(pool.ready) for pool in self.green.pools)
        endpoint.enter("Deleting", f"Terminating {count} instance(s).", {})
        self.green.cancel()
        try:
            self.green.retire()
        finally:
            endpoint.pending = None
            endpoint.become(Status.IN_SERVICE, reason)

    def bake(self, seconds: float, why: str, capacity: str) -> None:
        """Watch the alarms for ``seconds`` of the account's time, unless there are none to wait."""
        if seconds == 0:
            return
        self.endpoint.enter(
            "Baking", f"Baking for {seconds} seconds ({why}) with traffic enabled on {capacity}"
        )
        self._wait(seconds)

    def _refuse_alarms(self) -> None:
        missing = self._watch.missing()
        if missing:
            raise RolledBack(f"Could not find the auto-rollback alarm(s) {', '.join(missing)}.")
        if self._watch.look():
            # Before any traffic: what rings already would say nothing about the new fleet.
            raise self._rung()

    def _wait(self, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        while (left := (until - self._clock.now()).total_seconds()) > 0:
            self.endpoint.baking = True
            try:
                tripped = self._clock.wait(self._watch.tripped, min(left, _LOOK))
            finally:
                self.endpoint.baking = False
            if tripped:
                break
            self._in_time(self._clock.now())
        if self._watch.settle():
            raise self._rung()

    def _rung(self) -> RolledBack:
        return RolledBack(
            "The deployment was rolled back because one or more of its auto-rollback alarms "
            f"went into ALARM: {self._watch.reason}."
        )

    def _in_time(self, now: datetime) -> None:
        if now > self._deadline:
            raise RolledBack(
                f"The deployment exceeded MaximumExecutionTimeoutInSeconds "
                f"({self.policy.timeout}) and was rolled back."
            )

    def _finish(self) -> None:
        endpoint = self.endpoint
        with endpoint.lock:
            leaving = [fleet for fleet in (endpoint.fleet, *endpoint.retiring) if fleet is not None]
            endpoint.fleet, endpoint.retiring = self.green, tuple(leaving)
            endpoint.config_name = self.green.config.name
            endpoint.pending = None
        try:
            for fleet in leaving:
                fleet.retire()
        finally:
            endpoint.retiring = ()
            endpoint.become(Status.IN_SERVICE)
