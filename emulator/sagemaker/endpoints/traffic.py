"""Which instance answers the next request of an endpoint."""

import random
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.metrics import Meter
from emulator.sagemaker.endpoints.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """What sees copies of a route's requests, ``share`` of them, and answers nobody."""

    share: float
    pool: Pool
    meter: Meter
    capture: CaptureLog | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A share of the traffic and what answers it; ``active`` is the size of a canary."""

    share: float
    pool: Pool
    active: int | None
    meter: Meter
    capture: CaptureLog | None
    shadow: Shadow | None = None

    @property
    def variant(self) -> str:
        return self.pool.variant.name


class Traffic:
    """The routing table of one endpoint: swapped as a whole, so no request sees half a change.

    A request counts as outstanding from the choice on, under the same lock as the swap; whoever
    drains an instance after a swap therefore waits for every request that may still reach it.
    """

    def __init__(self) -> None:
        self._routes: tuple[Route, ...] = ()
        self._changed = threading.Condition()

    @property
    def routes(self) -> tuple[Route, ...]:
        return self._routes

    def switch(self, routes: Sequence[Route]) -> None:
        with self._changed:
            self._routes = tuple(routes)

    def choose(
        self, variant: str | None, avoiding: Instance | None = None
    ) -> tuple[Route, Instance] | None:
        """Take an instance: a route by its share, then the least busy of its instances."""
        with self._changed:
            serving = [
                (route, ready)
                for route in self._routes
                if (variant is None or route.variant == variant)
                and (ready := _able(route, avoiding))
            ]
            if not serving:
                return None
            shares = [route.share for route, _ in serving]
            if sum(shares) <= 0:
                if variant is None:
                    return None
                shares = [1.0] * len(serving)  # a variant of weight 0 answers when it is named
            route, ready = random.choices(serving, shares)[0]  # noqa: S311 - a share of traffic
            start = random.randrange(len(ready))  # noqa: S311
            instance = min(ready[start:] + ready[:start], key=lambda one: one.outstanding)
            instance.outstanding += 1
            return route, instance

    def mirror(self, route: Route) -> Instance | None:
        """Take an instance of the route's shadow, for its share of the requests.

        Ask while a request of the route is outstanding: the fleet waits for that one, and then
        for its copy.
        """
        shadow = route.shadow
        if shadow is None or random.random() >= shadow.share:  # noqa: S311
            return None
        with self._changed:
            able = [one for one in shadow.pool.ready if not one.lost]
            if not able:
                return None
            instance = min(able, key=lambda one: one.outstanding)
            instance.outstanding += 1
            return instance

    def release(self, instance: Instance) -> None:
        with self._changed:
            instance.outstanding -= 1
            if instance.leaving and instance.outstanding == 0:
                self._changed.notify_all()

    def drain(self, instances: Collection[Instance], seconds: float) -> bool:
        """Wait until nothing that was chosen before is outstanding; false when time ran out."""
        with self._changed:
            for instance in instances:
                instance.leaving = True
            return self._changed.wait_for(
                lambda: all(instance.outstanding == 0 for instance in instances), seconds
            )


def _able(route: Route, avoiding: Instance | None) -> list[Instance]:
    return [
        instance
        for instance in route.pool.ready[: route.active]
        if not instance.lost
        and instance is not avoiding
        and not (route.pool.one_at_a_time and instance.outstanding)
    ]
