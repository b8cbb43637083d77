"""The bars that a whole demo must clear, and which of them it missed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.quality import HIGHER_IS_BETTER, improvement
from demo.proof import Traffic
from demo.quality import MonthScore
from reports.numbers import short
from reports.story import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the last month of a whole replay must show."""

    metric: str
    month: date
    limit: float
    above_frozen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: str
    wanted: str
    cleared: bool

    def figure(self) -> Figure:
        return Figure(label=self.label, value=self.value, note=self.wanted, good=self.cleared)


def bars(months: Sequence[MonthScore], traffic: Traffic, wanted: Wanted) -> tuple[Bar, ...]:
    """Return every bar; quality has one only when all months were played."""
    last, metric = months[-1], wanted.metric
    whole = last.snapshot >= wanted.month
    none = f"no bar before {wanted.month:%B %Y}"
    above = improvement(metric, last.live, last.frozen)
    word = "at least" if HIGHER_IS_BETTER[metric] else "at most"
    return (
        Bar(
            label=f"{metric.upper()} in {last.snapshot:%B %Y}",
            value=short(last.live),
            wanted=f"{word} {wanted.limit:g}" if whole else none,
            cleared=not whole or improvement(metric, last.live, wanted.limit) >= 0,
        ),
        Bar(
            label="Better than v1, never retrained, by",
            value=short(above, signed=True),
            wanted=f"at least {wanted.above_frozen:g}" if whole else none,
            cleared=not whole or above >= wanted.above_frozen,
        ),
        Bar(
            label="Failed requests",
            value=f"{len(traffic.failed):,}",
            wanted=f"of {traffic.requests:,}, with the SDK's retries off",
            cleared=not traffic.failed,
        ),
        Bar(
            label="Captured exactly once",
            value=f"{traffic.captured_once:,}",
            wanted=f"of {traffic.requests:,}",
            cleared=traffic.captured_once == traffic.requests and not traffic.repeated,
        ),
    )


def failures(traffic: Traffic) -> list[str]:
    """Return how the failed requests failed, each way once, the most frequent first."""
    ways = Counter(answer.error for answer in traffic.failed)
    return [f"{count} times {way}" for way, count in ways.most_common()]


def missed(all_bars: Sequence[Bar]) -> list[str]:
    return [f"{bar.label}: {bar.value}, wanted {bar.wanted}" for bar in all_bars if not bar.cleared]
