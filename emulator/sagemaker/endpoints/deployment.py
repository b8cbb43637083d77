"""UpdateEndpoint: a second fleet takes over step by step, or the first one takes everything back.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from emulator.clock import Clock, ClockStopped
from emulator.sagemaker.endpoints.alarms import AlarmWatch
from emulator.sagemaker.endpoints.endpoint import Endpoint, Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.policy import DeploymentPolicy, Step
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


class BlueGreen:
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
        self._endpoint = endpoint
        self._green = green
        self._policy = policy
        self._clock = clock
        self._watch = AlarmWatch(cloudwatch, policy.alarms)
        self._deadline = clock.now() + timedelta(seconds=policy.timeout)

    def run(self) -> None:
        """Deploy; whatever stops it, the endpoint ends InService with one whole fleet."""
        try:
            self._start()
            with self._watch:
                for step in self._policy.steps:
                    self._bake(step)
        except (RolledBack, PoolError) as error:
            self._roll_back(str(error))
        except ClockStopped:
            self._green.cancel()
        else:
            self._finish()

    def _start(self) -> None:
        missing = self._watch.missing()
        if missing:
            raise RolledBack(f"Could not find the auto-rollback alarm(s) {', '.join(missing)}.")
        count = sum(variant.instances for variant in self._green.config.variants)
        self._endpoint.enter("Creating", f"Launching {count} instance(s).")
        self._green.start()

    def _bake(self, step: Step) -> None:
        count = sum(step.active.values())
        capacity = f"{step.capacity} capacity of {count} instance(s)."
        self._endpoint.enter("ActivatingTraffic", f"Activating traffic on {capacity}", step.active)
        self._shift(step)
        if step.seconds == 0:
            return
        self._endpoint.enter(
            "Baking",
            f"Baking for {step.seconds} seconds ({step.why}) with traffic enabled on {capacity}",
        )
        self._wait(step.seconds)

    def _shift(self, step: Step) -> None:
        share = {
            pool.variant.name: step.active[pool.variant.name] / pool.desired
            for pool in self._green.pools
        }
        blue = self._endpoint.fleet
        rest: Mapping[str, float] = {name: 1 - part for name, part in share.items()}
        old = [] if blue is None or step.capacity == "full" else blue.routes(rest, whole=True)
        self._endpoint.traffic.switch([*self._green.routes(share), *old])

    def _wait(self, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        while (left := (until - self._clock.now()).total_seconds()) > 0:
            self._endpoint.baking = True
            try:
                tripped = self._clock.wait(self._watch.tripped, min(left, _LOOK))
            finally:
                self._endpoint.baking = False
            if tripped:
                break
            self._in_time(self._clock.now())
        if self._watch.settle():
            raise RolledBack(
                "The deployment was rolled back because one or more of its auto-rollback alarms "
                f"went into ALARM: {self._watch.reason}."
            )

    def _in_time(self, now: datetime) -> None:
        if now > self._deadline:
            raise RolledBack(
                f"The deployment exceeded MaximumExecutionTimeoutInSeconds "
                f"({self._policy.timeout}) and was rolled back."
            )

    def _finish(self) -> None:
        endpoint = self._endpoint
        with endpoint.lock:
            endpoint.fleet, endpoint.retiring = self._green, endpoint.fleet
            endpoint.config_name = self._green.config.name
            endpoint.pending = None
        try:
            if endpoint.retiring is not None:
                endpoint.retiring.retire()
        finally:
            endpoint.retiring = None
            endpoint.become(Status.IN_SERVICE)

    def _roll_back(self, reason: str) -> None:
        endpoint = self._endpoint
        if endpoint.fleet is not None:
            endpoint.traffic.switch(endpoint.fleet.routes())
        count = sum(len(pool.ready) for pool in self._green.pools)
        endpoint.enter("Deleting", f"Terminating {count} instance(s).", {})
        self._green.cancel()
        try:
            self._green.retire()
        finally:
            endpoint.pending = None
            endpoint.become(Status.IN_SERVICE, reason)
