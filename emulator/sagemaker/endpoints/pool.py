"""The instances of one variant: started in parallel, replaced when lost, drained at the end."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from emulator.sagemaker.endpoints.artifact import ArtifactError
from emulator.sagemaker.endpoints.instance import Cancelled, Instance, NotHealthy
from emulator.sagemaker.endpoints.variants import Variant

_log = logging.getLogger("emulator.endpoints")

_DRAIN_SECONDS = 65
"""An invocation may take 60 seconds."""
_STOP_GRACE = 30
"""https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"""
_LONGEST_PAUSE = 30.0


class PoolError(Exception):
    """The variant can't serve; the message is the endpoint's FailureReason."""


class Draining(Protocol):
    def drain(self, instances: Sequence[Instance], seconds: float) -> bool: ...


class Pool:
    """``ready`` is replaced, never changed, so that routing may read it at any time."""

    one_at_a_time = False
    """An instance takes a request only when it has none."""

    def __init__(
        self,
        variant: Variant,
        make: Callable[[], Instance],
        traffic: Draining,
        provision: Callable[[], None] = lambda: None,
    ) -> None:
        """``provision`` raises where there are not as many instances as are desired."""
        self.variant = variant
        self.ready: tuple[Instance, ...] = ()
        self.desired = variant.instances
        self.weight = self.desired_weight = variant.weight
        self._make = make
        self._provision = provision
        self._traffic = traffic
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def grow(self) -> None:
        """Start what is missing of ``desired``, in parallel, until each instance is healthy."""
        missing = self.desired - len(self.ready)
        if missing <= 0:
            return
        self._provision()
        started: list[Instance] = []
        failures: list[Exception] = []
        with ThreadPoolExecutor(missing, "endpoint-start") as threads:
            for future in [threads.submit(self._launch) for _ in range(missing)]:
                error = future.exception()
                if error is None:
                    started.append(future.result())
                elif isinstance(error, Exception):
                    failures.append(error)
        if failures:
            for instance in started:
                instance.stop(0)
            raise PoolError(self._reason(failures[0])) from failures[0]
        with self._lock:
            self.ready += tuple(started)

    def shrink(self) -> None:
        """Let go what is more than ``desired``."""
        with self._lock:
            kept, leaving = self.ready[: self.desired], self.ready[self.desired :]
            self.ready = kept
        self._let_go(leaving, grace=_STOP_GRACE)

    def cancel(self) -> None:
        """Stop waiting for instances that start."""
        self._closing.set()

    def retire(self, *, grace: float = _STOP_GRACE, drain: float = _DRAIN_SECONDS) -> None:
        """End every instance once it has answered what it was given; routes must be gone."""
        self._closing.set()
        with self._lock:
            leaving, self.ready = self.ready, ()
        self._let_go(leaving, grace=grace, drain=drain)

    def replace_lost(self) -> None:
        """Replace instances that ended or hang, as AWS replaces unhealthy instances."""
        with self._lock:
            lost = [one for one in self.ready if one.exited or one.lost]
            if not lost or self._closing.is_set():
                return
            self.ready = tuple(one for one in self.ready if one not in lost)
        for instance in lost:
            instance.lost = True
            _log.warning("instance %s of %s was lost", instance.id, self.variant.name)
            instance.stop(0)
            threading.Thread(target=self._replace, name="endpoint-replace", daemon=True).start()

    def check(self) -> None:
        """Ping every instance once."""
        for instance in self.ready:
            instance.check()

    def flush_logs(self) -> None:
        for instance in self.ready:
            instance.logs.flush()

    def _replace(self) -> None:
        pause = 0.0
        while not self._closing.wait(pause):
            pause = min(_LONGEST_PAUSE, pause * 2 + 1)
            try:
                instance = self._launch()
            except (NotHealthy, ArtifactError, OSError):
                continue
            except Cancelled:
                return
            with self._lock:
                wanted = not self._closing.is_set() and len(self.ready) < self.desired
                if wanted:
                    self.ready += (instance,)
            if not wanted:
                instance.stop(0)
            return

    def _launch(self) -> Instance:
        instance = self._make()
        try:
            instance.start(seconds=self.variant.startup_seconds, cancelled=self._closing)
        except BaseException:
            instance.stop(0)
            raise
        return instance

    def _let_go(
        self, instances: Sequence[Instance], *, grace: float, drain: float = _DRAIN_SECONDS
    ) -> None:
        if not instances:
            return
        if not self._traffic.drain(instances, drain):
            _log.warning("requests to %s outlasted its drain", self.variant.name)
        with ThreadPoolExecutor(len(instances), "endpoint-stop") as threads:
            list(threads.map(lambda instance: instance.stop(grace), instances))

    def _reason(self, error: Exception) -> str:
        if isinstance(error, NotHealthy):
            return (
                f"The primary container for production variant {self.variant.name} did not pass "
                "the ping health check. Please check CloudWatch logs for this endpoint."
            )
        return str(error) or type(error).__name__
