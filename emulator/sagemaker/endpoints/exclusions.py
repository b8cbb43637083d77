"""Which features of endpoints exclude each other, so that no config asks for both."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.sagemaker.errors import ServiceError, validation

if TYPE_CHECKING:
    from emulator.sagemaker.endpoints.configs import EndpointConfig
    from emulator.sagemaker.endpoints.models import Model


def refuse(config: "EndpointConfig", models: "Mapping[str, Model]") -> None:
    """Raise for a config that AWS would not make; the wording is ours where AWS shows none."""
    names = [variant.name for variant in config.all]
    if len(set(names)) < len(names):
        raise validation(f"Production variant names must be unique, got {names}.")
    if config.shadows:
        _refuse_shadow(config)
    if any(variant.serverless is not None for variant in config.all):
        _refuse_serverless(config, models)


def _refuse_shadow(config: "EndpointConfig") -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html"""
    counts = len(config.variants), len(config.shadows)
    if counts != (1, 1):
        raise validation(
            "With ShadowProductionVariants there can be one variant in ProductionVariants and one "
            f"in ShadowProductionVariants, got {counts[0]} and {counts[1]}."
        )


def _refuse_serverless(config: "EndpointConfig", models: "Mapping[str, Model]") -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html#serverless-endpoints-how-it-works-exclusions"""
    if len(config.variants) > 1:
        raise _excluded("multiple production variants")
    if config.shadows:
        raise _excluded("shadow variants")
    if config.request.get("DataCaptureConfig", {}).get("EnableCapture", False):
        raise _excluded("data capture (DataCaptureConfig)")
    asked = [config.request, *(model.request for model in models.values())]
    if any(one.get("VpcConfig") for one in asked):
        raise _excluded("VPC configuration (VpcConfig)")
    if any(one.get("EnableNetworkIsolation") for one in asked):
        raise _excluded("network isolation (EnableNetworkIsolation)")


def _excluded(what: str) -> ServiceError:
    return validation(f"Serverless endpoints do not support {what}.")
