"""CPUUtilization, MemoryUtilization and DiskUtilization of real serving processes.

Once for each minute of the account's clock that real time sees, never for minutes that are jumped.
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (instance metrics)
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from emulator.sagemaker.endpoints.instance import Instance
from emulator.sagemaker.endpoints.pool import Pool

NAMESPACE = "/aws/sagemaker/Endpoints"
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container's processes have used: seconds of CPU so far, bytes of memory now."""

    cpu: float
    memory: int
    at: float
    """By ``time.monotonic``."""


class Vitals:
    """Takes the metrics of endpoints; remembers of each instance what it had used before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
        memory = _memory_of(pool)
        values = {
            "CPUUtilization": [
                share
                for one, usage in used.items()
                if (share := _cpu(self._before.get(one), usage)) is not None
            ],
            "MemoryUtilization": [100 * usage.memory / memory for usage in used.values()],
            "DiskUtilization": [_disk(self._folder)] * len(used),
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


def _cpu(before: Usage | None, now: Usage) -> float | None:
    """Return percent of one core since the last time: two busy cores are 200 %."""
    if before is None or now.at <= before.at:
        return None
    return max(0.0, 100 * (now.cpu - before.cpu) / (now.at - before.at))


def _memory_of(pool: Pool) -> int:
    """Return the bytes of an instance: this machine's, or what a serverless variant asked for."""
    if pool.variant.serverless is not None:
        return pool.variant.serverless.memory * _MEBIBYTE
    return _machine_memory()


@cache
def _machine_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * _PAGE


def _disk(folder: Path) -> float:
    usage = shutil.disk_usage(folder if folder.exists() else folder.anchor)
    return 100 * usage.used / usage.total
