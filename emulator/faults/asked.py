"""Faults as a client sets them, and the calls it asks for."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An AWS call of a handler, a job, a state machine or an AWS service."""

    caller: str
    kind: str
    """``handler``, ``job``, ``state machine``, ``endpoint`` (its containers) or ``service``."""
    invocation: str | None
    """The handler's request id, or the execution's ARN."""
    state: str | None
    """Which of a state machine's states it was."""
    service: str
    """As requests to it are signed: ``s3``, ``dynamodb``, ``states``, ``monitoring``, …"""
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    met: int
    acted: int


class FaultSetter:
    """The part of a running account that breaks AWS calls on purpose."""

    def _call(
        self, method: str, name: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60
    ) -> dict[str, Any]:
        raise NotImplementedError

    def add_fault(
        self,
        service: str,
        operation: str,
        effect: str = "error",
        *,
        of: str | None = None,
        state: str | None = None,
        skip: int = 0,
        times: int | None = 1,
        code: str = "InternalFailure",
        message: str = "injected by the test",
        status: int = 500,
        answer: Any = None,
    ) -> int:
        """Make AWS calls fail: skip the first ``skip`` that match, act on ``times`` (None: all).

        ``service`` ("s3"), ``operation`` ("PutObject"), ``of`` (the name of a function, job or
        state machine) and ``state`` (of a state machine's own call) may be patterns ("churn-*").
        Without ``of`` the calls of all handlers, jobs and state machines are meant, never the
        test's own nor those of serving containers (name the endpoint for them); ``of="aws"`` means
        the AWS services' own, as when SageMaker uploads a model.
        An SDK repeats a failed call by itself, a state does not: ``times`` counts every attempt.

        ``effect``: "error" (with ``code``, ``message``, ``status``; "States.Timeout" times a
        state out), "lose_reply", "kill_before", "kill_after", or for a state's call "answer".
        """
        return self._call(
            "POST",
            "faults",
            {
                "service": service,
                "operation": operation,
                "effect": effect,
                "of": of,
                "state": state,
                "skip": skip,
                "times": times,
                "code": code,
                "message": message,
                "status": status,
                "answer": answer,
            },
        )["number"]

    @contextmanager
    def fault(
        self, service: str, operation: str, effect: str = "error", **options: Any
    ) -> Generator[int]:
        """Set a fault (see :meth:`add_fault`) for as long as the block lasts."""
        number = self.add_fault(service, operation, effect, **options)
        try:
            yield number
        finally:
            self._call("POST", "faults/clear", {"number": number})

    def clear_faults(self) -> None:
        self._call("POST", "faults/clear", {})

    def faults_hit(self) -> dict[int, Hits]:
        """Return by the fault's number how many calls it met and acted on."""
        told = self._call("GET", "faults")["faults"]
        return {int(number): Hits(**each) for number, each in told.items()}

    def calls(self, of: str = "*", *, invocation: str | None = None) -> list[Call]:
        """Return the calls that a function, job or state machine made, in order."""
        told = self._call("POST", "calls", {"of": of, "invocation": invocation})["calls"]
        return [Call(**each) for each in told]
