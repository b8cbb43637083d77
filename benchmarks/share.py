"""Shares of decisions with their intervals, printed and kept as JSON."""

import json
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

FOLDER = Path(".perennial") / "benchmarks"


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % interval of a share; it holds where hits are few or none.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927).

    >>> [round(bound, 4) for bound in wilson(0, 1000)]
    [0.0, 0.0038]
    """
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def shown(name: str, hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{name:28} {hits:5} of {of}: {hits / of:7.2%}  [{low:.2%}, {high:.2%}]"


def keep(name: str, figures: Mapping[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=1, allow_nan=False)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
