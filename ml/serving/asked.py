"""What a request asks for: the type of its body, of its answer, and what is remembered of it."""

from __future__ import annotations

from time import monotonic

from ml.serving.exchange import Exchange
from ml.serving.limits import MAX_BYTES, BadRequest
from ml.serving.replies import Scope
from ml.serving.request import waits

INLINE_BYTES = 32 * 1024
"""Larger requests are worked on beside the event loop, one at a time, so that small ones need not
wait for them."""


def asked_of(scope: Scope) -> tuple[str, str]:
    """Return the content type of the request and what its caller accepts."""
    content_type = accept = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"accept":
            accept = value
        elif name == b"content-length" and int(value) > MAX_BYTES:
            raise BadRequest(f"the body must be at most {MAX_BYTES} bytes", 413)
    return content_type.decode("latin-1"), accept.decode("latin-1")


def is_small(size: int, content_type: str, accept: str) -> bool:
    """Whether a body of ``size`` is answered so quickly that others may wait for it."""
    return size <= INLINE_BYTES and not waits(content_type, accept)


def exchange_of(scope: Scope, request: bytes, kind: str, response: bytes, version: str) -> Exchange:
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return Exchange(
        at=monotonic(),
        inference_id=asked.get(b"x-amzn-sagemaker-inference-id"),
        custom_attributes=asked.get(b"x-amzn-sagemaker-custom-attributes"),
        request_type=asked.get(b"content-type", ""),
        request=request,
        response_type=kind,
        response=response,
        version=version,
    )
