"""What takes its time: an endpoint comes up, changes its size, or goes."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.clock import ClockStopped
from emulator.sagemaker.endpoints.endpoint import Endpoint, Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.endpoints.serverless import ServerlessPool
from emulator.sagemaker.errors import validation

_log = logging.getLogger("emulator.endpoints")

Changes = Sequence[tuple[Pool, Mapping[str, Any]]]


class Crew:
    """Threads that work on endpoints; each begins by telling the status it was given."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def take(self, endpoint: Endpoint, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                endpoint.become(endpoint.status)
                work()
            except ClockStopped:
                return
            except Exception:
                _log.exception("work on endpoint %s failed", endpoint.name)

        thread = threading.Thread(target=run, name=f"endpoint-{endpoint.name}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(thread)
        thread.start()

    def join(self, seconds: float) -> None:
        for thread in self._threads:
            thread.join(seconds)


def bring_up(endpoint: Endpoint, fleet: Fleet) -> None:
    try:
        fleet.start()
    except PoolError as error:
        fleet.retire(grace=2, drain=0)
        endpoint.pending = None
        endpoint.become(Status.FAILED, str(error))
        return
    with endpoint.lock:
        endpoint.fleet, endpoint.pending = fleet, None
        endpoint.traffic.switch(fleet.routes())
    endpoint.become(Status.IN_SERVICE)


def changes_of(fleet: Fleet, wanted: Sequence[Mapping[str, Any]]) -> Changes:
    """Find the pools that ``DesiredWeightsAndCapacities`` names, and what is asked of them."""
    pools = {pool.variant.name: pool for pool in fleet.everyone}
    for one in wanted:
        name = one["VariantName"]
        if name not in pools:
            raise validation(
                f'The variant name(s) "{name}" is/are not present within endpoint '
                f'configuration "{fleet.config.name}".'
            )
        serverless = pools[name].variant.serverless is not None
        wrong = "DesiredInstanceCount" if serverless else "ServerlessUpdateConfig"
        if wrong in one:
            kind = "serverless" if serverless else "not serverless"
            raise validation(f"{wrong} cannot be given: production variant {name} is {kind}.")
        if one.get("DesiredInstanceCount") == 0:
            raise validation(f"DesiredInstanceCount of variant {name} must be at least 1, got 0.")
    return [(pools[one["VariantName"]], one) for one in wanted]


def more_of(changes: Changes) -> list[tuple[str | None, int]]:
    """Return the instance types of ``changes`` and how many of each come on top."""
    return [
        (pool.variant.instance_type, max(0, wanted.get("DesiredInstanceCount", 0) - pool.desired))
        for pool, wanted in changes
    ]


def resize(endpoint: Endpoint, fleet: Fleet, changes: Changes) -> None:
    """Grow before the weights move, shrink after: no request meets a missing instance."""
    before = [(pool, pool.desired) for pool, _ in changes]
    for pool, wanted in changes:
        pool.desired_weight = float(wanted.get("DesiredWeight", pool.weight))
    try:
        for pool, wanted in changes:
            _grow(pool, wanted)
    except PoolError as error:
        for pool, count in before:
            pool.desired, pool.desired_weight = count, pool.weight
            pool.shrink()
        endpoint.become(Status.IN_SERVICE, str(error))
        return
    for pool, _ in changes:
        pool.weight = pool.desired_weight
    endpoint.traffic.switch(fleet.routes())
    for (pool, wanted), (_, count) in zip(changes, before, strict=True):
        if pool.variant.serverless is None:
            pool.desired = wanted.get("DesiredInstanceCount", count)
            pool.shrink()
    endpoint.become(Status.IN_SERVICE)


def _grow(pool: Pool, wanted: Mapping[str, Any]) -> None:
    if isinstance(pool, ServerlessPool):
        asked = wanted.get("ServerlessUpdateConfig", {})
        pool.change(
            concurrency=asked.get("MaxConcurrency"), provisioned=asked.get("ProvisionedConcurrency")
        )
    else:
        pool.desired = max(pool.desired, wanted.get("DesiredInstanceCount", 0))
    pool.grow()


def take_down(endpoint: Endpoint, forget: Callable[[], object]) -> None:
    endpoint.traffic.switch([])
    try:
        for fleet in endpoint.fleets():
            fleet.retire()
    finally:
        forget()
