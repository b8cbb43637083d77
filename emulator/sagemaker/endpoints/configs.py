"""CreateEndpointConfig and its siblings: which variants, how many instances, what is captured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from emulator.ports import Account
from emulator.sagemaker.endpoints.exchange import CaptureSettings
from emulator.sagemaker.endpoints.exclusions import refuse
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.endpoints.records import arn, existing, missing, newest_first
from emulator.sagemaker.endpoints.variants import Variant
from emulator.sagemaker.errors import not_supported
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records

_UNSUPPORTED = ("AsyncInferenceConfig", "ExplainerConfig", "CrossRegionTrafficConfig")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    name: str
    arn: str
    created: datetime
    request: Mapping[str, Any]
    variants: tuple[Variant, ...]
    capture: CaptureSettings | None
    shadows: tuple[Variant, ...] = ()

    @property
    def all(self) -> tuple[Variant, ...]:
        return (*self.variants, *self.shadows)

    @property
    def serverless(self) -> bool:
        return any(variant.serverless is not None for variant in self.variants)

    def resized(self, sizes: Mapping[str, tuple[int | None, float | None]]) -> "EndpointConfig":
        """Return this config with other instance counts and weights, by variant name."""

        def changed(variant: Variant) -> Variant:
            count, weight = sizes.get(variant.name, (None, None))
            return replace(
                variant,
                instances=variant.instances if count is None else count,
                weight=variant.weight if weight is None else weight,
            )

        return replace(
            self,
            variants=tuple(changed(variant) for variant in self.variants),
            shadows=tuple(changed(variant) for variant in self.shadows),
        )


class EndpointConfigs:
    """The endpoint configs of the account.

    AWS warns against deleting one that an endpoint uses and yet allows it; the next update of
    that endpoint then cannot find its old configuration.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
    https://github.com/hashicorp/terraform-provider-aws/issues/40048
    """

    def __init__(self, account: Account, models: Models) -> None:
        self._account = account
        self._models = models
        self._configs = Records[EndpointConfig]()

    def get(self, name: str) -> EndpointConfig:
        config = self._configs.get(name)
        if config is None:
            raise missing("endpoint configuration", arn(self._account, "endpoint-config", name))
        return config

    @operation("CreateEndpointConfig")
    def create(self, request: Request) -> Response:
        name = request["EndpointConfigName"]
        for member in _UNSUPPORTED:
            if request.get(member):
                raise not_supported(f"CreateEndpointConfig with {member}")
        config = EndpointConfig(
            name=name,
            arn=arn(self._account, "endpoint-config", name),
            created=self._account.clock.now(),
            request=dict(request),
            variants=tuple(Variant.of(variant) for variant in request["ProductionVariants"]),
            capture=CaptureSettings.of(request.get("DataCaptureConfig")),
            shadows=tuple(Variant.of(each) for each in request.get("ShadowProductionVariants", ())),
        )
        refuse(config, {one.model_name: self._models.get(one.model_name) for one in config.all})
        self._configs.add(
            name, config, taken=lambda taken: existing("endpoint configuration", taken.arn)
        )
        return {"EndpointConfigArn": config.arn}

    @operation("DescribeEndpointConfig")
    def describe(self, request: Request) -> Response:
        config = self.get(request["EndpointConfigName"])
        kept = {key: value for key, value in config.request.items() if key != "Tags"}
        for member in ("ProductionVariants", "ShadowProductionVariants"):
            if member in config.request:
                kept[member] = [
                    {"InitialVariantWeight": 1.0} | dict(variant)
                    for variant in config.request[member]
                ]
        return kept | {"EndpointConfigArn": config.arn, "CreationTime": config.created}

    @operation("ListEndpointConfigs")
    def list(self, request: Request) -> Response:
        entries = [
            Entry(
                name=config.name,
                created=config.created,
                modified=config.created,
                status="",
                summary={
                    "EndpointConfigName": config.name,
                    "EndpointConfigArn": config.arn,
                    "CreationTime": config.created,
                },
            )
            for config in self._configs.all()
        ]
        return page(entries, newest_first(request), key="EndpointConfigs")

    @operation("DeleteEndpointConfig")
    def delete(self, request: Request) -> Response:
        self._configs.remove(self.get(request["EndpointConfigName"]).name)
        return {}
