"""What acts on the alarms: it asks them, decides, orders instances, and waits until they serve."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from emulator.applicationautoscaling.activity import Activity
from emulator.applicationautoscaling.policy import Direction, Policy
from emulator.applicationautoscaling.target import Target
from emulator.applicationautoscaling.variants import Capacity, Variants
from emulator.applicationautoscaling.wishes import Asked, wish_of
from emulator.clock import Clock

_log = logging.getLogger("emulator.applicationautoscaling")
_MINUTE = timedelta(minutes=1)
_POLL = 0.1
"""Real seconds between two looks at an endpoint that changes."""
_PATIENCE = 600
"""Real seconds after which an order is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an alarm is now, and the values it was evaluated with."""

    ringing: bool
    values: Sequence[float]


class Alarms(Protocol):
    def read(self, name: str) -> Reading | None:
        """Return what the alarm says, ``None`` where it is gone."""
        ...


class Scaler:
    """Each method may be called by any thread but the event loop's."""

    def __init__(
        self,
        clock: Clock,
        variants: Variants,
        alarms: Alarms,
        policies_of: Callable[[Target], Sequence[Policy]],
    ) -> None:
        self._clock = clock
        self._variants = variants
        self._alarms = alarms
        self._policies_of = policies_of
        self._lock = threading.RLock()
        self.activities: list[Activity] = []

    def consider(self, target: Target) -> None:
        """Look at the target's alarms and change its capacity where they ask for it."""
        with self._lock:
            if target.acting:
                return
            now = self._clock.now()
            target.retry = None
            capacity = self._variants.capacity(target.resource)
            if capacity is None:
                return
            asked = [self._asked(policy) for policy in self._policies_of(target)]
            wish = wish_of(target, capacity.count, asked, now)
            if wish is None:
                return
            if isinstance(wish, datetime):
                target.retry = wish
                return
            if wish.count == capacity.count or not capacity.in_service:
                # Scaling is blocked while the endpoint updates: it waits, a minute at a time.
                target.retry = now + _MINUTE
                return
            self._act(target, capacity, wish.count, wish.cause, wish.direction)

    def enforce(self, target: Target) -> None:
        """Bring a capacity outside the bounds within them: they were just registered."""
        with self._lock:
            capacity = self._variants.capacity(target.resource)
            if capacity is None or target.acting or not capacity.in_service:
                return
            wanted = target.within(capacity.count)
            if wanted == capacity.count:
                return
            out = wanted > capacity.count
            cause = f"{'minimum' if out else 'maximum'} capacity was set to {wanted}"
            direction = Direction.OUT if out else Direction.IN
            self._act(target, capacity, wanted, cause, direction)

    def _asked(self, policy: Policy) -> Asked:
        """Ask the alarms that rang whether they still do, and what they see."""
        found: dict[Direction, Sequence[float]] = {}
        for direction in sorted(policy.ringing):
            reading = self._alarms.read(policy.alarms[direction])
            if reading is not None and reading.ringing:
                found[direction] = reading.values
        policy.ringing = set(found)
        return Asked(policy=policy, seen=found)

    def _act(
        self, target: Target, capacity: Capacity, count: int, cause: str, direction: Direction
    ) -> None:
        activity = Activity(
            resource=target.resource, count=count, cause=cause, started=self._clock.now()
        )
        self.activities.append(activity)
        try:
            self._variants.order(target.resource, count)
        except (ClientError, BotoCoreError) as error:
            activity.fail(self._clock.now(), str(error))
            target.retry = self._clock.now() + _MINUTE
            return
        target.acting = True
        added = count - capacity.count if direction is Direction.OUT else 0
        threading.Thread(
            target=self._follow, args=(target, activity, added), name="scaling", daemon=True
        ).start()

    def _follow(self, target: Target, activity: Activity, added: int) -> None:
        """Wait until the order is fulfilled; cool-downs begin when it is."""
        try:
            reason = self._outcome(target, activity.count)
        except Exception as error:
            _log.exception("scaling of %s was not followed", target.resource.id)
            reason = str(error)
        with self._lock:
            now = self._clock.now()
            if reason is not None:
                activity.fail(now, reason)
            else:
                activity.succeed(now)
                if added:
                    target.out_ended, target.added = now, added
                else:
                    target.in_ended = now
            target.acting = False
            target.retry = now + _MINUTE

    def _outcome(self, target: Target, count: int) -> str | None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            capacity = self._variants.capacity(target.resource)
            if capacity is None:
                return "the variant is gone"
            if capacity.in_service:
                return None if capacity.count == count else capacity.failure or "it was changed"
            time.sleep(_POLL)
        return "the endpoint did not get InService"
