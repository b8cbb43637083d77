"""The limits that botocore's model puts on one value, in the words AWS refuses it with."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape

from emulator.sagemaker.api_model import limits_of

# The patterns are Java's. Python has no \p{L}: a character outside ASCII is folded to one that
# stands for its Unicode category, and the category to the ASCII characters it holds and that one.
_STANDS_FOR = {"L": "a", "N": "0", "Z": " ", "P": "!", "S": "~", "M": "\u0301", "C": "\x00"}
_CATEGORY = {
    "L": "a-zA-Z",
    "N": "0-9",
    "Z": " ",
    "P": r"!-#%-*,-/:;?@\[-\]_{}",
    "S": r"$+<->\^`|~",
    "M": "\u0301",
}


def _folded(value: str) -> str:
    return "".join(
        character if character.isascii() else _STANDS_FOR[unicodedata.category(character)[0]]
        for character in value
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern for Python, or ``None`` for Java's surrogate ranges (Athena's names)."""
    python = pattern.replace(r"\p{Alnum}", "a-zA-Z0-9")
    python = re.sub(r"\\p\{(\w)\}", lambda found: _CATEGORY[found[1]], python)
    python = re.sub(r"\$\{\d+,\d+\}", "$", python)
    try:
        return re.compile(python)
    except re.error:
        return None


def broken_constraints(shape: Shape, value: Any) -> Iterator[str]:
    """Yield what ``value`` fails to satisfy: "Member must have length …"."""
    limits = limits_of(shape)
    sized = isinstance(value, str | list | dict)
    measured: Any = len(value) if sized else value
    noun = "length" if sized else "value"
    if isinstance(measured, int | float) and not isinstance(measured, bool):
        if "max" in limits and measured > limits["max"]:
            yield f"Member must have {noun} less than or equal to {limits['max']}"
        if "min" in limits and measured < limits["min"]:
            yield f"Member must have {noun} greater than or equal to {limits['min']}"
    if isinstance(value, str):
        yield from _broken_text(limits, value)


def _broken_text(limits: dict[str, Any], value: str) -> Iterator[str]:
    if "enum" in limits and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    pattern = _compiled(limits["pattern"]) if "pattern" in limits else None
    if pattern is not None and pattern.fullmatch(_folded(value)) is None:
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"
