"""What one answered request leaves: the JSON line of SageMaker's data capture.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import re
import uuid
from dataclasses import dataclass
from datetime import datetime

import orjson

from contracts import moment
from contracts.capture import VERSION_ATTRIBUTE

_ENCODINGS = {
    "text/csv": "CSV",
    "application/json": "JSON",
    "application/jsonlines": "JSON",
}
_NAMED = re.compile(r"(?:^|[;, ])inference-id=([\x21-\x2b\x2d-\x3a\x3c-\x7e]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One answered request; ``at`` is the process's own steady clock, in seconds."""

    at: float
    inference_id: str | None
    custom_attributes: str | None
    request_type: str
    request: bytes
    response_type: str
    response: bytes
    version: str
    """That answered: not every form of an answer says so itself."""

    @property
    def size(self) -> int:
        return len(self.request) + len(self.response) + 500


def line_of(exchange: Exchange, at: datetime) -> bytes:
    about: dict[str, object] = {"eventId": str(uuid.uuid4())}
    asked = [] if exchange.custom_attributes is None else [exchange.custom_attributes]
    about["customAttributes"] = [*asked, f"{VERSION_ATTRIBUTE}{exchange.version}"]
    named = _inference_id(exchange)
    if named is not None:
        about["inferenceId"] = named
    about["inferenceTime"] = moment.render(at)
    line = {
        "captureData": {
            "endpointInput": _side("INPUT", exchange.request_type, exchange.request),
            "endpointOutput": _side("OUTPUT", exchange.response_type, exchange.response),
        },
        "eventMetadata": about,
        "eventVersion": "0",
    }
    return orjson.dumps(line) + b"\n"


def _inference_id(exchange: Exchange) -> str | None:
    """Return the id that the caller gave, as a header or, which AWS says it forwards verbatim, as
    ``inference-id=<id>`` in the custom attributes."""
    if exchange.inference_id is not None or exchange.custom_attributes is None:
        return exchange.inference_id
    found = _NAMED.search(exchange.custom_attributes)
    return None if found is None else found[1]


def _side(mode: str, content_type: str, body: bytes) -> dict[str, str]:
    encoding = _ENCODINGS.get(content_type.partition(";")[0].strip().lower(), "BASE64")
    try:
        data = body.decode() if encoding != "BASE64" else base64.b64encode(body).decode()
    except UnicodeDecodeError:
        encoding, data = "BASE64", base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}
