"""Promotions and rollbacks while clients keep asking, and what each of them cost the clients."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import datetime

from contracts.run import Champion
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import candidates
from tests.system.promotion.callers import Answer, Callers, now, percentile, since
from tests.system.promotion.candidates import Candidate, Registrar

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of what serves, and the answers that clients got while it was under way."""

    what: str
    version: int
    real_seconds: float
    account_seconds: float
    answers: int
    failed: int
    p50_ms: float
    p99_ms: float

    def __str__(self) -> str:
        return (
            f"{self.what:9} to {self.version:3}: {self.real_seconds:5.1f} s here, "
            f"{self.account_seconds:5.0f} s of the account, {self.answers:5} answers, "
            f"{self.failed} failed, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
        )


@dataclass(slots=True, kw_only=True)
class Changing:
    """``mixed`` are answers that came from another version than had taken over before."""

    platform: LivePlatform
    registrar: Registrar
    asking: Callers
    made: list[Change] = field(default_factory=list[Change])
    mixed: list[Answer] = field(default_factory=list[Answer])

    def promote(self) -> Champion:
        """Promote a new version, which is as good as the first."""
        candidate = self.registrar.copy()
        began, at = now(), self.platform.account.now()
        done = candidates.promote(self.platform, candidate, f"promotion {next(_NUMBERS)}")
        assert done.status == "SUCCEEDED", done
        return self._now_serves(candidate.number, "promotion", began, at)

    def roll_back(self, version: int) -> Champion:
        """Have a person put an earlier version back by the one command."""
        began, at = now(), self.platform.account.now()
        reason = f"rollback {next(_NUMBERS)}"
        self.platform.command_line("rollback", str(version), "--reason", reason, "--no-wait")
        self.platform.come_to_rest()
        return self._now_serves(version, "rollback", began, at)

    def _now_serves(self, version: int, what: str, began: float, at: datetime) -> Champion:
        """See that only this version answers from now on."""
        ended, account = now(), self.platform.account.now()
        champion = self.platform.champion()
        assert champion.version == version, champion
        self.asking.keep_up()
        answers = [answer for answer in since(self.asking.answers, began) if answer.began < ended]
        after = since(self.asking.answers, ended)
        self.mixed += [each for each in after if not each.error and int(each.version) != version]
        self.made.append(
            Change(
                what=what,
                version=version,
                real_seconds=ended - began,
                account_seconds=(account - at).total_seconds(),
                answers=len(answers),
                failed=sum(1 for answer in answers if answer.error),
                p50_ms=1000 * percentile(answers, 0.5),
                p99_ms=1000 * percentile(answers, 0.99),
            )
        )
        return champion


def at_first(platform: LivePlatform) -> Candidate:
    """The version that serves now, to come back to."""
    champion = platform.champion()
    return Candidate(number=champion.version, arn=champion.model_package_arn)


def rest(seconds: float, asking: Callers) -> Change:
    """Let clients ask while nothing changes: what the others are compared with."""
    began = now()
    while now() - began < seconds:
        time.sleep(0.1)
    answers = since(asking.answers, began)
    return Change(
        what="nothing",
        version=int(answers[-1].version or 0),
        real_seconds=now() - began,
        account_seconds=seconds,
        answers=len(answers),
        failed=sum(1 for answer in answers if answer.error),
        p50_ms=1000 * percentile(answers, 0.5),
        p99_ms=1000 * percentile(answers, 0.99),
    )
