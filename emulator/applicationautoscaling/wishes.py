"""What the policies of a target want together: any may scale out, all must agree to scale in.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.applicationautoscaling.adjustment import scaled_in, scaled_out
from emulator.applicationautoscaling.policy import Direction, Policy
from emulator.applicationautoscaling.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A policy and the alarms of it that ring now, with the values they see."""

    policy: Policy
    seen: Mapping[Direction, Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    count: int
    policy: Policy
    direction: Direction

    @property
    def cause(self) -> str:
        alarm = self.policy.alarms[self.direction]
        return f"monitor alarm {alarm} in state ALARM triggered policy {self.policy.name}"


def wish_of(
    target: Target, current: int, asked: Sequence[Asked], now: datetime
) -> Wish | datetime | None:
    """Return what is wanted, or when to ask again as a cool-down is not over, or nothing."""
    return _out(target, current, asked, now) or _in(target, current, asked, now)


def _out(target: Target, current: int, asked: Sequence[Asked], now: datetime) -> Wish | None:
    if target.suspended["DynamicScalingOutSuspended"] or current >= target.most:
        return None
    wishes: list[Wish] = []
    for policy, values in _ringing(asked, Direction.OUT):
        cooling = _cooling(target.out_ended, policy.cooldown(Direction.OUT), now)
        wanted = scaled_out(
            current=current,
            added=target.added if cooling else 0,
            values=values,
            target=policy.target,
        )
        wishes.append(Wish(count=target.within(wanted), policy=policy, direction=Direction.OUT))
    return max(wishes, key=lambda wish: wish.count, default=None)


def _in(
    target: Target, current: int, asked: Sequence[Asked], now: datetime
) -> Wish | datetime | None:
    if target.suspended["DynamicScalingInSuspended"] or current <= target.least:
        return None
    able = [one for one in asked if one.policy.scales_in]
    ringing = _ringing(able, Direction.IN)
    if not able or len(ringing) < len(able):
        return None
    wishes = [
        Wish(
            count=target.within(scaled_in(current=current, values=values, target=policy.target)),
            policy=policy,
            direction=Direction.IN,
        )
        for policy, values in ringing
    ]
    wish = max(wishes, key=lambda each: each.count)
    return _cooling(target.in_ended, wish.policy.cooldown(Direction.IN), now) or wish


def _ringing(asked: Sequence[Asked], direction: Direction) -> list[tuple[Policy, Sequence[float]]]:
    return [(one.policy, one.seen[direction]) for one in asked if direction in one.seen]


def _cooling(ended: datetime | None, seconds: int, now: datetime) -> datetime | None:
    """Return the end of a cool-down that is not over."""
    if ended is None:
        return None
    end = ended + timedelta(seconds=seconds)
    return end if end > now else None
