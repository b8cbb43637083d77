"""One request on its way through an instance: sent, counted, captured, and copied to a shadow."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from emulator.sagemaker.endpoints.capture import CaptureLog
from emulator.sagemaker.endpoints.connections import (
    BROKEN_OFF,
    LARGEST,
    PREFIX,
    Connections,
    Reply,
)
from emulator.sagemaker.endpoints.exchange import Exchange
from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.metrics import Meter
from emulator.sagemaker.endpoints.pool import Pool
from emulator.sagemaker.endpoints.traffic import Route, Shadow


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a caller asks; ``began`` is when, by ``time.perf_counter``."""

    asked: Mapping[str, str]
    body: bytes
    at: datetime
    began: float

    async def through(
        self, to: "Route | Shadow", instance: Instance, connections: Connections
    ) -> Reply:
        """Ask ``instance``, count it for the variant, capture a success; return the reply.

        Raises :class:`Unreachable` when nothing was sent.
        """
        sent = time.perf_counter()
        reply = await connections.ask(instance.url, self.asked, self.body)
        took = time.perf_counter() - sent
        if to.capture is not None and succeeded(reply):
            self._capture(to.capture, reply)
        self._count(to.meter, to.pool, reply, took)
        return reply

    def _count(self, meter: Meter, pool: Pool, reply: Reply, took: float) -> None:
        meter.count(
            self.at,
            status=BROKEN_OFF if reply.status == 0 else reply.status,
            model=took,
            overhead=time.perf_counter() - self.began - took,
            instances=len(pool.ready),
        )

    def _capture(self, capture: CaptureLog, reply: Reply) -> None:
        capture.add(
            Exchange(
                at=self.at,
                inference_id=self.asked.get(PREFIX + "inference-id"),
                custom_attributes=self.asked.get(PREFIX + "custom-attributes"),
                request_type=self.asked.get("content-type"),
                request=self.body,
                response_type=reply.headers.get("Content-Type"),
                response=reply.body,
            )
        )


def succeeded(reply: Reply) -> bool:
    return 200 <= reply.status < 300 and len(reply.body) <= LARGEST
