"""A person rolls a model back: to what served before, or to any version that is still whole."""

from dataclasses import dataclass
from typing import Any

from contracts import moment, rollback
from contracts.rollback import Service
from contracts.run import CauseKind, Champion, Purpose
from perennial import endpoint, promotions, registry, state, targets
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.promotion import asked
from perennial.promotions import Pause, Promotion, Say
from perennial.refusal import Refused
from perennial.stopping import Stop

_SEE = "see what may be rolled back to with: perennial status; what served when: perennial history"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    version: int
    """What serves now, or will when the machine has done its work."""
    said: str
    promotion: Promotion | None
    """The machine's execution; None: there was nothing left to do."""

    @property
    def seconds(self) -> float | None:
        return None if self.promotion is None else self.promotion.seconds

    def document(self) -> dict[str, Any]:
        execution = None if self.promotion is None else self.promotion.document()
        return {
            "version": self.version,
            "said": self.said,
            "seconds": self.seconds,
            "promotion": execution,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    account: Account
    deployed: Deployed
    reason: str
    pause: Pause
    say: Say

    def to(self, number: int | None, *, wait: bool) -> RolledBack:
        """Roll back; the same command given again goes on with what it had begun."""
        running = promotions.under_way(self.account, self.deployed)
        if running is not None and running.request.purpose is Purpose.ROLLBACK:
            return self._join(running, number, wait=wait)
        champion = self._champion()
        if running is not None:
            stopped = self._stop(running, number, champion)
            if stopped is not None and self._serves(champion):
                return stopped
            if stopped is not None:
                number = stopped.version
            champion = self._champion()
        served = targets.services(self.account, self.deployed)
        target = self._chosen(served, champion, number)
        if target is None:
            return self._done(served)
        arn = self._start(target)
        if not wait:
            started = promotions.describe(self.account.client("stepfunctions"), arn)
            return RolledBack(version=target.version, said="started", promotion=started)
        return self._wait(arn, target.version)

    def _join(self, running: Promotion, number: int | None, *, wait: bool) -> RolledBack:
        if number not in (None, running.version):
            raise Refused(
                f"a rollback to version {running.version} is under way: {running.name}",
                next_step=f"wait for it, then ask again: perennial rollback {number}",
            )
        self.say(f"going on with {running.name}, begun {moment.render(running.started)}")
        if not wait:
            return RolledBack(version=running.version, said="under way", promotion=running)
        return self._wait(running.arn, running.version)

    def _stop(
        self, running: Promotion, number: int | None, champion: Champion | None
    ) -> RolledBack | None:
        """Stop a promotion under way; None when it had put its version in place already."""
        if champion is None or number not in (None, champion.version):
            raise Refused(
                f"a promotion of version {running.version} is under way: {running.name}",
                next_step="stop it first, which keeps the champion: perennial rollback"
                if champion is not None
                else "wait for it: nothing served before it that could be gone back to",
            )
        stop = Stop(
            account=self.account,
            deployed=self.deployed,
            reason=self.reason,
            pause=self.pause,
            say=self.say,
        )
        ended = stop.stop(running, champion)
        if ended.status == "SUCCEEDED":
            self.say(f"version {running.version} was in place before it could be stopped")
            return None
        return RolledBack(
            version=champion.version,
            said=f"the promotion of version {running.version} was stopped: {ended.reason}",
            promotion=ended,
        )

    def _serves(self, champion: Champion | None) -> bool:
        """A trial that was stopped is still there: putting the champion back ends it."""
        if not self.deployed.has_endpoint:
            return True
        found = endpoint.find(self.account.client("sagemaker"), self.deployed.endpoint)
        return champion is not None and found.config == champion.deployment

    def _chosen(
        self, served: list[Service], champion: Champion | None, number: int | None
    ) -> Service | None:
        """Return what to put back; None: a rollback did so already."""
        if champion is None:
            raise Refused(f"no version of {self.deployed.model} serves", next_step=_SEE)
        if number is not None:
            return self._named(served, number)
        if rollback.went_back(served):
            return None
        before = rollback.before(served)
        if before is None:
            raise Refused(f"nothing served before version {champion.version}", next_step=_SEE)
        return before

    def _named(self, served: list[Service], number: int) -> Service:
        """The champion itself may be named: it is deployed anew, whatever became of it."""
        found = next((one for one in served if one.version == number), None)
        if found is None:
            raise Refused(
                f"version {number} of {self.deployed.model} has never served",
                next_step=f"promote it instead, with its canary: perennial promote {number}",
            )
        return found

    def _done(self, served: list[Service]) -> RolledBack:
        """The same command given again is done; another wish must say how far back."""
        now, further = served[0], rollback.before(served)
        said = f"version {now.version} was put back at {moment.render(now.since)} ({now.cause})"
        if now.cause == f"{CauseKind.PERSON}: {self.reason}":
            return RolledBack(version=now.version, said=said, promotion=None)
        name = "<version>" if further is None else str(further.version)
        raise Refused(
            said, next_step=f"to go further back, say to which: perennial rollback {name}"
        )

    def _start(self, target: Service) -> str:
        missing = targets.gone(self.account, self.deployed, target.model_package_arn, hashing=True)
        if missing:
            raise Refused(
                f"version {target.version} cannot be put back: {'; '.join(missing)}",
                next_step=f"{_SEE}; docs/runbooks/roll-back.md says how to restore it",
            )
        package = registry.package(
            self.account.client("sagemaker"), self.deployed.package_group, target.version
        )
        request = asked(
            self.account,
            self.deployed,
            package,
            purpose=Purpose.ROLLBACK,
            id=f"rolls-back-to-{target.version}",
            reason=self.reason,
        )
        self.say(f"putting version {target.version} back: {request.run_id}-promote-0")
        return promotions.start(self.account, self.deployed, request, arn=package.version.arn)

    def _wait(self, arn: str, version: int) -> RolledBack:
        ended = promotions.ended(self.account, self.deployed, arn, pause=self.pause, say=self.say)
        promotions.succeeded(ended)
        return RolledBack(version=version, said=f"version {version} serves", promotion=ended)

    def _champion(self) -> Champion | None:
        return state.champion(
            self.account.client("dynamodb"), self.deployed.state_table, self.deployed.model
        )
