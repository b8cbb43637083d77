"""The verdicts of the gate as a table, each gain drawn with its interval and the bound to pass."""

from reports.markup import element, table, text, tooltip
from reports.numbers import short
from reports.story import Story, Verdict

WIDTH, HEIGHT, EDGE = 260, 26, 6


def verdict_table(story: Story) -> str:
    largest = max(
        (
            abs(value)
            for verdict in story.verdicts
            for value in (verdict.low, verdict.high, story.min_gain)
            if value is not None
        ),
        default=0.1,
    )
    return table(
        ("Decided", "Candidate", f"{story.metric}", "Champion", "Gain with interval", "Verdict"),
        (_row(verdict, story.min_gain, largest) for verdict in story.verdicts),
        caption="Verdicts of the gate, on the newest month whose labels were known",
    )


def _row(verdict: Verdict, min_gain: float, largest: float) -> tuple[str, ...]:
    return (
        element("span", text(f"{verdict.at:%Y-%m-%d %H:%M}"), class_="when"),
        element("b", text(f"v{verdict.version}")),
        text(short(verdict.candidate)),
        text(short(verdict.champion)),
        _interval(verdict, min_gain, largest),
        element("span", text(verdict.outcome), class_=f"chip {verdict.outcome}")
        + element("div", text(verdict.reason), class_="note"),
    )


def _interval(verdict: Verdict, min_gain: float, largest: float) -> str:
    if verdict.gain is None or verdict.low is None or verdict.high is None:
        return element("span", text("first model: nothing to compare"), class_="note")
    scale = (WIDTH / 2 - EDGE) / (largest if largest > 0 else 1.0)

    def x(value: float) -> float:
        return WIDTH / 2 + value * scale

    middle = HEIGHT / 2
    low, high = short(verdict.low, signed=True), short(verdict.high, signed=True)
    shown = f"{short(verdict.gain, signed=True)} [{low}, {high}]"
    bar = element(
        "svg",
        tooltip(f"gain {shown}; the low end must be above {short(min_gain, signed=True)}"),
        element("line", x1=0, x2=WIDTH, y1=middle, y2=middle, class_="grid"),
        element("line", x1=x(min_gain), x2=x(min_gain), y1=2, y2=HEIGHT - 2, class_="threshold"),
        element(
            "line", x1=x(verdict.low), x2=x(verdict.high), y1=middle, y2=middle, class_="interval"
        ),
        element("circle", cx=x(verdict.gain), cy=middle, r=5),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_=f"bar {verdict.outcome}",
        role="img",
        aria_label=f"gain {shown}",
    )
    return bar + element("div", text(shown), class_="note number")
