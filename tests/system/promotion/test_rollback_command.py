"""A person rolls back by one command, while the account's time passes as time does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.ledger import LedgerKind
from emulator.client import PROJECT
from perennial.refusal import ExitCode
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import candidates
from tests.system.promotion.candidates import Registrar

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def answer(self) -> dict[str, Any]:
        assert self.code == 0, f"{self.out}{self.err}"
        return json.loads(self.out)


def perennial(
    platform: LivePlatform, *arguments: str, meanwhile: Callable[[], object] = lambda: None
) -> Command:
    """Run the command as a person does; call ``meanwhile`` twice a second until it has ended."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "perennial", *arguments, "--json"],
        cwd=PROJECT,
        env={**os.environ, **platform.account.environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None:
            meanwhile()
            time.sleep(0.5)
        out, err = process.communicate()
    seconds = time.monotonic() - began
    return Command(code=process.returncode, out=out, err=err, seconds=seconds)


def promoted(platform: LivePlatform, registrar: Registrar, why: str) -> int:
    """Put a copy of the first version in place; return its number."""
    candidate = registrar.copy()
    done = candidates.promote(platform, candidate, why)
    assert done.status == "SUCCEEDED", str(done)
    return candidate.number


def test_one_command_puts_back_what_served_before_within_a_minute(
    platform: LivePlatform, registrar: Registrar
):
    before = platform.champion()
    newer = promoted(platform, registrar, "to be rolled back")
    rows, began = platform.request_rows(3), time.monotonic()
    answered: list[tuple[float, int]] = []

    def ask() -> None:
        answered.append((time.monotonic() - began, platform.ask_model(rows)))

    done = perennial(platform, "rollback", "--reason", "callers complain", meanwhile=ask)
    platform.come_to_rest()

    assert done.answer["version"] == before.version
    first = next(at for at, version in answered if version == before.version)
    print(f"rollback: {first:.1f} s to its first answer, {done.seconds:.1f} s to the command's end")
    print(done.err)
    assert {version for _, version in answered} == {newer, before.version}
    champion = platform.champion()
    assert champion.artifact_sha256 == before.artifact_sha256
    platform.assert_at_rest_on(champion)
    [*_, line] = platform.ledger(LedgerKind.RESTORED)
    assert line.details["cause"] == "person: callers complain"

    again = perennial(platform, "rollback", "--reason", "callers complain")
    assert (again.answer["version"], again.answer["promotion"]) == (before.version, None)
    further = perennial(platform, "rollback", "--reason", "something else")
    assert further.code == ExitCode.REFUSED
    assert "was put back at" in further.err


def test_neither_champion_nor_targets_can_be_deleted(platform: LivePlatform, registrar: Registrar):
    before = platform.champion()
    newer = promoted(platform, registrar, "to protect the one before")
    unused, sagemaker = registrar.copy(), platform.client("sagemaker")

    for arn in (before.model_package_arn, platform.champion().model_package_arn):
        with pytest.raises(ClientError, match="explicit deny") as denied:
            sagemaker.delete_model_package(ModelPackageName=arn)
        assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    told = perennial(platform, "delete-version", str(before.version), "--reason", "tidying up")
    assert told.code == ExitCode.REFUSED
    assert "it is kept to be rolled back to" in told.err

    assert perennial(platform, "delete-version", str(unused.number), "--reason", "unused").code == 0
    [line] = platform.ledger(LedgerKind.VERSION_DELETED)
    assert line.details["model_package_arn"] == unused.arn
    state = perennial(platform, "status").answer
    assert state["champion"]["version"] == newer
    assert [(one["version"], one["kept"], one["ready"]) for one in state["targets"]][:1] == [
        (before.version, True, True)
    ]


def test_a_promotion_under_way_is_stopped_and_the_champion_serves_on(
    platform: LivePlatform, registrar: Registrar
):
    champion = platform.champion()
    candidate = registrar.copy()
    arn = candidates.start(platform, candidate, "to be stopped")
    platform.pass_until(lambda: _pending(platform) is not None, "the update has begun", step=5)

    began, back = time.monotonic(), list[float]()

    def look() -> None:
        if _pending(platform) is None:
            back.append(time.monotonic() - began)

    stopped = perennial(platform, "rollback", "--reason", "the dashboard is red", meanwhile=look)
    platform.come_to_rest()

    print(f"stop: {back[0]:.1f} s to no update, {stopped.seconds:.1f} s to the command's end")
    print(stopped.err)
    assert stopped.answer["version"] == champion.version
    platform.assert_at_rest_on(champion)
    ended = platform.client("stepfunctions").describe_execution(executionArn=arn)
    assert (ended["status"], ended["error"]) == ("FAILED", "CandidateRolledBack")
    assert "stopped by a person: the dashboard is red" in ended["cause"]
    package = platform.client("sagemaker").describe_model_package(ModelPackageName=candidate.arn)
    assert package["ModelApprovalStatus"] == "Rejected"


def test_a_paused_model_is_rolled_back_but_not_promoted(
    platform: LivePlatform, registrar: Registrar
):
    champion = platform.champion()
    candidate = registrar.copy()
    perennial(platform, "pause", "--reason", "an incident")
    try:
        refused = perennial(platform, "promote", str(candidate.number))
        assert refused.code == ExitCode.REFUSED
        assert "is paused by" in refused.err
        run = perennial(platform, "retrain", "--force", "--reason", "while paused")
        assert (run.code, json.loads(run.out)["outcome"]) == (ExitCode.REFUSED, "refused")
        again = perennial(
            platform, "rollback", str(champion.version), "--reason", "its Model was changed"
        )
        assert again.answer["version"] == champion.version
    finally:
        perennial(platform, "resume", "--reason", "the incident is over")
    platform.come_to_rest()
    assert platform.champion().version == champion.version
    assert platform.champion().deployment != champion.deployment
    kinds = [line.kind for line in platform.ledger(about="an incident")]
    assert kinds == [LedgerKind.PAUSED, LedgerKind.RUN_REFUSED, LedgerKind.RESUMED]


def _pending(platform: LivePlatform) -> object:
    return platform.endpoint().get("PendingDeploymentSummary")
