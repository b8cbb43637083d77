"""What a captured exchange looks like: the settings of an endpoint config, and AWS's JSON line.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from emulator.sagemaker.errors import not_supported

_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """A DataCaptureConfig that is switched on."""

    percentage: int
    uri: str
    modes: frozenset[str]
    csv_types: frozenset[str]
    json_types: frozenset[str]
    kms_key: str | None

    @classmethod
    def of(cls, request: Mapping[str, Any] | None) -> Self | None:
        if request is None or not request.get("EnableCapture", True):
            return None
        if not request["DestinationS3Uri"].startswith("s3://"):
            raise not_supported(f"DataCaptureConfig to {request['DestinationS3Uri']} (s3:// only)")
        modes = {option["CaptureMode"] for option in request["CaptureOptions"]}
        types = request.get("CaptureContentTypeHeader", {})
        return cls(
            percentage=request["InitialSamplingPercentage"],
            uri=request["DestinationS3Uri"],
            modes=frozenset({"Input", "Output"} if "InputAndOutput" in modes else modes),
            csv_types=frozenset(kind.lower() for kind in types.get("CsvContentTypes", [])),
            json_types=frozenset(kind.lower() for kind in types.get("JsonContentTypes", [])),
            kms_key=request.get("KmsKeyId"),
        )

    def encode(self, mode: str, content_type: str | None, body: bytes) -> dict[str, str]:
        """Return one side of an exchange; what no header is configured for goes as base64."""
        observed = content_type if content_type is not None else _BINARY
        kind = observed.split(";")[0].strip().lower()
        encoding = "CSV" if kind in self.csv_types else "JSON" if kind in self.json_types else None
        try:
            data = body.decode() if encoding is not None else base64.b64encode(body).decode()
        except UnicodeDecodeError:
            encoding, data = None, base64.b64encode(body).decode()
        return {
            "observedContentType": observed,
            "mode": mode,
            "data": data,
            "encoding": "BASE64" if encoding is None else encoding,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One answered invocation."""

    at: datetime
    inference_id: str | None
    custom_attributes: str | None
    request_type: str | None
    request: bytes
    response_type: str | None
    response: bytes


def line_of(exchange: Exchange, settings: CaptureSettings) -> str:
    captured: dict[str, Any] = {}
    if "Input" in settings.modes:
        captured["endpointInput"] = settings.encode(
            "INPUT", exchange.request_type, exchange.request
        )
    if "Output" in settings.modes:
        captured["endpointOutput"] = settings.encode(
            "OUTPUT", exchange.response_type, exchange.response
        )
    about: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    if exchange.custom_attributes is not None:
        about["customAttributes"] = [exchange.custom_attributes]
    if exchange.inference_id is not None:
        about["inferenceId"] = exchange.inference_id
    about["inferenceTime"] = f"{exchange.at:%Y-%m-%dT%H:%M:%SZ}"
    line = {"captureData": captured, "eventMetadata": about, "eventVersion": "0"}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
