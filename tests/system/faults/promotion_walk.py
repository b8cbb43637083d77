"""One promotion that is stopped again and again, and what must be true whenever it stands."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.ledger import LedgerKind
from contracts.run import Champion
from tests.system.faults.walk import Walk
from tests.system.promotion import candidates
from tests.system.promotion.candidates import Candidate, Promotion, Registrar

_ALIKE, _BEYOND = 12, 100_000
EVERY_STEP = ("Plan", "JudgeSmoke", "Plan", "Observe", "Confirm")
"""The states of a promotion that call handlers, as they follow each other."""


@dataclass(slots=True, kw_only=True)
class PromotionWalk:
    walk: Walk
    candidate: Candidate
    before: Champion | None
    arn: str = ""
    starts: int = 0
    """How often it was started or redriven."""
    broken: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, walk: Walk) -> "PromotionWalk":
        """Have a copy of what a run has trained ready to replace the champion."""
        walk.has_promoted_a_version()
        if not walk.has_champion():  # forgotten for another scenario
            cls._prepared(walk, None).until_it_is_done("a champion")
        return cls._prepared(walk, walk.platform.champion())

    @classmethod
    def _prepared(cls, walk: Walk, before: Champion | None) -> "PromotionWalk":
        registrar = Registrar(platform=walk.platform, like=walk.trained())
        return cls(walk=walk, candidate=registrar.copy(), before=before)

    def go_on(self, what: str) -> Promotion:
        """Start the promotion, or redrive it, and see how things stand when it has ended."""
        platform = self.walk.platform
        self.starts += 1
        if self.arn:
            platform.client("stepfunctions").redrive_execution(executionArn=self.arn)
        else:
            self.arn = candidates.start(platform, self.candidate, what)
        self.walk.come_to_rest(what)
        ended = candidates.ended(platform, self.arn, 0)
        self._one_of_both_serves(f"{what}: {ended.status} at {ended.steps[-1]}")
        return ended

    def until_it_is_done(self, what: str, *, most: int = 10) -> Promotion:
        ended = self.go_on(what)
        while ended.status != "SUCCEEDED":
            assert self.starts < most, f"{what}: not done after {most} starts: {ended}"
            ended = self.go_on(what)
        return ended

    def has_promoted_once(self, *, updates: int = 1) -> None:
        """Endpoint, pointer and ledger name the candidate, and nothing was done twice.

        ``updates`` is how often the endpoint's was asked for, those included that a fault kept
        from being carried out.
        """
        platform, sagemaker = self.walk.platform, self.walk.platform.client("sagemaker")
        champion = platform.champion()
        assert champion.version == self.candidate.number
        platform.assert_at_rest_on(champion)
        lines = platform.ledger(about=champion.deployment)
        assert [line.kind for line in lines].count(LedgerKind.PROMOTED) == 1, lines
        assert [line for line in lines if line.kind is LedgerKind.ROLLED_BACK] == []
        if self.before is not None:
            [promoted] = [line for line in lines if line.kind is LedgerKind.PROMOTED]
            assert promoted.details["replaces"] == self.before.deployment
        named = f"-v{self.candidate.number}-"
        models = sagemaker.list_models(NameContains=named)["Models"]
        configs = sagemaker.list_endpoint_configs(NameContains=named)["EndpointConfigs"]
        assert (len(models), len(configs)) == (1, 1)
        assert self._updates() == updates, "an update began twice"
        assert self.broken == []

    def _one_of_both_serves(self, what: str) -> None:
        """The old or the new model answers, whatever else was left undone."""
        if self.before is None:
            return  # before the first endpoint nobody answers
        platform = self.walk.platform
        found = platform.endpoint()
        allowed = {self.before.version, self.candidate.number}
        answered = platform.ask_model(platform.request_rows(1))
        if answered not in allowed or found["EndpointStatus"] not in ("InService", "Updating"):
            self.broken.append(f"{what}: version {answered} answers, {found['EndpointStatus']}")
        pointer, config = platform.champion(), found["EndpointConfigName"]
        if pointer.version == self.candidate.number and pointer.deployment != config:
            self.broken.append(f"{what}: the pointer is at {pointer.deployment} before {config}")

    def _updates(self) -> int:
        machine = self.walk.platform.deployed.promotion_arn.rpartition(":")[2]
        calls = self.walk.platform.account.calls(machine, invocation=self.arn)
        return [call.operation for call in calls].count("UpdateEndpoint")


@dataclass(slots=True, kw_only=True)
class Killing:
    """Kills the handlers of one promotion at one call after the other, in their order."""

    promotion: PromotionWalk
    effect: str
    calls: str
    """A pattern of operations: only such calls are met."""
    steps: Sequence[str] = EVERY_STEP
    kills: Counter[str] = field(default_factory=Counter[str])
    _skip: int = 0
    _seen: set[str] = field(default_factory=set[str])
    _alike: list[str] = field(default_factory=list[str])

    def through(self, most: int = 400) -> None:
        """What a killed handler had done is found and not done again, so that the calls after it
        move up: a call of a new kind is killed once more at the same place.
        """
        place, steps = 0, (*self.steps, "nobody")
        for _ in range(most):
            step, following = steps[place : place + 2]
            ended, acted = self._one(step, following)
            if ended.status == "SUCCEEDED":
                assert place == len(self.steps) - 1, f"{step} was never reached: {self.kills}"
                return
            assert acted, f"{step} at call {self._skip}: stopped by something else: {ended}"
            self.promotion.broken += self._otherwise(ended)
            if acted == following:
                place, self._skip, self._seen = place + 1, 0, set()
            self._note(acted)
        raise AssertionError(f"not through after {most} kills: {self.kills}")

    def _one(self, step: str, following: str) -> tuple[Promotion, str]:
        account = self.promotion.walk.platform.account
        what = f"{step} {self.effect} call {self._skip} of {self.calls}"
        with (
            account.fault("*", self.calls, self.effect, of=self._of(step), skip=self._skip) as here,
            account.fault("*", "*", self.effect, of=self._of(following)) as there,
        ):
            ended = self.promotion.go_on(what)
            hits = account.faults_hit()
        return ended, step if hits[here].acted else following if hits[there].acted else ""

    def _note(self, step: str) -> None:
        """Go to the next call, and past the rest of a step whose calls are all alike by now: every
        look reads one capture more, as every kill leaves some.
        """
        operation = self.promotion.walk.platform.account.calls(self._of(step))[-1].operation
        self.kills[step] += 1
        self._alike = [operation, *(one for one in self._alike if one == operation)]
        if len(self._alike) > _ALIKE:
            self._skip = _BEYOND
        elif operation in self._seen:
            self._skip += 1
        self._seen.add(operation)

    def _of(self, step: str) -> str:
        return "nobody" if step == "nobody" else self.promotion.walk.function_of(step)

    @staticmethod
    def _otherwise(ended: Promotion) -> list[str]:
        killed = ended.status == "FAILED" and "Runtime.ExitError" in ended.cause + ended.error
        return [] if killed else [f"not killed but {ended}"]


def operations(walk: Walk, steps: Callable[[], Any]) -> set[tuple[str, str, str]]:
    """Return function, service and operation of every call that the handlers make in ``steps``."""
    account = walk.platform.account
    functions = {walk.function_of(step) for step in EVERY_STEP}
    before = {function: len(account.calls(function)) for function in functions}
    steps()
    return {
        (function, call.service, call.operation)
        for function in functions
        for call in account.calls(function)[before[function] :]
    }
