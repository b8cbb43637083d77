"""The bars that a whole demo must clear, and which of them it missed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from demo.proof import Traffic
from demo.quality import MonthScore
from reports.story import Figure

LAST_MONTH = date(1998, 4, 1)
MIN_AUC = 0.82
MIN_ABOVE_FROZEN = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: str
    wanted: str
    cleared: bool

    def figure(self) -> Figure:
        return Figure(label=self.label, value=self.value, note=self.wanted, good=self.cleared)


def bars(months: Sequence[MonthScore], traffic: Traffic) -> tuple[Bar, ...]:
    """Return every bar; quality has one only when the year was played to its end."""
    last = months[-1]
    whole = last.snapshot >= LAST_MONTH
    above = last.live - last.frozen
    name = f"AUC in {last.snapshot:%B %Y}"
    return (
        Bar(
            label=name,
            value=f"{last.live:.3f}",
            wanted=f"at least {MIN_AUC}" if whole else "no bar before April 1998",
            cleared=not whole or last.live >= MIN_AUC,
        ),
        Bar(
            label="Above v1, never retrained",
            value=f"{above:+.3f}",
            wanted=f"at least {MIN_ABOVE_FROZEN:+}" if whole else "no bar before April 1998",
            cleared=not whole or above >= MIN_ABOVE_FROZEN,
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
