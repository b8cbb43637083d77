"""What one variant of a fleet needs to serve: image, artifact, environment, pool and records."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.images import Image, Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.artifact import ArtifactError, fetch
from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.instance import Instance, new_instance_id
from emulator.sagemaker.endpoints.logs import LogStream
from emulator.sagemaker.endpoints.metrics import Meter
from emulator.sagemaker.endpoints.models import Container
from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.endpoints.records import log_group
from emulator.sagemaker.endpoints.serverless import ServerlessPool
from emulator.sagemaker.endpoints.stock import Stock
from emulator.sagemaker.endpoints.traffic import Traffic
from emulator.sagemaker.endpoints.variants import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A variant that can serve; nothing of it runs yet."""

    pool: Pool
    meter: Meter
    capture: CaptureLog | None
    image: Image
    specified: str
    """The image as the model names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """Hosts the variants of one config on one endpoint, in a folder of their own."""

    account: Account
    images: Images
    endpoint: str
    config: EndpointConfig
    traffic: Traffic
    access_key: str
    stock: Stock
    folder: Path

    def host(self, variant: Variant, container: Container) -> Hosted:
        """Resolve the image and fetch the artifact; raise PoolError where that can't be done."""
        image = self.images.resolve(container.image)
        if image is None:
            raise PoolError(f"The image '{container.image}' does not exist.")
        meter = Meter(endpoint=self.endpoint, variant=variant.name, config=self.config.name)
        capture = None
        if self.config.capture is not None:
            capture = CaptureLog(
                self.account, self.config.capture, endpoint=self.endpoint, variant=variant.name
            )
        make = self._maker(variant, container, image, self._fetched(variant, container))
        return Hosted(
            pool=self._pool(variant, make, meter),
            meter=meter,
            capture=capture,
            image=image,
            specified=container.image,
        )

    def _pool(self, variant: Variant, make: Callable[[], Instance], meter: Meter) -> Pool:
        if variant.serverless is None:
            kind = variant.instance_type
            return Pool(variant, make, self.traffic, lambda: self.stock.provision(kind))
        return ServerlessPool(
            variant, make, self.traffic, clock=self.account.clock, set_up=meter.set_up
        )

    def _maker(
        self, variant: Variant, container: Container, image: Image, archive: Path | None
    ) -> Callable[[], Instance]:
        environment = self._environment() | dict(container.environment)

        def make() -> Instance:
            folder = self.folder / new_instance_id()
            logs = LogStream(
                self.account,
                group=log_group(self.endpoint),
                stream=f"{variant.name}/{folder.name}",
            )
            return Instance(
                image=image,
                archive=archive,
                folder=folder,
                environment=environment,
                logs=logs,
                clock=self.account.clock,
            )

        return make

    def _fetched(self, variant: Variant, container: Container) -> Path | None:
        if container.model_data is None:
            return None
        archive = self.folder / f"{variant.name}.tar.gz"
        try:
            fetch(self.account.client("s3"), container.model_data, archive)
        except ArtifactError as error:
            raise PoolError(str(error)) from error
        return archive

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_REGION": self.account.region,
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_ENDPOINT_URL": self.account.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
