"""Connections to the instances: kept alive, on the account's event loop."""

import asyncio
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

LARGEST = 6_291_456
"""BodyBlob of botocore's sagemaker-runtime model."""
PREFIX = "x-amzn-sagemaker-"
BROKEN_OFF = 502
"""What a broken connection or a timeout counts as in the 5XX metrics (unproven on AWS)."""
_SECONDS = 60
_PIECE = 1 << 20
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


class Unreachable(Exception):
    """Nobody listens there: nothing of the request was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """One pool for all instances; ``close`` may be called by any thread but the event loop's."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        session, loop = self._session, self._loop
        if session is None or loop is None or not loop.is_running():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(session.close(), loop).result(5)

    async def ask(self, url: str, asked: Mapping[str, str], body: bytes) -> Reply:
        """Send one request. A server that breaks off counts as its error, like a timeout.

        AWS strips all headers but those of the operation.
        """
        passed = {
            name: value
            for name, value in asked.items()
            if name in ("content-type", "accept")
            or name in (PREFIX + "inference-id", PREFIX + "custom-attributes")
        }
        try:
            async with self._client().post(
                url, data=_payload(body), headers=passed, allow_redirects=False
            ) as response:
                if (response.content_length or 0) > LARGEST:
                    return Reply(status=413, headers={}, body=b"")
                return Reply(
                    status=response.status, headers=response.headers, body=await response.read()
                )
        except aiohttp.ClientConnectorError as failure:
            raise Unreachable from failure
        except TimeoutError:
            return Reply(status=0, headers={}, body=_TIMED_OUT.encode())
        except aiohttp.ClientError as failure:
            reason = f"The container closed the connection before it answered: {failure}"
            return Reply(status=BROKEN_OFF, headers={}, body=reason.encode())

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


def _payload(body: bytes) -> bytes | io.BytesIO:
    """Return ``body`` as aiohttp wants it: what is large it sends piece by piece."""
    return body if len(body) < _PIECE else io.BytesIO(body)
