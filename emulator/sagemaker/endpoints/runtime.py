"""InvokeEndpoint: from the account's event loop to an instance and back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import asyncio
import re
import time
from collections.abc import Mapping

from emulator.ports import Account
from emulator.sagemaker.endpoints.answers import Answer, error, model_error, unsupported
from emulator.sagemaker.endpoints.cold_starts import ColdStarts
from emulator.sagemaker.endpoints.connections import (
    LARGEST,
    PREFIX,
    Connections,
    Reply,
    Unreachable,
)
from emulator.sagemaker.endpoints.endpoint import Endpoint
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.invocation import Invocation, succeeded
from emulator.sagemaker.endpoints.serverless import NotReady, ServerlessPool, Throttled
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
        self._cold_starts = ColdStarts()
        self._copies: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        self._cold_starts.stop()
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
        invocation = Invocation(asked=asked, body=body, at=self._account.clock.now(), began=began)
        return await self._invoke_by_name(found[1], invocation)

    async def _invoke_by_name(self, name: str, invocation: Invocation) -> Answer:
        endpoint = self._endpoints.serving(name)
        if endpoint is None:
            return self._unknown(name)
        try:
            return await self._invoke(endpoint, invocation)
        except Throttled:
            return _throttled()
        except NotReady as late:
            return error(429, "ModelNotReadyException", f"The model is not ready: {late}")

    async def _invoke(self, endpoint: Endpoint, invocation: Invocation) -> Answer:
        """Ask one instance; only when it can't even be reached, ask another one."""
        variant = invocation.asked.get(PREFIX + "target-variant")
        unreachable: Instance | None = None
        for attempt in range(2):
            chosen = await self._cold_starts.choose(endpoint.traffic, variant, unreachable)
            if chosen is None:
                return self._nobody(endpoint, variant)
            route, instance = chosen
            if attempt == 0:
                self._mirror(endpoint, route, invocation)
            try:
                reply = await invocation.through(route, instance, self._connections)
            except Unreachable:
                # Nothing was sent: the process is gone and its replacement not there yet.
                unreachable = instance
                instance.lost = True
            else:
                if isinstance(route.pool, ServerlessPool):
                    route.pool.touch(instance)
                return self._answer(endpoint, route, reply)
            finally:
                # Last of all: whoever drained the instance then finds the capture and the count.
                endpoint.traffic.release(instance)
        return self._nobody(endpoint, variant)

    def _mirror(self, endpoint: Endpoint, route: Route, invocation: Invocation) -> None:
        """Send a copy to the route's shadow, beside the request and whatever comes of it."""
        instance = endpoint.traffic.mirror(route)
        if instance is None:
            return
        task = asyncio.ensure_future(self._copy(endpoint, route, instance, invocation))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def _copy(
        self, endpoint: Endpoint, route: Route, instance: Instance, invocation: Invocation
    ) -> None:
        try:
            if route.shadow is not None:
                await invocation.through(route.shadow, instance, self._connections)
        except Unreachable:
            instance.lost = True
        finally:
            endpoint.traffic.release(instance)

    def _answer(self, endpoint: Endpoint, route: Route, reply: Reply) -> Answer:
        if len(reply.body) > LARGEST:
            return model_error(self._account, endpoint.name, 413, b"")
        if not succeeded(reply):
            return model_error(self._account, endpoint.name, reply.status, reply.body)
        headers = {"x-Amzn-Invoked-Production-Variant": route.variant}
        for name in ("Content-Type", "X-Amzn-SageMaker-Custom-Attributes"):
            value = reply.headers.get(name)
            if value is not None:
                headers[name] = value
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


def _throttled() -> Answer:
    """Return what is above MaxConcurrency: 400, as AWS answers it, though 429 would be expected.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
    https://github.com/opensearch-project/ml-commons/issues/2429
    """
    return error(400, "ThrottlingException", "Rate exceeded")
