"""How large an instance is whose use is measured: this machine, or a small part of it."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

MEBIBYTE = 1 << 20
_FIELDS = ("core", "memory_mib", "disk_mib")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSize:
    """Nothing is taken from a container that uses more: it shows in the metrics."""

    core: float = 1.0
    """What one of an instance's cores is, as a part of one of this machine's."""
    memory: int | None = None
    """Bytes; None: this machine's."""
    disk: int | None = None

    @classmethod
    def asked(cls, given: Mapping[str, Any]) -> Self:
        """Read what a client asks for; what it does not name is this machine's."""
        unknown = set(given) - set(_FIELDS)
        if unknown:
            known = ", ".join(_FIELDS)
            raise ValueError(f"an instance has {known}, not {', '.join(sorted(unknown))}")
        values = {name: given[name] for name in _FIELDS if given.get(name) is not None}
        for name, value in values.items():
            if value <= 0:
                raise ValueError(f"{name} must be more than 0, got {value}")
        memory, disk = values.get("memory_mib"), values.get("disk_mib")
        return cls(
            core=float(values.get("core", 1.0)),
            memory=None if memory is None else int(memory * MEBIBYTE),
            disk=None if disk is None else int(disk * MEBIBYTE),
        )

    def cpu_percent(self, seconds: float, elapsed: float) -> float:
        """Two busy cores are 200 %."""
        return max(0.0, 100 * seconds / elapsed / self.core)

    def memory_percent(self, used: int) -> float:
        return 100 * used / (self.memory or _machine_memory())

    def disk_percent(self, instance: Path) -> float:
        """Of this machine's disk, or of an instance's own: what lies in its folder."""
        if self.disk is None:
            found = next(each for each in (instance, *instance.parents) if each.exists())
            usage = shutil.disk_usage(found)
            return 100 * usage.used / usage.total
        return 100 * _bytes_below(instance) / self.disk


@cache
def _machine_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _bytes_below(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:  # it was deleted meanwhile
                continue
    return total
