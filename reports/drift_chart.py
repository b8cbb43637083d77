"""The chart of drift: the share of drifted features at each check, the alarm's line, its alarms."""

from datetime import datetime

from reports.axes import LEFT, RIGHT, TOP, WIDTH, Axes, chart, frame
from reports.markup import element, text, tooltip
from reports.story import DriftCheck, Promotion, Story

HEIGHT = 240


def drift_chart(story: Story) -> str:
    axes = Axes(start=story.start, end=story.end, low=0.0, high=1.0, height=HEIGHT)
    y = axes.y(story.drift_threshold)
    threshold = element(
        "g",
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="threshold"),
        element(
            "text",
            text(f"alarm from {story.drift_threshold:.0%}"),
            x=WIDTH - RIGHT,
            y=y - 6,
            class_="tick number",
        ),
    )
    return chart(
        frame(axes, step=0.25, form=".0%"),
        *(_promotion(axes, promotion) for promotion in story.promotions),
        *(_check(axes, story, check) for check in story.drift_checks),
        threshold,
        *(_alarm(axes, at) for at in story.drift_alarms),
        label="Share of features that drifted at each check, with the alarms it raised",
        height=HEIGHT,
    )


def _check(axes: Axes, story: Story, check: DriftCheck) -> str:
    x, y = axes.x(check.at), axes.y(check.share)
    over = check.share >= story.drift_threshold
    return element(
        "g",
        tooltip(f"{check.at:%Y-%m-%d %H:%M} UTC: {check.share:.0%} of the features drifted"),
        element("line", x1=x, x2=x, y1=axes.floor, y2=y, class_="stem"),
        element("circle", cx=x, cy=y, r=3.5),
        class_="check over" if over else "check",
    )


def _alarm(axes: Axes, at: datetime) -> str:
    x = axes.x(at)
    return element(
        "path",
        tooltip(f"Drift alarm {at:%Y-%m-%d %H:%M} UTC"),
        d=f"M{x:.1f} {TOP - 20} l7 12 h-14 z",
        class_="alarm",
    )


def _promotion(axes: Axes, promotion: Promotion) -> str:
    x = axes.x(promotion.at)
    return element(
        "g",
        tooltip(f"v{promotion.version} promoted {promotion.at:%Y-%m-%d %H:%M} UTC"),
        element("line", x1=x, x2=x, y1=TOP - 4, y2=axes.floor, class_="promotion"),
    )
