"""The page: a story as one HTML file that a stranger can read, in light and in dark."""

from pathlib import Path

from reports.drift_chart import drift_chart
from reports.markup import element, table, text
from reports.numbers import short
from reports.quality_chart import quality_chart
from reports.story import Figure, Story
from reports.verdicts import verdict_table

_STYLE = Path(__file__).parent / "page.css"


def render(story: Story) -> str:
    """Return the whole document; the same story gives the same bytes."""
    head = element(
        "head",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        element("title", text(story.title)),
        element("style", _STYLE.read_text(encoding="utf-8")),
    )
    body = element(
        "body",
        element("header", element("h1", text(story.title)), element("p", text(story.summary))),
        element("main", *_sections(story)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _sections(story: Story) -> tuple[str, ...]:
    return (
        element("section", *(_figure(figure) for figure in story.figures), class_="figures"),
        _section(
            f"{story.metric} of the answers, month by month",
            "Each point is one month's answers judged against what happened then; "
            f"{story.direction}. "
            "Vertical lines are promotions. Hover over a point for its numbers.",
            quality_chart(story),
            _quality_table(story),
        ),
        _section(
            "Drift of the requests against the serving model's training data",
            "Each stem is one drift check; a triangle is an alarm, which asks for a retraining.",
            drift_chart(story),
        ),
        _section(
            "Gate",
            "Candidate and champion are scored on the same rows through the serving code. "
            "A candidate is approved when the whole interval of its gain is above the bound.",
            verdict_table(story),
        ),
        _section("Requests", _traffic_sentence(story)),
        _section("What happened", "Times are the account's clock, UTC.", _events(story)),
        _section("Where the real time went", "", _stages(story)),
    )


def _section(heading: str, lead: str, *content: str) -> str:
    paragraph = element("p", text(lead), class_="lead") if lead else ""
    return element("section", element("h2", text(heading)), paragraph, *content)


def _figure(figure: Figure) -> str:
    return element(
        "div",
        element("div", text(figure.label), class_="label"),
        element("div", text(figure.value), class_="value"),
        element("div", text(figure.note), class_="note"),
        class_="figure" if figure.good else "figure missed",
    )


def _quality_table(story: Story) -> str:
    inner = table(
        ("Month", "Served by", "Live", "v1 never retrained", "Difference", "Answers"),
        (
            (
                text(f"{month.at:%Y-%m}"),
                text(", ".join(f"v{version}" for version in month.versions)),
                text(short(month.live)),
                text(short(month.frozen)),
                text(
                    "–"
                    if month.live is None or month.frozen is None
                    else short(month.live - month.frozen, signed=True)
                ),
                text(f"{month.rows:,}"),
            )
            for month in story.months
        ),
        caption=f"{story.metric} by month",
    )
    return element("details", element("summary", text("The numbers as a table")), inner)


def _traffic_sentence(story: Story) -> str:
    traffic = story.traffic
    return (
        f"{traffic.requests:,} requests with {traffic.rows:,} rows, the SDK's retries off: "
        f"{traffic.failed:,} failed, {traffic.captured:,} captured. "
        f"{traffic.during_promotions:,} of them were answered while a promotion was in progress. "
        f"Half took less than {traffic.median_ms:.0f} ms, 99 of 100 less than "
        f"{traffic.p99_ms:.0f} ms (real time, on the machine that ran it)."
    )


def _events(story: Story) -> str:
    return table(
        ("When", "What", ""),
        (
            (
                element("span", text(f"{event.at:%Y-%m-%d %H:%M}"), class_="when"),
                element("span", text(event.kind), class_=f"chip {event.kind.replace(' ', '-')}"),
                text(event.text),
            )
            for event in story.events
        ),
        caption="Events in the order they happened",
    )


def _stages(story: Story) -> str:
    whole = max(sum(seconds for _, seconds in story.stages), 1e-9)
    return table(
        ("Stage", "Seconds", ""),
        (
            (
                text(name),
                text(f"{seconds:.1f}"),
                element("div", "", class_="share", style=f"width:{seconds / whole:.1%}"),
            )
            for name, seconds in story.stages
        ),
        caption="Real seconds of each stage",
    )
