"""A chart's frame: time from left to right, a number from bottom to top, both to pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor

from reports.markup import element, text

WIDTH, HEIGHT = 1000, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 34, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    start: datetime
    end: datetime
    low: float
    high: float
    height: int = HEIGHT

    def x(self, moment: datetime) -> float:
        whole = (self.end - self.start).total_seconds()
        part = 0.0 if whole <= 0 else (moment - self.start).total_seconds() / whole
        return LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.floor - min(max(part, 0.0), 1.0) * (self.floor - TOP)

    @property
    def floor(self) -> float:
        return float(self.height - BOTTOM)


def bounds(values: Sequence[float], *, step: float) -> tuple[float, float]:
    """Return multiples of ``step`` around ``values`` with a little air, never equal."""
    if not values:
        return 0.0, step
    low = floor((min(values) - step / 4) / step) * step
    high = ceil((max(values) + step / 4) / step) * step
    return low, max(high, low + step)


def months(start: datetime, end: datetime) -> list[datetime]:
    """First days of the months within, both ends included.

    >>> [each.month for each in months(datetime(1997, 11, 1, tzinfo=UTC),
    ...                                datetime(1998, 1, 2, tzinfo=UTC))]
    [11, 12, 1]
    """
    first = start.year * 12 + start.month - 1
    moments = (
        datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        for number in range(first, end.year * 12 + end.month)
    )
    return [moment for moment in moments if start <= moment <= end]


def frame(axes: Axes, *, step: float, form: str) -> str:
    """Return the grid with its labels; ``form`` formats a number on the left (``.0%``)."""
    parts: list[str] = []
    count = round((axes.high - axes.low) / step)
    for number in range(count + 1):
        value = axes.low + number * step
        y = axes.y(value)
        parts.append(
            element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
            + element("text", text(format(value, form)), x=LEFT - 8, y=y + 4, class_="tick number")
        )
    for month in months(axes.start, axes.end):
        name = f"{month:%b}" if month.month != 1 else f"{month:%b %Y}"
        x = axes.x(month)
        parts.append(
            element("line", x1=x, x2=x, y1=axes.floor, y2=axes.floor + 4, class_="axis")
            + element("text", text(name), x=x, y=axes.floor + 19, class_="tick")
        )
    return "".join(parts)


def chart(*children: str, label: str, height: int = HEIGHT) -> str:
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
    )
