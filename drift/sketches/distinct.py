"""How many different values there were: exact up to ``KEPT``, an estimate beyond."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from struct import pack, unpack

KEPT = 256
"""Hashes kept: exact to 255 values; beyond, the standard error is 1 / sqrt(KEPT - 2): 6.3 %."""
MULTIPLIER = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio, odd: multiplying the 64 bits by it maps no two values to one hash."""
SPACE = 2**64
ZERO_HASH = 1
"""0.0 and -0.0 are one value; the bits of 0.0 would hash to 0, which no hash exceeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """The ``KEPT`` largest hashes of the values seen (a k-minimum-values sketch, turned round).

    Source: K. Beyer, P. Haas, B. Reinwald, Y. Sismanis, R. Gemulla, "On synopses for
    distinct-value estimation under multiset operations", SIGMOD 2007.

    >>> distinct_of([1.0, 2.0, 2.0, 0.0, -0.0]).estimate
    3.0
    """

    hashes: tuple[int, ...]
    """Descending, without duplicates."""

    @property
    def is_exact(self) -> bool:
        return len(self.hashes) < KEPT

    @property
    def estimate(self) -> float:
        if self.is_exact:
            return float(len(self.hashes))
        return (KEPT - 1) / ((SPACE - self.hashes[-1]) / SPACE)

    def merge(self, other: "Distinct") -> "Distinct":
        return Distinct(hashes=largest({*self.hashes, *other.hashes}))

    def text(self) -> str:
        """The hashes as one text of 64-bit numbers, big-endian, in base64."""
        return b64encode(pack(f">{len(self.hashes)}Q", *self.hashes)).decode("ascii")


def largest(hashes: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(hashes, reverse=True)[:KEPT])


def parse_distinct(text: str) -> Distinct:
    """Read :meth:`Distinct.text`; ValueError for anything else."""
    raw = b64decode(text, validate=True)
    if len(raw) % 8:
        raise ValueError(f"{len(raw)} bytes are no list of 64-bit hashes")
    hashes = unpack(f">{len(raw) // 8}Q", raw)
    if len(hashes) > KEPT or any(a <= b for a, b in pairwise(hashes)):
        raise ValueError(f"hashes must be at most {KEPT} and descending, got {len(hashes)}")
    return Distinct(hashes=hashes)


def distinct_of(values: Iterable[float]) -> Distinct:
    """Sketch finite values, one by one (``drift.sketches.tracking`` does it for whole blocks)."""
    return Distinct(hashes=largest({hash_of(value) for value in values}))


def hash_of(value: float) -> int:
    if value == 0:
        return ZERO_HASH
    (bits,) = unpack(">Q", pack(">d", value))
    return bits * MULTIPLIER % SPACE
