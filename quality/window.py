"""A window of answers with what came of them, in memory that does not grow with its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.card_quality import Quality
from contracts.quality import Task
from quality.join import Fates, Joined
from quality.tally import Tally

SLICE_CAPACITY = 1 << 16
"""Different scores that a slice keeps for its AUC: 1 MB, of up to 64 slices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """All rows, and those of each slice by its name; parts of a window, or windows, add up."""

    fates: Fates
    tally: Tally
    slices: Mapping[str, Tally]

    def __add__(self, other: "Window") -> "Window":
        if self.slices.keys() != other.slices.keys():
            raise ValueError(
                f"windows of slices {sorted(self.slices)} and {sorted(other.slices)} do not add up"
            )
        return Window(
            fates=self.fates + other.fates,
            tally=self.tally + other.tally,
            slices={name: tally + other.slices[name] for name, tally in self.slices.items()},
        )


def window_of(task: Task, quality: Quality, joined: Joined, slices: Sequence[str]) -> Window:
    """Return what is kept of joined rows; ``slices`` names the bits of their masks, in order."""
    parts: dict[str, Tally] = {}
    for number, name in enumerate(slices):
        chosen = (joined.slices >> np.uint64(number)) & np.uint64(1) == 1
        rows = (joined.labels[chosen], joined.scores[chosen], joined.units[chosen])
        parts[name] = Tally.of(task, quality, rows, capacity=SLICE_CAPACITY)
    return Window(
        fates=joined.fates,
        tally=Tally.of(task, quality, (joined.labels, joined.scores, joined.units)),
        slices=parts,
    )
