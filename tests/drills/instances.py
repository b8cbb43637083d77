"""Instances so small that a version's fault fills them, and not this machine."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from contracts import naming
from tests.drills.duty import Duty

METRICS = {
    "cpu": "CPUUtilization",
    "memory": "MemoryUtilization",
    "disk": "DiskUtilization",
}
_MACHINE_MIB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
_QUIET = 1 / 4
"""What a server that does nothing wrong uses of its memory."""


@contextmanager
def small(duty: Duty, resource: str) -> Generator[None]:
    account = duty.platform.account
    match resource:
        case "cpu":
            account.resize_instances(core=0.1)
        case "memory":
            used = _memory_percent(duty) / 100 * _MACHINE_MIB
            account.resize_instances(memory_mib=used / _QUIET)
        case _:
            account.resize_instances(disk_mib=64)
    try:
        yield
    finally:
        account.resize_instances()


def _memory_percent(duty: Duty) -> float:
    """Return the use of the fullest instance, of this machine's memory."""
    found: list[float] = []

    def look() -> None:
        # What instances use is measured in real time, once for each minute that is seen.
        time.sleep(1.5)

    def seen() -> bool:
        found[:] = _points(duty, METRICS["memory"])
        return bool(found)

    duty.each_minute(look, until=seen, most=10)
    return max(found)


def _points(duty: Duty, metric: str) -> list[float]:
    now = duty.platform.account.now()
    answer = duty.platform.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/Endpoints",
        MetricName=metric,
        Dimensions=[
            {"Name": "EndpointName", "Value": duty.platform.deployed.endpoint},
            {"Name": "VariantName", "Value": naming.VARIANT},
        ],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )
    return [point["Maximum"] for point in answer["Datapoints"]]
