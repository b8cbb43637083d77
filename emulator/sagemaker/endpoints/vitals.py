"""CPUUtilization, MemoryUtilization and DiskUtilization of real serving processes.

Once for each minute of the account's clock that real time sees, never for minutes that are jumped.
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (instance metrics)
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.instance_size import MEBIBYTE, InstanceSize
from emulator.sagemaker.endpoints.pool import Pool

NAMESPACE = "/aws/sagemaker/Endpoints"
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container's processes have used: seconds of CPU so far, bytes of memory now."""

    cpu: float
    memory: int
    at: float
    """By ``time.monotonic``."""


class Vitals:
    """Takes the metrics of endpoints; remembers of each instance what it had used before."""

    def __init__(self) -> None:
        self.size = InstanceSize()
        self._before: dict[Instance, Usage] = {}
        self._minute: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Say, once, that another minute of the account's time has begun."""
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute:
            return False
        self._minute = minute
        return True

    def take(self, pools: Iterable[tuple[str, Pool]], now: datetime) -> list[dict[str, Any]]:
        """Return a datum for each metric of each variant, a value for each of its instances."""
        taken: dict[Instance, Usage] = {}
        data: list[dict[str, Any]] = []
        for endpoint, pool in pools:
            used = {one: usage for one in pool.ready if (usage := usage_of(one.pid)) is not None}
            taken |= used
            data += self._data(endpoint, pool, used, now)
        self._before = taken
        return data

    def _data(
        self, endpoint: str, pool: Pool, used: dict[Instance, Usage], now: datetime
    ) -> Iterator[dict[str, Any]]:
        size = _size_of(pool, self.size)
        values = {
            "CPUUtilization": [
                size.cpu_percent(usage.cpu - before.cpu, usage.at - before.at)
                for one, usage in used.items()
                if (before := self._before.get(one)) is not None and usage.at > before.at
            ],
            "MemoryUtilization": [size.memory_percent(usage.memory) for usage in used.values()],
            "DiskUtilization": [size.disk_percent(one.folder) for one in used],
        }
        for name, found in values.items():
            if found:
                yield {
                    "MetricName": name,
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": endpoint},
                        {"Name": "VariantName", "Value": pool.variant.name},
                    ],
                    "Timestamp": now,
                    "Values": found,
                    "Counts": [1] * len(found),
                    "Unit": "Percent",
                }


def usage_of(pid: int | None) -> Usage | None:
    """Read what ``pid`` and all it started use, ``None`` when it has ended."""
    if pid is None:
        return None
    cpu, memory = 0.0, 0
    waiting, seen = [pid], 0
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        with suppress(OSError, IndexError, ValueError):
            # Behind the name, which may hold anything: fields 14 to 17 and 24 of proc(5).
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            cpu += sum(int(field) for field in fields[11:13]) / _TICK
            memory += int(fields[21]) * _PAGE
            seen += 1
            for children in process.glob("task/*/children"):
                waiting.extend(int(child) for child in children.read_text().split())
    return Usage(cpu=cpu, memory=memory, at=time.monotonic()) if seen else None


def _size_of(pool: Pool, size: InstanceSize) -> InstanceSize:
    """Return the size of an instance; a serverless variant has the memory that it asked for."""
    serverless = pool.variant.serverless
    return size if serverless is None else replace(size, memory=serverless.memory * MEBIBYTE)
