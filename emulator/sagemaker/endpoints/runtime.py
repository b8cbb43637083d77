"""InvokeEndpoint: from the account's event loop to an instance and back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from emulator.ports import Account
from emulator.sagemaker.endpoints.answers import Answer, error, model_error, unsupported
from emulator.sagemaker.endpoints.capture import Exchange
from emulator.sagemaker.endpoints.endpoint import Endpoint
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.traffic import Route

_PATH = re.compile(r"^/endpoints/([^/]+)/(invocations|async-invocations|[a-z-]+)$")
_LARGEST = 6_291_456
"""BodyBlob of botocore's sagemaker-runtime model."""
_SECONDS = 60
_SOCKET_ERROR = 502
"""What a broken connection or a timeout counts as in the 5XX metrics (unproven on AWS)."""
_PREFIX = "x-amzn-sagemaker-"
_UNSUPPORTED = (
    "target-model",
    "target-container-hostname",
    "enable-explanations",
    "inference-component",
    "session-id",
)
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Runtime:
    """Answers the sagemaker-runtime service; every method runs on one event loop."""

    def __init__(self, account: Account, endpoints: Endpoints) -> None:
        self._account = account
        self._endpoints = endpoints
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Close the connections to the instances; any thread but the event loop's may ask."""
        session, loop = self._session, self._loop
        if session is None or loop is None or not loop.is_running():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(session.close(), loop).result(5)

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
            if _PREFIX + member in asked:
                return unsupported(f"InvokeEndpoint with {member}")
        if len(body) > _LARGEST:
            return error(413, "413", f"HTTP content length exceeded {_LARGEST} bytes.")
        endpoint = self._endpoints.serving(found[1])
        if endpoint is None:
            return self._unknown(found[1])
        return await self._invoke(endpoint, asked, body, began)

    async def _invoke(
        self, endpoint: Endpoint, asked: Mapping[str, str], body: bytes, began: float
    ) -> Answer:
        """Ask one instance; only when it can't even be reached, ask another one."""
        variant = asked.get(_PREFIX + "target-variant")
        unreachable: Instance | None = None
        for _ in range(2):
            chosen = endpoint.traffic.choose(variant, avoiding=unreachable)
            if chosen is None:
                return self._nobody(endpoint, variant)
            route, instance = chosen
            try:
                return await self._through(endpoint, route, instance, asked, body, began)
            except aiohttp.ClientConnectorError:
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
        reply = await self._ask(instance, asked, body)
        took = time.perf_counter() - sent
        answer = self._answer(endpoint, route, asked, body, reply, at)
        route.meter.count(
            at,
            status=_SOCKET_ERROR if reply.status == 0 else reply.status,
            model=took,
            overhead=time.perf_counter() - began - took,
            instances=len(route.pool.ready),
        )
        return answer

    async def _ask(self, instance: Instance, asked: Mapping[str, str], body: bytes) -> _Reply:
        """Send one request. A server that breaks off counts as its error, like a timeout.

        AWS strips all headers but those of the operation.
        """
        passed = {
            name: value
            for name, value in asked.items()
            if name in ("content-type", "accept")
            or name in (_PREFIX + "inference-id", _PREFIX + "custom-attributes")
        }
        try:
            async with self._client().post(instance.url, data=body, headers=passed) as response:
                if (response.content_length or 0) > _LARGEST:
                    return _Reply(status=413, headers={}, body=b"")
                return _Reply(
                    status=response.status, headers=response.headers, body=await response.read()
                )
        except aiohttp.ClientConnectorError:
            raise
        except TimeoutError:
            return _Reply(status=0, headers={}, body=_TIMED_OUT.encode())
        except aiohttp.ClientError as failure:
            reason = f"The container closed the connection before it answered: {failure}"
            return _Reply(status=_SOCKET_ERROR, headers={}, body=reason.encode())

    def _answer(
        self,
        endpoint: Endpoint,
        route: Route,
        asked: Mapping[str, str],
        body: bytes,
        reply: _Reply,
        at: datetime,
    ) -> Answer:
        if not 200 <= reply.status < 300:
            return model_error(self._account, endpoint.name, reply.status, reply.body)
        if len(reply.body) > _LARGEST:
            return model_error(self._account, endpoint.name, 413, b"")
        content_type = reply.headers.get("Content-Type")
        if route.capture is not None:
            route.capture.add(
                Exchange(
                    at=at,
                    inference_id=asked.get(_PREFIX + "inference-id"),
                    custom_attributes=asked.get(_PREFIX + "custom-attributes"),
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

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._loop = asyncio.get_running_loop()
            self._session = aiohttp.ClientSession(
                # uvicorn and gunicorn close idle connections after 5 and 2 seconds; a request
                # must not meet a connection that is just being closed.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=1.5),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
                auto_decompress=False,
            )
        return self._session

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
