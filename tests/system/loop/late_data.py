"""Purchases that arrive late: small new files for scenarios that need new data or spoiled data."""

from collections.abc import Iterator
from dataclasses import dataclass

HELD_BACK = 200
"""Purchases of 1997-04 that the fixture does not land; each scenario takes some of its own."""
_PER_FILE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LateData:
    """Every file has rows of its own, so that no two scenarios bring the same data."""

    header: str
    rows: Iterator[str]

    def take(self) -> bytes:
        """Return a good file of purchases that were not landed before."""
        lines = [self.header, *(next(self.rows) for _ in range(_PER_FILE))]
        return ("\n".join(lines) + "\n").encode()


def hold_back(month: bytes) -> tuple[bytes, LateData]:
    """Split a month of purchases into what lands with the history and what comes late."""
    header, *lines = month.decode().splitlines()
    kept, late = lines[:-HELD_BACK], lines[-HELD_BACK:]
    return ("\n".join([header, *kept]) + "\n").encode(), LateData(header=header, rows=iter(late))
