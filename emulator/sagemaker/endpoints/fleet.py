"""All that serves one endpoint config: its variants, started, routed to and ended together."""

import shutil
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.hosting import Hosted, Hosting
from emulator.sagemaker.endpoints.metrics import Meter
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.endpoints.stock import Stock
from emulator.sagemaker.endpoints.traffic import Route, Shadow, Traffic
from emulator.sagemaker.endpoints.variants import Variant


class Fleet:
    """The instances of one config on one endpoint. Nothing runs before ``start``."""

    def __init__(
        self,
        *,
        account: Account,
        images: Images,
        models: Models,
        endpoint: str,
        config: EndpointConfig,
        traffic: Traffic,
        access_key: str,
        stock: Stock,
    ) -> None:
        self.config = config
        self.pools: list[Pool] = []
        self.shadows: list[Pool] = []
        self.hosted: dict[str, Hosted] = {}
        self.resolved_at: datetime = account.clock.now()
        self._account = account
        self._folder = account.state_dir / "sagemaker" / "endpoints" / endpoint / uuid.uuid4().hex
        self._hosting = Hosting(
            account=account,
            images=images,
            endpoint=endpoint,
            config=config,
            traffic=traffic,
            access_key=access_key,
            stock=stock,
            folder=self._folder,
        )
        self._containers = {v.name: models.get(v.model_name).container for v in config.all}
        self._closing = threading.Event()

    @property
    def everyone(self) -> list[Pool]:
        """All pools, those that answer callers and those that answer nobody."""
        return [*self.pools, *self.shadows]

    @property
    def production(self) -> Pool:
        """The pool of a fleet that has one production variant."""
        return self.pools[0]

    @property
    def meters(self) -> list[Meter]:
        return [one.meter for one in list(self.hosted.values())]

    @property
    def captures(self) -> list[CaptureLog]:
        found = [one.capture for one in list(self.hosted.values())]
        return [capture for capture in found if capture is not None]

    def start(self) -> None:
        """Start every variant; return when all are healthy, raise PoolError otherwise."""
        self.prepare()
        _each(self.everyone, lambda pool: pool.grow())

    def prepare(self) -> None:
        """Resolve images and fetch artifacts; nothing runs yet."""
        self.pools.extend(self._pool(variant) for variant in self.config.variants)
        self.shadows.extend(self._pool(variant) for variant in self.config.shadows)
        if self._closing.is_set():
            raise PoolError("The endpoint was stopped while it started.")

    def start_shadows(self) -> None:
        _each(self.shadows, lambda pool: pool.grow())

    def routes(
        self, shares: Mapping[str, float] | None = None, *, whole: bool = False
    ) -> list[Route]:
        """Return the routes of this fleet, with the share that each variant takes of its own.

        A share is also the part of the instances that serve it, unless the fleet is ``whole``.

        A variant's weight counts relative to the sum of all weights:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
        """
        weights = sum(pool.weight for pool in self.pools)
        found: list[Route] = []
        for pool in self.pools:
            name = pool.variant.name
            share = 1.0 if shares is None else shares[name]
            everyone = whole or share >= 1
            if share > 0:
                found.append(
                    Route(
                        share=share * (pool.weight / weights if weights > 0 else 0.0),
                        pool=pool,
                        active=None if everyone else max(1, round(share * pool.desired)),
                        meter=self.hosted[name].meter,
                        capture=self.hosted[name].capture,
                        shadow=self._shadow_of(pool),
                    )
                )
        return found

    def cancel(self) -> None:
        self._closing.set()
        for pool in self.everyone:
            pool.cancel()

    def retire(self, *, grace: float = 30, drain: float = 65) -> None:
        """Answer what was begun, end every process, upload what was captured."""
        self._end(grace=grace, drain=drain)
        for meter in self.meters:
            meter.publish(self._account.client("cloudwatch"))
        for capture in self.captures:
            capture.close()

    def abandon(self) -> None:
        """End every process at once: what its requests would have left goes with the account."""
        self._end(grace=0.3, drain=0.3)

    def _end(self, *, grace: float, drain: float) -> None:
        self.cancel()
        _each(self.everyone, lambda pool: pool.retire(grace=grace, drain=drain))
        shutil.rmtree(self._folder, ignore_errors=True)

    def _shadow_of(self, production: Pool) -> Shadow | None:
        """Return what sees copies: a share of them by the two weights, never more than all.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html
        """
        for pool in self.shadows:
            hosted = self.hosted[pool.variant.name]
            share = min(1.0, pool.weight / production.weight) if production.weight > 0 else 0.0
            return Shadow(share=share, pool=pool, meter=hosted.meter, capture=hosted.capture)
        return None

    def _pool(self, variant: Variant) -> Pool:
        hosted = self._hosting.host(variant, self._containers[variant.name])
        self.hosted[variant.name] = hosted
        return hosted.pool


def _each(pools: Sequence[Pool], act: Callable[[Pool], None]) -> None:
    if not pools:
        return
    with ThreadPoolExecutor(len(pools), "endpoint-variant") as threads:
        list(threads.map(act, pools))
