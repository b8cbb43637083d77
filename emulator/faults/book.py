"""The faults that are set, and the calls that were made."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from emulator.faults.callers import Caller, Callers
from emulator.faults.operation import refuse_unknown
from emulator.faults.rule import Rule

_KEPT = 50_000
"""Calls that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    caller: str
    kind: str
    invocation: str | None
    state: str | None
    service: str
    operation: str

    def as_json(self) -> dict[str, str | None]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, kw_only=True)
class _Set:
    rule: Rule
    met: int = 0
    acted: int = 0

    def acts(self) -> bool:
        """Count a call that it meets; say whether it is one it acts on."""
        self.met += 1
        left = self.rule.times is None or self.acted < self.rule.times
        return left and self.met > self.rule.skip


class FaultBook:
    """Every call of a known caller passes here first."""

    def __init__(self, callers: Callers) -> None:
        self.callers = callers
        self._numbers = itertools.count(1)
        self._set: dict[int, _Set] = {}
        self._calls: deque[_Call] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def meet(self, caller: Caller, service: str, operation: str) -> Rule | None:
        """Note the call; return the rule that acts on it."""
        call = _Call(
            caller=caller.name,
            kind=caller.kind.value,
            invocation=caller.invocation,
            state=caller.state,
            service=service,
            operation=operation,
        )
        with self._lock:
            self._calls.append(call)
            met = [
                each for each in self._set.values() if each.rule.meets(caller, service, operation)
            ]
            due = [each for each in met if each.acts()]
            if not due:
                return None
            due[0].acted += 1
            return due[0].rule

    def add(self, given: Mapping[str, Any]) -> dict[str, int]:
        rule = Rule.from_json(given)
        refuse_unknown(rule.service, rule.operation)
        with self._lock:
            number = next(self._numbers)
            self._set[number] = _Set(rule=rule)
        return {"number": number}

    def clear(self, given: Mapping[str, Any]) -> dict[str, int]:
        """Take one fault back by its number, or all."""
        with self._lock:
            chosen = [given["number"]] if "number" in given else list(self._set)
            cleared = [self._set.pop(number, None) for number in chosen]
        return {"cleared": sum(each is not None for each in cleared)}

    def hits(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        """Return how many calls each fault met and acted on."""
        with self._lock:
            told = {
                str(number): {"met": each.met, "acted": each.acted}
                for number, each in self._set.items()
            }
        return {"faults": told}

    def calls(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the calls of the callers that ``of`` matches, in order."""
        of, invocation = given.get("of", "*"), given.get("invocation")
        with self._lock:
            calls = list(self._calls)
        return {
            "calls": [
                call.as_json()
                for call in calls
                if fnmatchcase(call.caller, of) and invocation in (None, call.invocation)
            ]
        }

    def control(self) -> dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]]:
        """Return the control endpoints: ``POST /_emulator/faults`` and its neighbours."""
        return {
            ("GET", "faults"): self.hits,
            ("POST", "faults"): self.add,
            ("POST", "faults/clear"): self.clear,
            ("POST", "calls"): self.calls,
        }
