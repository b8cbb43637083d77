"""What `perennial rollback` decides, does and says; what `delete-version` and `wake` refuse."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts import naming
from contracts.run import Purpose
from perennial import deletion, promotion, waking
from perennial.refusal import Refused
from perennial.rollback import Rollback, RolledBack
from tests.unit.perennial.a_platform import DEPLOYED, DIGEST, NOW, Platform, arn, deployment
from tests.unit.perennial.conftest import put


@pytest.fixture
def platform(aws: Callable[[str], Any], s3: Any) -> Platform:
    return Platform(aws, s3)


def rollback(
    platform: Any, number: int | None = None, *, reason: str = "v3 is wrong", wait: bool = True
) -> RolledBack:
    work = Rollback(
        account=platform,
        deployed=DEPLOYED,
        reason=reason,
        pause=platform.pause,
        say=platform.said.append,
    )
    return work.to(number, wait=wait)


def ends_well(platform: Platform, version: int, *, back: str | None = "v3 is wrong") -> None:
    def end() -> None:
        platform.serve(version, back=back)
        platform.machines.end(
            list(platform.machines.executions)[-1], output=json.dumps({"reason": "it serves"})
        )

    platform.meanwhile.append(end)


def asked_for(platform: Platform) -> dict[str, Any]:
    [execution] = platform.machines.executions.values()
    return json.loads(execution["input"])


def refusal(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def test_without_a_version_what_served_before_comes_back(platform: Platform) -> None:
    for version in (1, 2, 3):
        platform.serve(version)
    ends_well(platform, 2)

    found = rollback(platform)

    asked = asked_for(platform)
    assert (found.version, found.said, found.seconds) == (2, "version 2 serves", 41)
    assert asked["package"] == {"model_package_arn": arn(2), "version": 2}
    assert asked["request"]["purpose"] == "rollback"
    assert asked["request"]["cause"]["detail"] == "v3 is wrong"
    assert asked["request"]["champion"]["version"] == 3


def test_any_version_that_has_served_may_come_back(platform: Platform) -> None:
    for version in (1, 2, 3):
        platform.serve(version)
    ends_well(platform, 1)

    assert rollback(platform, 1).version == 1


def test_a_pause_does_not_hold_a_rollback_up(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.hold("labels are wrong")
    ends_well(platform, 1)

    assert rollback(platform).version == 1
    told = refusal(
        lambda: promotion.promote(
            platform,  # pyright: ignore[reportArgumentType]
            DEPLOYED,
            2,
            approve=False,
            reason=None,
        )
    )
    assert "churn is paused by kim since 1997-09-01T00:00:00Z: labels are wrong" in str(told)


def test_a_command_that_was_interrupted_goes_on_with_what_it_began(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    begun = rollback(platform, wait=False)
    assert begun.promotion is not None
    assert begun.promotion.running
    ends_well(platform, 1)

    found = rollback(platform)

    assert len(platform.machines.executions) == 1
    assert found.said == "version 1 serves"


def test_the_same_command_after_its_end_goes_no_further_back(platform: Platform) -> None:
    for version in (1, 2, 3):
        platform.serve(version)
    platform.serve(2, back="v3 is wrong")

    again = rollback(platform)
    other = refusal(lambda: rollback(platform, reason="v2 is wrong too"))

    assert (again.version, again.promotion) == (2, None)
    assert platform.machines.executions == {}
    assert "version 2 was put back at 1997-07-04T00:00:00Z" in str(other)
    assert other.next_step.endswith("perennial rollback 1")


def test_an_endpoint_that_was_woken_is_rolled_back_like_any_other(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.serve(2, back="asked by a person")
    ends_well(platform, 1)

    assert rollback(platform).version == 1


@pytest.mark.parametrize(
    ("served", "number", "told"),
    [
        ((), None, "no version of churn serves"),
        ((1,), None, "nothing served before version 1"),
        ((1, 2), 7, "version 7 of churn has never served"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    platform: Platform, served: tuple[int, ...], number: int | None, told: str
) -> None:
    for version in served:
        platform.serve(version)

    assert told in str(refusal(lambda: rollback(platform, number)))
    assert platform.machines.executions == {}


@pytest.mark.parametrize("config", [deployment(1), deployment(2)])
def test_the_champion_itself_is_put_in_its_place_again(platform: Platform, config: str) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.registry.endpoint = {"EndpointConfigName": config}
    ends_well(platform, 2)

    assert rollback(platform, 2).version == 2


def test_everything_that_is_gone_is_named(platform: Platform, s3: Any) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.images.digests.clear()
    key = "churn/models/1/output/model.tar.gz"
    put(s3, "artifacts", key, b"another")

    told = refusal(lambda: rollback(platform))

    assert "version 1 cannot be put back: its artifact s3://artifacts/churn/models/1/" in str(told)
    assert "was overwritten: S3 version" in str(told)
    assert f"its image {DIGEST} is not in the repository repository" in str(told)
    assert "docs/runbooks/roll-back.md" in told.next_step
    assert platform.machines.executions == {}


def test_a_deleted_artifact_is_named(platform: Platform, s3: Any) -> None:
    platform.serve(1)
    platform.serve(2)
    s3.delete_object(Bucket="artifacts", Key="churn/models/1/output/model.tar.gz")

    assert "model.tar.gz was deleted" in str(refusal(lambda: rollback(platform)))


def test_a_deleted_package_is_named(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    del platform.registry.packages[arn(1)]

    assert "its package was deleted from the registry" in str(refusal(lambda: rollback(platform)))


def test_an_artifact_that_was_registered_without_an_s3_version_is_read(platform: Platform) -> None:
    platform.register(1, artifact_sha256="0" * 64)
    del platform.registry.packages[arn(1)]["CustomerMetadataProperties"]["artifact_version"]
    platform.serve(1)
    platform.serve(2)

    told = str(refusal(lambda: rollback(platform)))

    assert f"lies there now, {'0' * 64} was registered" in told


def test_a_rollback_that_fails_says_why_and_what_to_do(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    cause = json.dumps({"errorType": "DeploymentFailed", "errorMessage": "no instances left"})
    platform.meanwhile.append(
        lambda: platform.machines.end(
            next(iter(platform.machines.executions)),
            "FAILED",
            error="DeploymentFailed",
            cause=cause,
        )
    )

    told = refusal(lambda: rollback(platform))

    assert str(told).endswith("of version 1 is FAILED: DeploymentFailed: no instances left")
    assert "perennial redrive churn-dev-" in told.next_step


def test_a_promotion_in_its_bake_is_stopped_by_its_own_alarm(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.register(3)
    name = platform.running(3)
    platform.updating(to=3)
    alarm = f"{deployment(3)}-5xx"

    def returns_to_ok() -> None:
        assert platform.alarms.alarms[alarm] == "ALARM"
        platform.alarms.alarms[alarm] = "OK"

    def rolls_back() -> None:
        assert platform.alarms.alarms[alarm] == "ALARM"
        platform.registry.endpoint = {
            "EndpointConfigName": deployment(2),
            "LastModifiedTime": NOW + timedelta(seconds=20),
        }

    def asks_the_alarm() -> None:
        assert platform.alarms.alarms[alarm] == "ALARM"
        platform.machines.end(name, "FAILED", error="CandidateRolledBack", cause="alarm")

    def returns_again() -> None:
        platform.alarms.alarms[alarm] = "OK"

    platform.meanwhile += [returns_to_ok, rolls_back, returns_again, asks_the_alarm]

    found = rollback(platform)

    assert (found.version, platform.machines.stopped) == (2, [])
    assert platform.alarms.reasons[0] == "stopped by a person: v3 is wrong"
    assert found.said == "the promotion of version 3 was stopped: CandidateRolledBack: alarm"
    assert list(platform.machines.executions) == [name]
    assert f"endpoint churn-dev: Updating to {deployment(3)} (Baking), serves {deployment(2)}" in (
        platform.said
    )


def test_a_promotion_that_has_not_touched_the_endpoint_is_ended(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.running(3)
    platform.meanwhile.append(lambda: None)

    found = rollback(platform)

    assert platform.machines.stopped == [{"error": "StoppedByAPerson", "cause": "v3 is wrong"}]
    assert found.version == 2


def test_an_update_that_began_as_the_machine_was_ended_is_rolled_back_too(
    platform: Platform,
) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.running(3)

    def serves_on() -> None:
        assert platform.alarms.alarms[f"{deployment(3)}-5xx"] == "ALARM"
        platform.registry.endpoint = {"EndpointConfigName": deployment(2)}

    platform.meanwhile += [lambda: platform.updating(to=3), serves_on]

    assert rollback(platform).version == 2


def test_a_trial_is_stopped_and_the_champion_put_back_alone(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    name = platform.running(3)
    platform.registry.endpoint = {
        "EndpointConfigName": naming.trial(deployment(3)),
        "LastModifiedTime": NOW + timedelta(seconds=20),
    }
    platform.meanwhile.append(lambda: None)

    def ends() -> None:
        platform.serve(2, back="v3 is wrong")
        platform.machines.end(list(platform.machines.executions)[-1])

    platform.meanwhile.append(ends)

    found = rollback(platform)

    assert platform.machines.executions[name]["status"] == "ABORTED"
    assert (found.version, found.said) == (2, "version 2 serves")
    last = json.loads(list(platform.machines.executions.values())[-1]["input"])
    assert (last["request"]["purpose"], last["package"]["version"]) == ("rollback", 2)


def test_a_promotion_that_could_not_be_stopped_any_more_is_rolled_back(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    name = platform.running(3)
    platform.registry.endpoint = {"EndpointConfigName": deployment(3)}

    def ends() -> None:
        platform.serve(3)
        platform.machines.end(name)

    platform.meanwhile.append(ends)
    ends_well(platform, 2)

    found = rollback(platform)

    assert (found.version, found.said) == (2, "version 2 serves")
    assert platform.machines.stopped == []


def test_another_version_waits_until_the_promotion_under_way_is_stopped(
    platform: Platform,
) -> None:
    platform.serve(1)
    platform.serve(2)
    name = platform.running(3)

    told = refusal(lambda: rollback(platform, 1))

    assert f"a promotion of version 3 is under way: {name}" in str(told)
    assert platform.machines.stopped == []


def test_two_rollbacks_to_different_versions_do_not_mix(platform: Platform) -> None:
    platform.serve(1)
    platform.serve(2)
    platform.running(1, Purpose.ROLLBACK)

    assert "a rollback to version 1 is under way" in str(refusal(lambda: rollback(platform, 2)))


def delete(platform: Any, version: int) -> str:
    return deletion.delete(platform, DEPLOYED, version, reason="tidying up")


def test_a_version_that_nothing_refers_to_is_deleted_and_written_down(platform: Platform) -> None:
    for version in (1, 2, 3):
        platform.serve(version)
    platform.registry.kept = [arn(2), arn(3)]

    said = delete(platform, 1)

    assert platform.registry.deleted == [arn(1)]
    assert said == "version 1 (Approved) was deleted by a person: tidying up"
    assert platform.lines()[0] == ("version_deleted", said)


@pytest.mark.parametrize(
    ("version", "why"),
    [
        (3, "it is the champion"),
        (2, "it is kept to be rolled back to"),
        (4, "run-4-promote-0 is putting it in place"),
    ],
)
def test_a_version_that_is_referred_to_is_not_deleted(
    platform: Platform, version: int, why: str
) -> None:
    for each in (1, 2, 3):
        platform.serve(each)
    platform.register(4)
    platform.running(4)
    platform.registry.kept = [arn(2)]

    assert f"version {version} cannot be deleted: {why}" in str(
        refusal(lambda: delete(platform, version))
    )
    assert platform.registry.deleted == []


def test_an_endpoint_that_sleeps_is_woken_with_the_champion(platform: Any) -> None:
    platform.serve(1)
    platform.registry.endpoint = None

    began = waking.wake(platform, DEPLOYED, reason="a demo")
    again = waking.wake(platform, DEPLOYED, reason="a demo")

    asked = asked_for(platform)
    assert began == again
    assert asked["request"]["purpose"] == "wake"
    assert asked["package"] == {"model_package_arn": arn(1), "version": 1}


def test_a_model_without_an_endpoint_is_not_woken(platform: Any) -> None:
    platform.serve(1)
    batches = replace(DEPLOYED, serving_mode="batch")

    told = refusal(lambda: waking.wake(platform, batches, reason="a demo"))

    assert str(told) == "churn serves in batches: it has no endpoint"


def test_an_endpoint_that_is_there_is_not_woken(platform: Any) -> None:
    platform.serve(1)

    told = refusal(lambda: waking.wake(platform, DEPLOYED, reason="a demo"))

    assert f"endpoint churn-dev is there: InService on {deployment(1)}" in str(told)
