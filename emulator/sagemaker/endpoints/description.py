"""How DescribeEndpoint tells of a fleet, and how events write its times."""

from datetime import datetime
from typing import Any

from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.pool import Pool


def described(fleet: Fleet) -> dict[str, Any]:
    """Return the variants and the capture of the fleet that serves."""
    found: dict[str, Any] = variants_of(fleet)
    capture = fleet.config.capture
    if capture is not None:
        found["DataCaptureConfig"] = {
            "EnableCapture": True,
            "CaptureStatus": "Started",
            "CurrentSamplingPercentage": capture.percentage,
            "DestinationS3Uri": capture.uri,
            "KmsKeyId": "" if capture.kms_key is None else capture.kms_key,
        }
    return found


def variants_of(fleet: Fleet) -> dict[str, list[dict[str, Any]]]:
    """Return the members that tell of the variants; the shadow's only where there is one."""
    found = {"ProductionVariants": [_summary(fleet, pool) for pool in fleet.pools]}
    if fleet.shadows:
        found["ShadowProductionVariants"] = [_summary(fleet, pool) for pool in fleet.shadows]
    return found


def _summary(fleet: Fleet, pool: Pool) -> dict[str, Any]:
    name = pool.variant.name
    hosted = fleet.hosted[name]
    image = {
        "SpecifiedImage": hosted.specified,
        "ResolvedImage": hosted.image.uri,
        "ResolutionTime": fleet.resolved_at,
    }
    return {
        "VariantName": name,
        "DeployedImages": [image],
        "CurrentWeight": pool.weight,
        "DesiredWeight": pool.desired_weight,
        **_capacity(pool),
    }


def _capacity(pool: Pool) -> dict[str, Any]:
    serverless = pool.variant.serverless
    if serverless is None:
        return {"CurrentInstanceCount": len(pool.ready), "DesiredInstanceCount": pool.desired}
    told = serverless.described()
    return {"CurrentServerlessConfig": told, "DesiredServerlessConfig": told}


def in_milliseconds(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: in_milliseconds(part) for key, part in value.items()}
    if isinstance(value, list):
        return [in_milliseconds(part) for part in value]
    return value
