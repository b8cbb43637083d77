"""InvokeEndpoint: from the account's event loop to an instance and back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime

from emulator.ports import Account
from emulator.sagemaker.endpoints.answers import Answer, error, model_error, unsupported
from emulator.sagemaker.endpoints.connections import (
    BROKEN_OFF,
    LARGEST,
    PREFIX,
    Connections,
    Reply,
    Unreachable,
)
from emulator.sagemaker.endpoints.endpoint import Endpoint
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.exchange import Exchange
from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.traffic import Route

_PATH = re.compile(r"^/endpoints/([^/]+)/([a-z-]+)$")
_UNSUPPORTED = (
    "target-model",
    "target-container-hostname",
    "enable-explanations",
    "inference-component",
    "session-id",
)


class Runtime:
    """Answers the sagemaker-runtime service; every method runs on one event loop."""

    def __init__(self, account: Account, endpoints: Endpoints) -> None:
        self._account = account
        self._endpoints = endpoints
        self._connections = Connections()

    def stop(self) -> None:
        self._connections.close()

    async def handle_runtime(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        began = time.perf_counter()
        found = _PATH.match(path.partition("?")[0])
        if found is None or method != "POST":
            return error(404, "UnknownOperationException", f"No operation is {method} {path}.")
        if found[2] != "invocations":
            return unsupported(f"sagemaker-runtime POST {found[2]}")
        asked = {name.lower(): value for name, value in headers.items()}
        for member in _UNSUPPORTED:
            if PREFIX + member in asked:
                return unsupported(f"InvokeEndpoint with {member}")
        if len(body) > LARGEST:
            return error(413, "413", f"HTTP content length exceeded {LARGEST} bytes.")
        endpoint = self._endpoints.serving(found[1])
        if endpoint is None:
            return self._unknown(found[1])
        return await self._invoke(endpoint, asked, body, began)

    async def _invoke(
        self, endpoint: Endpoint, asked: Mapping[str, str], body: bytes, began: float
    ) -> Answer:
        """Ask one instance; only when it can't even be reached, ask another one."""
        variant = asked.get(PREFIX + "target-variant")
        unreachable: Instance | None = None
        for _ in range(2):
            chosen = endpoint.traffic.choose(variant, avoiding=unreachable)
            if chosen is None:
                return self._nobody(endpoint, variant)
            route, instance = chosen
            try:
                return await self._through(endpoint, route, instance, asked, body, began)
            except Unreachable:
                # Nothing was sent: the process is gone and its replacement not there yet.
                unreachable = instance
                instance.lost = True
            finally:
                # Last of all: whoever drained the instance then finds the capture and the count.
                endpoint.traffic.release(instance)
        return self._nobody(endpoint, variant)

    async def _through(
        self,
        endpoint: Endpoint,
        route: Route,
        instance: Instance,
        asked: Mapping[str, str],
        body: bytes,
        began: float,
    ) -> Answer:
        at = self._account.clock.now()
        sent = time.perf_counter()
        reply = await self._connections.ask(instance.url, asked, body)
        took = time.perf_counter() - sent
        answer = self._answer(endpoint, route, asked, body, reply, at)
        route.meter.count(
            at,
            status=BROKEN_OFF if reply.status == 0 else reply.status,
            model=took,
            overhead=time.perf_counter() - began - took,
            instances=len(route.pool.ready),
        )
        return answer

    def _answer(
        self,
        endpoint: Endpoint,
        route: Route,
        asked: Mapping[str, str],
        body: bytes,
        reply: Reply,
        at: datetime,
    ) -> Answer:
        if not 200 <= reply.status < 300:
            return model_error(self._account, endpoint.name, reply.status, reply.body)
        if len(reply.body) > LARGEST:
            return model_error(self._account, endpoint.name, 413, b"")
        content_type = reply.headers.get("Content-Type")
        if route.capture is not None:
            route.capture.add(
                Exchange(
                    at=at,
                    inference_id=asked.get(PREFIX + "inference-id"),
                    custom_attributes=asked.get(PREFIX + "custom-attributes"),
                    request_type=asked.get("content-type"),
                    request=body,
                    response_type=content_type,
                    response=reply.body,
                )
            )
        headers = {"x-Amzn-Invoked-Production-Variant": route.variant}
        if content_type is not None:
            headers["Content-Type"] = content_type
        attributes = reply.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if attributes is not None:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = attributes
        return 200, headers, reply.body

    def _unknown(self, name: str) -> Answer:
        account = self._account.account_id
        return error(400, "ValidationError", f"Endpoint {name} of account {account} not found.")

    def _nobody(self, endpoint: Endpoint, variant: str | None) -> Answer:
        routes = endpoint.traffic.routes
        if not routes:
            return self._unknown(endpoint.name)
        if variant is not None and variant not in {route.variant for route in routes}:
            return error(
                400, "ValidationError", f"Variant {variant} not found in endpoint {endpoint.name}."
            )
        return error(503, "ServiceUnavailable", f"No instance of {endpoint.name} is available.")
