"""Which rows are alike: units, and the groups they are gathered in so that memory is bounded."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint64]
Groups: TypeAlias = NDArray[np.uint16]
Floats: TypeAlias = NDArray[np.float64]

GROUPS = 512
"""Units are gathered into so many groups by their names' hashes, each always into the same, in
every window and on every machine. Sums by group add up, and how groups differ tells how sure a
figure is: "random groups", K. Wolter, Introduction to Variance Estimation (2007), chapter 2. With
512 of them, a standard error is itself known to 3 %."""


def code_of(unit: str) -> int:
    """Return 64 bits that stand for a unit.

    >>> code_of("customer 1") == code_of("customer 1") != code_of("customer 2")
    True
    """
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest(), "big")


def codes_of(units: Sequence[str]) -> Codes:
    return np.array([code_of(unit) for unit in units], dtype=np.uint64)


def groups_of(codes: Codes) -> Groups:
    return (codes % np.uint64(GROUPS)).astype(np.uint16)


def by_group(values: Floats, groups: Groups) -> Floats:
    """Return the sum of each group's values."""
    return np.bincount(groups, weights=values, minlength=GROUPS).astype(np.float64)


def part_of(inference_id: str, parts: int) -> int:
    """Return in which of ``parts`` the answers and labels of an id are joined."""
    # By other bits than the groups: else a part would have but some of them.
    return (code_of(inference_id) >> 32) % parts
