"""How a candidate takes over from what serves, as its card declares it."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from contracts.reading import Table

_WEEK = 604_800


class Shift(StrEnum):
    CANARY = "canary"
    LINEAR = "linear"


class Trial(StrEnum):
    """What a candidate does beside the champion before it takes over."""

    NONE = "none"
    SHADOW = "shadow"
    """It sees copies of a share of the requests and answers nobody."""
    CHALLENGER = "challenger"
    """It answers a share of the requests: an A/B split by weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    shift: Shift
    step_percent: int
    """Of the capacity: the canary's size, or each step of a linear shift."""
    bake_seconds: int
    """After the canary, or between two linear steps."""
    min_invocations: int
    """The candidate must have answered so many requests before it is confirmed; promotion sends
    what callers do not."""
    max_5xx: int
    """More 5xx answers of the candidate than this within a minute roll it back."""
    max_latency_ms: float
    """p99 of the candidate's ModelLatency over a minute."""
    max_latency_ratio: float
    """Median ModelLatency of the candidate, as a multiple of the champion's (at least 20 ms)."""
    max_prediction_psi: float
    """How far the candidate's answers to callers may lie from those to its hold-out."""
    min_prediction_rows: int
    """Fewer answers are no distribution; the calibrated threshold may lie above the card's."""
    headroom_percent: int
    """More instances than serve now, while scaling stands still (with autoscaling only)."""
    trial: Trial
    """Before a candidate that no person asked for takes over; a person's promotion has none."""
    trial_percent: int
    """Share of the requests: copied to a shadow, answered by a challenger."""
    trial_seconds: int

    @property
    def shift_seconds(self) -> int:
        """How long the traffic is on its way: once after a canary, or after each linear step."""
        waits = 1 if self.shift is Shift.CANARY else ceil(100 / self.step_percent) - 1
        return waits * self.bake_seconds


def read_rollout(table: Table) -> Rollout:
    table.only(
        "shift",
        "step_percent",
        "bake_seconds",
        "min_invocations",
        "max_5xx",
        "max_latency_ms",
        "max_latency_ratio",
        "max_prediction_psi",
        "min_prediction_rows",
        "headroom_percent",
        "trial",
        "trial_percent",
        "trial_seconds",
    )
    shift = table.choice("shift", Shift, Shift.CANARY)
    trial = table.choice("trial", Trial, Trial.NONE)
    most = 50 if trial is Trial.CHALLENGER else 100
    return Rollout(
        shift=shift,
        step_percent=table.integer(
            "step_percent", 50, least=1 if shift is Shift.CANARY else 10, most=50
        ),
        bake_seconds=table.integer("bake_seconds", 300, least=0, most=3600),
        min_invocations=table.integer("min_invocations", 300, least=1, most=100_000),
        max_5xx=table.integer("max_5xx", 0, least=0),
        max_latency_ms=table.number("max_latency_ms", 1000, least=1, most=60_000),
        max_latency_ratio=table.number("max_latency_ratio", 5, least=1.1),
        max_prediction_psi=table.number("max_prediction_psi", 0.25, least=0.01),
        min_prediction_rows=table.integer("min_prediction_rows", 200, least=50),
        headroom_percent=table.integer("headroom_percent", 25, least=0, most=100),
        trial=trial,
        trial_percent=table.integer("trial_percent", 10, least=1, most=most),
        trial_seconds=table.integer("trial_seconds", 3600, least=60, most=_WEEK),
    )
