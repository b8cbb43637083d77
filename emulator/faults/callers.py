"""Who calls: each process the account starts has an access key of its own."""

import base64
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    HANDLER = "handler"
    JOB = "job"
    STATE_MACHINE = "state machine"
    ENDPOINT = "endpoint"
    """The containers of an endpoint; what they store of themselves, nobody waits for."""
    SERVICE = "service"
    """An AWS service on its own account: what SageMaker fetches and stores for a job."""


PLATFORM = frozenset({Kind.HANDLER, Kind.JOB, Kind.STATE_MACHINE})
"""Whose calls a rule means that names no caller."""


@dataclass(slots=True, kw_only=True, eq=False)
class Caller:
    """A process (or service) that calls; ``kill`` is there while it can be killed."""

    kind: Kind
    name: str
    invocation: str | None = None
    """Which of a handler's invocations its process works at, or which execution this is."""
    state: str | None = None
    """The state that calls."""
    kill: Callable[[], object] | None = None


class Callers:
    """The callers by access key."""

    def __init__(self) -> None:
        self._known: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def admit(self, kind: Kind, name: str) -> tuple[str, Caller]:
        """Return a new access key with the caller it stands for.

        It looks like that of a role's session, which is what a handler or job has on AWS:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        """
        key = "ASIA" + base64.b32encode(uuid.uuid4().bytes).decode()[:16]
        caller = Caller(kind=kind, name=name)
        with self._lock:
            self._known[key] = caller
        return key, caller

    def by_key(self, key: str) -> Caller | None:
        return self._known.get(key)
