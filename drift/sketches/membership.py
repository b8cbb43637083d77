"""Which categories training knew beyond those it lists: a Bloom filter of bounded size."""

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b

BITS_PER_CATEGORY = 10
"""With four hashes 1.2 % of unseen values pass for known."""
MOST_BITS = 2**20
"""128 KiB: holds 10^5 categories at 10 bits each; with more, fewer unseen values are noticed."""
HASHES = 4


@dataclass(frozen=True, slots=True)
class Membership:
    """Never denies what it was built from; may take a few others for it.

    Source: B. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13 (1970).

    >>> known = membership_of(["red", "blue"])
    >>> "red" in known, "green" in known
    (True, False)
    """

    bits: bytes

    def __contains__(self, category: str) -> bool:
        size = len(self.bits) * 8
        return all(self.bits[at >> 3] >> (at & 7) & 1 for at in _places(category, size))

    def text(self) -> str:
        return b64encode(self.bits).decode("ascii")


def membership_of(categories: Collection[str]) -> Membership:
    size = 64
    while size < min(MOST_BITS, BITS_PER_CATEGORY * len(categories)):
        size *= 2
    bits = bytearray(size // 8)
    for category in categories:
        for at in _places(category, size):
            bits[at >> 3] |= 1 << (at & 7)
    return Membership(bytes(bits))


def parse_membership(text: str) -> Membership:
    bits = b64decode(text, validate=True)
    if not 8 <= len(bits) <= MOST_BITS // 8 or len(bits) & (len(bits) - 1):
        raise ValueError(f"a membership must have a power of two of bytes, got {len(bits)}")
    return Membership(bits)


def _places(category: str, size: int) -> Iterator[int]:
    """Every hash's bit: two 64-bit halves combined (A. Kirsch, M. Mitzenmacher, ESA 2006)."""
    digest = blake2b(category.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
    for turn in range(HASHES):
        yield (first + turn * second) % size
