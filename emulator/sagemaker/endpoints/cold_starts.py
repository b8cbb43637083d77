"""The choice of an instance where there may be none yet: a serverless variant starts one then."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.serverless import NotReady, ServerlessPool
from emulator.sagemaker.endpoints.traffic import Route, Traffic

_SECONDS = 60
"""An invocation may take no longer, a cold start included."""
_AT_ONCE = 32
_ATTEMPTS = 3
"""Another request may take the process that this one started."""


class ColdStarts:
    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    def stop(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def choose(
        self, traffic: Traffic, variant: str | None, avoiding: Instance | None
    ) -> tuple[Route, Instance] | None:
        """Take an instance that is there, or start one; raise Throttled or NotReady."""
        for _ in range(_ATTEMPTS):
            chosen = traffic.choose(variant, avoiding)
            pool = None if chosen is not None else _serverless(traffic, variant)
            if pool is None:
                return chosen
            await self._start(pool)
        return traffic.choose(variant, avoiding)

    async def _start(self, pool: ServerlessPool) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cold-start")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_SECONDS):
                await loop.run_in_executor(self._threads, pool.cold_start)
        except TimeoutError as late:
            raise NotReady(f"a cold start takes more than {_SECONDS} s.") from late


def _serverless(traffic: Traffic, variant: str | None) -> ServerlessPool | None:
    for route in traffic.routes:
        if variant in (None, route.variant) and isinstance(route.pool, ServerlessPool):
            return route.pool
    return None
