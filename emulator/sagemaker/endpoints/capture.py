"""Data capture: requests and answers of an endpoint as AWS's JSON lines in S3.

Layout and members follow
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import logging
import random
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from emulator.ports import Account
from emulator.sagemaker.errors import not_supported

_log = logging.getLogger("emulator.endpoints")

_FAREWELL_ATTEMPTS = 30
_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """A DataCaptureConfig that is switched on."""

    percentage: int
    destination: str
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
            destination=request["DestinationS3Uri"].rstrip("/"),
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


class CaptureLog:
    """What one variant of one endpoint captured and has not uploaded yet.

    ``add`` runs on the event loop and only appends; encoding and upload happen in ``flush``.
    """

    def __init__(
        self, account: Account, settings: CaptureSettings, *, endpoint: str, variant: str
    ) -> None:
        self._account = account
        self._settings = settings
        bucket, _, prefix = settings.destination.removeprefix("s3://").partition("/")
        self._bucket = bucket
        self._prefix = "/".join(part for part in (prefix, endpoint, variant) if part)
        self._pending: list[Exchange] = []
        self._lock = threading.Lock()
        self._uploading = threading.Lock()
        self._unsent: list[tuple[str, bytes]] = []

    def add(self, exchange: Exchange) -> None:
        """Take ``exchange``, or leave it out by sampling."""
        percentage = self._settings.percentage
        if percentage < 100 and random.random() * 100 >= percentage:  # noqa: S311 - a sample
            return
        with self._lock:
            self._pending.append(exchange)

    def flush(self) -> None:
        """Upload all there is, one file per hour of the account's clock.

        A failed upload raises and keeps its file under its name: a later flush sends it again,
        so that each exchange is in exactly one object.
        """
        with self._uploading:
            with self._lock:
                taken, self._pending = self._pending, []
            self._unsent += self._files(taken)
            encryption: dict[str, str] = {}
            if self._settings.kms_key is not None:
                encryption = {
                    "ServerSideEncryption": "aws:kms",
                    "SSEKMSKeyId": self._settings.kms_key,
                }
            while self._unsent:
                key, body = self._unsent[0]
                self._account.client("s3").put_object(
                    Bucket=self._bucket, Key=key, Body=body, **encryption
                )
                self._unsent.pop(0)

    def close(self, pause: float = 1.0) -> None:
        """Upload the rest; try for half a minute before giving up loudly."""
        for attempt in range(1, _FAREWELL_ATTEMPTS + 1):
            try:
                return self.flush()
            except Exception:
                if attempt == _FAREWELL_ATTEMPTS:
                    raise
                _log.exception("uploading captures to %s failed, trying again", self._prefix)
                time.sleep(pause)
        return None

    def _files(self, exchanges: Sequence[Exchange]) -> list[tuple[str, bytes]]:
        hours: dict[str, list[Exchange]] = {}
        for exchange in exchanges:
            hours.setdefault(f"{exchange.at:%Y/%m/%d/%H}", []).append(exchange)
        files: list[tuple[str, bytes]] = []
        for hour, part in hours.items():
            first = part[0].at
            stamp = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}"
            text = "".join(line_of(exchange, self._settings) for exchange in part)
            files.append((f"{self._prefix}/{hour}/{stamp}.jsonl", text.encode()))
        return files
