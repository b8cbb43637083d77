"""The chart of quality by month: what served beside a first version that was never retrained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from reports.axes import TOP, WIDTH, Axes, bounds, chart, frame
from reports.markup import element, text, tooltip
from reports.numbers import short, step
from reports.story import MonthQuality, Promotion, Story

_MIDDLE_OF_MONTH = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str
    caption: str
    of: Callable[[MonthQuality], float | None]


_LIVE = Line(name="live", caption="live", of=lambda month: month.live)
_FROZEN = Line(name="frozen", caption="v1, never retrained", of=lambda month: month.frozen)


def quality_chart(story: Story) -> str:
    known = [
        value for month in story.months for value in (month.live, month.frozen) if value is not None
    ]
    apart = step(known)
    low, high = bounds(known, step=apart)
    axes = Axes(start=story.start, end=story.end, low=low, high=high)
    return chart(
        frame(axes, step=apart, form=".2f" if apart < 1 else ",.0f"),
        *(_promotion(axes, promotion) for promotion in story.promotions),
        _series(axes, story, _FROZEN, caption_above=not _live_ends_above(story)),
        _series(axes, story, _LIVE, caption_above=_live_ends_above(story)),
        label=f"{story.metric} of each month's answers: the live model and v1 never retrained",
    )


def _promotion(axes: Axes, promotion: Promotion) -> str:
    x = axes.x(promotion.at)
    return element(
        "g",
        tooltip(f"v{promotion.version} promoted {promotion.at:%Y-%m-%d %H:%M} UTC"),
        element("line", x1=x, x2=x, y1=TOP - 8, y2=axes.floor, class_="promotion"),
        element("text", text(f"v{promotion.version}"), x=x, y=TOP - 14, class_="badge"),
    )


def _live_ends_above(story: Story) -> bool:
    """Say which line's caption goes above: where lower is better, the live one is the lower."""
    ends = [
        (month.live, month.frozen)
        for month in story.months
        if month.live is not None and month.frozen is not None
    ]
    return not ends or ends[-1][0] >= ends[-1][1]


def _series(axes: Axes, story: Story, line: Line, *, caption_above: bool) -> str:
    points = [
        (month, axes.x(month.at + _MIDDLE_OF_MONTH), axes.y(value), value)
        for month in story.months
        if (value := line.of(month)) is not None
    ]
    corners = " ".join(f"{x:.1f},{y:.1f}" for _, x, y, _ in points)
    marks = (_mark(story, month, x, y, value, line.caption) for month, x, y, value in points)
    return element(
        "g",
        element("polyline", points=corners, class_="line"),
        *marks,
        _end_label([(x, y) for _, x, y, _ in points], line.caption, above=caption_above),
        class_=line.name,
    )


def _mark(story: Story, month: MonthQuality, x: float, y: float, value: float, caption: str) -> str:
    versions = ", ".join(f"v{version}" for version in month.versions)
    shown = f"{month.at:%B %Y}: {story.metric} {short(value)}, {caption}"
    if caption == "live":
        shown += f" ({versions}; {month.rows:,} answers)"
    return element("circle", tooltip(shown), cx=x, cy=y, r=4.5)


def _end_label(points: Sequence[tuple[float, float]], caption: str, *, above: bool) -> str:
    if not points:
        return ""
    x = points[-1][0]
    near = [y for _, y in points[-3:]]  # the caption is as wide as three months
    return element(
        "text",
        text(caption),
        x=min(x + 8, WIDTH - 20),
        y=min(near) - 12 if above else max(near) + 22,
        class_="caption",
    )
