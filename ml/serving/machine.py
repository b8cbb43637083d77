"""How many workers this machine, or the part of it that the container may use, has work for."""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Mapping
from pathlib import Path

from ml.refusal import Refusal

WORKERS_VARIABLE = "SAGEMAKER_MODEL_SERVER_WORKERS"
"""As SageMaker's own containers read it; SageMaker's SDK sets it for ``model_server_workers``.

https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/parameters.py
"""
MOST_WORKERS = 256
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def workers(variables: Mapping[str, str], quota: Path = _QUOTA) -> int:
    """Return the number asked for, or one for each processor that may be used."""
    asked = variables.get(WORKERS_VARIABLE, "")
    if not asked:
        return max(1, min(_processors(), _share(quota), MOST_WORKERS))
    if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked) <= MOST_WORKERS):
        raise Refusal(f"{WORKERS_VARIABLE} must be 1 to {MOST_WORKERS}, got {asked[:80]!r}")
    return int(asked)


def allow_many_connections() -> None:
    """Raise the limit of open files to the highest that may be asked for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _share(quota: Path) -> int:
    """Return how many processors the container's quota is worth.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
    """
    try:
        allowed, period = quota.read_text(encoding="ascii").split()
        return math.ceil(int(allowed) / int(period))
    except (OSError, ValueError):
        return MOST_WORKERS
