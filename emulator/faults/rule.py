"""One fault: which calls it meets, and what then happens to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from emulator.faults.callers import PLATFORM, Caller, Kind


class Effect(StrEnum):
    ERROR = "error"
    """The call is not carried out; the caller gets ``code`` and ``message``."""
    LOSE_REPLY = "lose_reply"
    """The call is carried out; the caller's connection closes without a reply."""
    KILL_BEFORE = "kill_before"
    """The calling process gets SIGKILL; the call is not carried out."""
    KILL_AFTER = "kill_after"
    """The call is carried out; the calling process gets SIGKILL instead of the reply."""
    ANSWER = "answer"
    """A state machine gets ``answer`` as the task's result; the call is not carried out."""


_KILLS = (Effect.KILL_BEFORE, Effect.KILL_AFTER)
_SAME = {
    "cloudwatch": "monitoring",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "states",
    "stepfunctions": "states",
}


def service_name(name: str) -> str:
    """Return the name by which requests to the service are signed (``states``, ``monitoring``)."""
    lowered = name.lower()
    return _SAME.get(lowered, lowered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Its names may be patterns: ``service``, ``operation``, ``of`` (the caller), ``state``."""

    service: str
    operation: str
    effect: Effect
    of: str | None = None
    state: str | None = None
    skip: int = 0
    times: int | None = 1
    """How often it acts after the skipped ones; without it, for good."""
    code: str = "InternalFailure"
    message: str = "injected by the test"
    status: int = 500
    answer: Any = None

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Rule":
        unknown = set(given) - set(cls.__slots__)
        if unknown:
            known = ", ".join(cls.__slots__)
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {known}")
        if given.get("effect") not in list(Effect):
            raise ValueError(
                f"effect must be one of {', '.join(Effect)}, got {given.get('effect')!r}"
            )
        named: dict[str, Any] = {
            "service": service_name(given.get("service", "*")),
            "operation": given.get("operation", "*"),
            "effect": Effect(given["effect"]),
        }
        rule = cls(**{**given, **named})
        if rule.skip < 0 or (rule.times is not None and rule.times < 1):
            raise ValueError(
                f"skip must be 0 or more and times 1 or more, got {rule.skip} and {rule.times}"
            )
        return rule

    def meets(self, caller: Caller, service: str, operation: str) -> bool:
        if self.state is not None and not fnmatchcase(caller.state or "", self.state):
            return False
        if self.effect in _KILLS and caller.kill is None:
            return False
        if self.effect is Effect.ANSWER and caller.kind is not Kind.STATE_MACHINE:
            return False
        meant = caller.kind in PLATFORM if self.of is None else fnmatchcase(caller.name, self.of)
        return (
            meant and fnmatchcase(service, self.service) and fnmatchcase(operation, self.operation)
        )
