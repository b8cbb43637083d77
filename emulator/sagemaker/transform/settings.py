"""How a transform job asks its container: what the request, the container or AWS says, in turn."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from emulator.sagemaker.errors import validation
from emulator.sagemaker.operations import Request

MEGABYTE = 1 << 20
_MOST = 100
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html"""
_STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
"""The container knows the strategies by other names than the API."""


def refuse_too_much(request: Request) -> None:
    """Raise AWS's error for payloads above 100 MB, one or all at once (its words: unproven)."""
    payload = request.get("MaxPayloadInMB", 0)
    if payload > _MOST:
        raise validation(f"MaxPayloadInMB cannot be greater than {_MOST} MB, got {payload}")
    together = payload * request.get("MaxConcurrentTransforms", 0)
    if together > _MOST:
        raise validation(
            f"MaxConcurrentTransforms * MaxPayloadInMB cannot exceed {_MOST} MB, got {together}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    concurrency: int
    """Requests at a time, of each instance."""
    payload_mb: int
    """0: as large as it comes."""
    strategy: str
    """MULTI_RECORD or SINGLE_RECORD."""

    @classmethod
    def of(cls, request: Request, told: Mapping[str, Any]) -> Self:
        """``told`` is what the container answered to /execution-parameters; 0 counts as unset."""
        strategy = _STRATEGIES.get(request.get("BatchStrategy", ""))
        payload = request.get("MaxPayloadInMB", told.get("MaxPayloadInMB", 6))
        return cls(
            concurrency=int(
                request.get("MaxConcurrentTransforms") or told.get("MaxConcurrentTransforms") or 1
            ),
            payload_mb=int(payload),
            strategy=strategy or told.get("BatchStrategy", "MULTI_RECORD"),
        )

    def line(self) -> str:
        """What AWS writes first into the data log."""
        return (
            f"MaxConcurrentTransforms={self.concurrency}, MaxPayloadInMB={self.payload_mb}, "
            f"BatchStrategy={self.strategy}"
        )


def environment_of(request: Request) -> dict[str, str]:
    """Return the variables of batch transform; three only as far as the request says it."""
    asked = {
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES.get(request.get("BatchStrategy", "")),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
    }
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return {"SAGEMAKER_BATCH": "true", **given}


def read_parameters(status: int, body: bytes) -> Mapping[str, Any]:
    """Return what /execution-parameters answered; a container need not have it."""
    if status != 200:
        return {}
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
