"""How DescribeEndpoint tells of a fleet, and how events write its times."""

from datetime import datetime
from typing import Any

from emulator.sagemaker.endpoints.fleet import Fleet


def described(fleet: Fleet) -> dict[str, Any]:
    """Return the variants and the capture of the fleet that serves."""
    found: dict[str, Any] = {"ProductionVariants": variants_of(fleet)}
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


def variants_of(fleet: Fleet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for pool in fleet.pools:
        name = pool.variant.name
        image = fleet.images[name]
        found.append(
            {
                "VariantName": name,
                "DeployedImages": [
                    {
                        "SpecifiedImage": fleet.specified[name],
                        "ResolvedImage": image.uri,
                        "ResolutionTime": fleet.resolved_at,
                    }
                ],
                "CurrentWeight": pool.weight,
                "DesiredWeight": pool.weight,
                "CurrentInstanceCount": len(pool.ready),
                "DesiredInstanceCount": pool.desired,
            }
        )
    return found


def in_milliseconds(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: in_milliseconds(part) for key, part in value.items()}
    if isinstance(value, list):
        return [in_milliseconds(part) for part in value]
    return value
