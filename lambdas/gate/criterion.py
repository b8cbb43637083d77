"""One criterion of the gate: what was seen, what it had to be, and whether it was."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    name: str
    value: str
    bound: str
    """What the value had to be, as a person reads it: ``>= 0.6``."""
    passed: bool


def same(name: str, value: object, expected: object) -> Criterion:
    return Criterion(
        name=name,
        value="none" if value is None else str(value),
        bound="none" if expected is None else f"= {expected}",
        passed=value == expected,
    )


def at_least(name: str, value: float | None, bound: float) -> Criterion:
    """A figure that is missing, or NaN, is not at least anything."""
    return Criterion(
        name=name,
        value=shown(value),
        bound=f">= {bound:.9g}",
        passed=value is not None and value >= bound,
    )


def at_most(name: str, value: float | None, bound: float) -> Criterion:
    return Criterion(
        name=name,
        value=shown(value),
        bound=f"<= {bound:.9g}",
        passed=value is not None and value <= bound,
    )


def above(name: str, value: float | None, bound: float) -> Criterion:
    """Equal is not above."""
    return Criterion(
        name=name,
        value="none" if value is None else f"{value:+.6f}",
        bound=f"> {bound:+.6f}",
        passed=value is not None and value > bound,
    )


def shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.9g}"
