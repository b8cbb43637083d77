"""What takes its time: an endpoint comes up, changes its size, or goes."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.clock import ClockStopped
from emulator.sagemaker.endpoints.endpoint import Endpoint, Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.errors import not_supported, validation

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
    """Find the pools that ``DesiredWeightsAndCapacities`` names."""
    pools = {pool.variant.name: pool for pool in fleet.pools}
    for one in wanted:
        if "ServerlessUpdateConfig" in one:
            raise not_supported("UpdateEndpointWeightsAndCapacities of serverless variants")
        if one["VariantName"] not in pools:
            raise validation(
                f'The variant name(s) "{one["VariantName"]}" is/are not present within endpoint '
                f'configuration "{fleet.config.name}".'
            )
    return [(pools[one["VariantName"]], one) for one in wanted]


def resize(endpoint: Endpoint, fleet: Fleet, changes: Changes) -> None:
    """Grow before the weights move, shrink after: no request meets a missing instance."""
    before = [(pool, pool.desired) for pool, _ in changes]
    try:
        for pool, wanted in changes:
            pool.desired = max(pool.desired, wanted.get("DesiredInstanceCount", 0))
            pool.grow()
    except PoolError as error:
        for pool, count in before:
            pool.desired = count
            pool.shrink()
        endpoint.become(Status.IN_SERVICE, str(error))
        return
    for pool, wanted in changes:
        pool.weight = float(wanted.get("DesiredWeight", pool.weight))
    endpoint.traffic.switch(fleet.routes())
    for (pool, wanted), (_, count) in zip(changes, before, strict=True):
        pool.desired = wanted.get("DesiredInstanceCount", count)
        pool.shrink()
    endpoint.become(Status.IN_SERVICE)


def take_down(endpoint: Endpoint, forget: Callable[[], object]) -> None:
    endpoint.traffic.switch([])
    try:
        for fleet in endpoint.fleets():
            fleet.retire()
    finally:
        forget()
