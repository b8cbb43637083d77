"""The end of the demo: one story for the page, and the same as tables in the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from statistics import quantiles
from typing import Any

from contracts.ledger import LedgerKind
from contracts.quality import HIGHER_IS_BETTER
from demo import proof
from demo.bars import Bar
from demo.clients import Answer
from demo.evidence import Evidence, version_of
from demo.quality import MonthScore
from demo.replay import Replay
from demo.timeline import Timeline
from demo.witness import Witness
from demo.wording import article
from reports.numbers import short
from reports.story import MonthQuality, Promotion, Story, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was measured by the demo itself."""

    start: datetime
    end: datetime
    months: tuple[MonthScore, ...]
    answers: tuple[Answer, ...]
    traffic: proof.Traffic
    bars: tuple[Bar, ...]


def story(
    played: Played, replay: Replay, witness: Witness, evidence: Evidence, timeline: Timeline
) -> Story:
    card, metric = replay.card, replay.card.evaluation.metric
    promotions = tuple(
        Promotion(at=entry.at, version=version_of(entry))
        for entry in witness.entries
        if entry.kind is LedgerKind.PROMOTED
    )
    return Story(
        title=replay.title,
        summary=_summary(played, replay, len(promotions), len(witness.alarms)),
        metric=metric.upper(),
        direction=f"{'higher' if HIGHER_IS_BETTER[metric] else 'lower'} is better",
        start=played.start,
        end=played.end,
        figures=tuple(bar.figure() for bar in played.bars),
        months=tuple(_month(each) for each in played.months),
        promotions=promotions,
        drift_checks=evidence.drift_checks(),
        drift_alarms=tuple(witness.alarms),
        drift_threshold=card.drift.drifted_share,
        min_gain=card.gate.min_gain,
        events=tuple(sorted(timeline.events, key=lambda event: event.at)),
        verdicts=evidence.verdicts(witness.entries),
        traffic=_traffic(played),
        stages=tuple((stage.name, stage.seconds) for stage in timeline.stages),
    )


def print_end(timeline: Timeline, told: Story) -> None:
    """Print months, verdicts, bars and the real time of each stage."""
    _table(
        timeline,
        f"{told.metric} of the answers",
        ("month", "served by", "live", "v1, never retrained", "difference"),
        (
            (
                f"{month.at:%Y-%m}",
                ", ".join(f"v{version}" for version in month.versions),
                short(month.live),
                short(month.frozen),
                short((month.live or 0) - (month.frozen or 0), signed=True),
            )
            for month in told.months
        ),
    )
    _table(
        timeline,
        "what happened",
        ("time", "event", ""),
        ((f"{event.at:%Y-%m-%d %H:%M}", event.kind, event.text) for event in told.events),
    )
    _table(
        timeline,
        "real time",
        ("stage", "seconds"),
        ((name, f"{seconds:.1f}") for name, seconds in told.stages),
    )
    _table(
        timeline,
        "bars",
        ("", "value", "wanted", ""),
        (
            (each.label, each.value, each.note, "ok" if each.good else "MISSED")
            for each in told.figures
        ),
    )


def _table(timeline: Timeline, title: str, headings: Sequence[str], rows: Any) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    timeline.print(table)


def _month(score: MonthScore) -> MonthQuality:
    return MonthQuality(
        at=datetime.combine(score.snapshot, time(), UTC),
        live=score.live,
        frozen=score.frozen,
        versions=score.versions,
        rows=score.rows,
    )


def _summary(played: Played, replay: Replay, promotions: int, alarms: int) -> str:
    first, last = played.months[0], played.months[-1]
    return (
        f"From {first.snapshot:%B %Y} to {last.snapshot:%B %Y} the platform scored "
        f"{last.rows:,} rows each month, raised {alarms} drift alarms and promoted "
        f"{promotions} versions while clients kept asking: {len(played.traffic.failed)} of "
        f"{played.traffic.requests:,} requests failed. In the last month the live model had "
        f"{article(replay.card.evaluation.metric)} of {short(last.live)}; the first one, never "
        f"retrained, would have had {short(last.frozen)}. {replay.origin}"
    )


def _traffic(played: Played) -> Traffic:
    cuts = quantiles((answer.seconds for answer in played.answers), n=100)
    return Traffic(
        requests=played.traffic.requests,
        rows=played.traffic.rows,
        failed=len(played.traffic.failed),
        captured=played.traffic.captured_once,
        during_promotions=sum(answer.during_promotion for answer in played.answers),
        median_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
    )
