"""A serverless variant: no instance of its own, a process for each request that runs at a time.

A request finds a warm process or waits for a cold start; what was idle for long ends, down to
none; above MaxConcurrency requests are throttled.
https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from emulator.clock import Clock
from emulator.sagemaker.endpoints.artifact import ArtifactError
from emulator.sagemaker.endpoints.instance import Cancelled, Instance, NotHealthy
from emulator.sagemaker.endpoints.pool import Draining, Pool, PoolError
from emulator.sagemaker.endpoints.variants import ServerlessConfig, Variant

IDLE_SECONDS = 600
"""Of the account's time. AWS says "for a while" only (unproven)."""


class Throttled(Exception):
    """As many requests run already as MaxConcurrency allows."""


class NotReady(Exception):
    """A cold start failed or took too long."""


class ServerlessPool(Pool):
    """Each of ``ready`` answers one request at a time; ``traffic`` sees to that."""

    one_at_a_time = True

    def __init__(
        self,
        variant: Variant,
        make: Callable[[], Instance],
        traffic: Draining,
        *,
        clock: Clock,
        set_up: Callable[[datetime, float], None],
    ) -> None:
        super().__init__(variant, make, traffic)
        self._clock = clock
        self._set_up = set_up
        self._starting = 0
        self._used: dict[Instance, datetime] = {}
        self._counting = threading.Lock()

    @property
    def config(self) -> ServerlessConfig:
        if self.variant.serverless is None:
            raise PoolError(f"Production variant {self.variant.name} is not serverless.")
        return self.variant.serverless

    def change(self, *, concurrency: int | None, provisioned: int | None) -> None:
        """Take other limits; ``grow`` then starts what is provisioned."""
        self.variant = replace(
            self.variant,
            serverless=replace(
                self.config,
                concurrency=self.config.concurrency if concurrency is None else concurrency,
                provisioned=self.config.provisioned if provisioned is None else provisioned,
            ),
        )

    def grow(self) -> None:
        """Start what is always warm, one at least: a model that can't start fails the endpoint."""
        self.desired = max(1, len(self.ready), self.config.provisioned or 0)
        super().grow()
        now = self._clock.now()
        with self._counting:
            self._used |= {one: now for one in self.ready if one not in self._used}

    def shrink(self) -> None:
        """Nothing to do: what is not needed ends when it was idle for long."""

    def cold_start(self) -> None:
        """Start one process more, in this thread; raise where there may be none or it fails."""
        with self._counting:
            if len(self.ready) + self._starting >= self.config.concurrency:
                raise Throttled
            self._starting += 1
        began = time.perf_counter()
        try:
            instance = self._launch()
        except (NotHealthy, ArtifactError, Cancelled, OSError) as error:
            raise NotReady(str(error)) from error
        else:
            self._add(instance)
            self._set_up(self._clock.now(), time.perf_counter() - began)
        finally:
            with self._counting:
                self._starting -= 1

    def _add(self, instance: Instance) -> None:
        with self._counting, self._lock:
            if self._closing.is_set():
                instance.stop(0)
                raise NotReady("The endpoint is being deleted.")
            self._used[instance] = self._clock.now()
            self.ready += (instance,)
            self.desired = len(self.ready)

    def touch(self, instance: Instance) -> None:
        """Note that ``instance`` answered just now."""
        self._used[instance] = self._clock.now()

    def replace_lost(self) -> None:
        """Let what ended go (the next request starts another), and what was idle for long."""
        now = self._clock.now()
        with self._counting, self._lock:
            if self._closing.is_set():
                return
            dead = [one for one in self.ready if one.exited or one.lost]
            warm = [one for one in self.ready if one not in dead]
            idle = [
                one
                for one in warm
                if one.outstanding == 0
                and (now - self._used.get(one, now)).total_seconds() >= IDLE_SECONDS
            ]
            spare = max(0, len(warm) - (self.config.provisioned or 0))
            leaving = [*dead, *idle[:spare]]
            if not leaving:
                return
            self.ready = tuple(one for one in self.ready if one not in leaving)
            self.desired = len(self.ready)
            for one in leaving:
                self._used.pop(one, None)
        self._let_go(leaving, grace=2)
