"""All that serves one endpoint config: a pool, a meter and a capture log for each variant."""

import shutil
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from emulator.images import Image, Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.artifact import ArtifactError, fetch
from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.instance import Instance, new_instance_id
from emulator.sagemaker.endpoints.logs import LogStream
from emulator.sagemaker.endpoints.metrics import Meter
from emulator.sagemaker.endpoints.models import Container, Models
from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.endpoints.records import log_group
from emulator.sagemaker.endpoints.serverless import ServerlessPool
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
        access_key: str = "test",
    ) -> None:
        self.config = config
        self.pools: list[Pool] = []
        self.shadows: list[Pool] = []
        self.images: dict[str, Image] = {}
        self.specified: dict[str, str] = {}
        self.resolved_at: datetime = account.clock.now()
        self.captures: dict[str, CaptureLog] = {}
        self.meters: dict[str, Meter] = {}
        self._account = account
        self._endpoint = endpoint
        self._traffic = traffic
        self._access_key = access_key
        self._folder = account.state_dir / "sagemaker" / "endpoints" / endpoint / uuid.uuid4().hex
        self._containers = {v.name: models.get(v.model_name).container for v in config.all}
        self._images_store = images
        self._closing = threading.Event()

    @property
    def everyone(self) -> list[Pool]:
        """All pools, those that answer callers and those that answer nobody."""
        return [*self.pools, *self.shadows]

    @property
    def production(self) -> Pool:
        """The pool of a fleet that has one production variant."""
        return self.pools[0]

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
                        meter=self.meters[name],
                        capture=self.captures.get(name),
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
        for meter in self.meters.values():
            meter.publish(self._account.client("cloudwatch"))
        for capture in self.captures.values():
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
            name = pool.variant.name
            share = min(1.0, pool.weight / production.weight) if production.weight > 0 else 0.0
            return Shadow(
                share=share, pool=pool, meter=self.meters[name], capture=self.captures.get(name)
            )
        return None

    def _pool(self, variant: Variant) -> Pool:
        container = self._containers[variant.name]
        image = self._images_store.resolve(container.image)
        if image is None:
            raise PoolError(f"The image '{container.image}' does not exist.")
        self.images[variant.name] = image
        self.specified[variant.name] = container.image
        archive = self._fetched(variant, container)
        meter = self.meters[variant.name] = Meter(
            endpoint=self._endpoint, variant=variant.name, config=self.config.name
        )
        if self.config.capture is not None:
            self.captures[variant.name] = CaptureLog(
                self._account, self.config.capture, endpoint=self._endpoint, variant=variant.name
            )
        environment = self._environment() | dict(container.environment)

        def make() -> Instance:
            folder = self._folder / new_instance_id()
            logs = LogStream(
                self._account,
                group=log_group(self._endpoint),
                stream=f"{variant.name}/{folder.name}",
            )
            return Instance(
                image=image,
                archive=archive,
                folder=folder,
                environment=environment,
                logs=logs,
                clock=self._account.clock,
            )

        if variant.serverless is None:
            return Pool(variant, make, self._traffic)
        return ServerlessPool(
            variant, make, self._traffic, clock=self._account.clock, set_up=meter.set_up
        )

    def _fetched(self, variant: Variant, container: Container) -> Path | None:
        if container.model_data is None:
            return None
        archive = self._folder / f"{variant.name}.tar.gz"
        try:
            fetch(self._account.client("s3"), container.model_data, archive)
        except ArtifactError as error:
            raise PoolError(str(error)) from error
        return archive

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_REGION": self._account.region,
            "AWS_DEFAULT_REGION": self._account.region,
            "AWS_ENDPOINT_URL": self._account.endpoint_url,
            "AWS_ACCESS_KEY_ID": self._access_key,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def _each(pools: Sequence[Pool], act: Callable[[Pool], None]) -> None:
    if not pools:
        return
    with ThreadPoolExecutor(len(pools), "endpoint-variant") as threads:
        list(threads.map(act, pools))
