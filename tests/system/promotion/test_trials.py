"""A candidate that no person asked for is tried beside the champion before traffic shifts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts import naming
from contracts.run import Cause, CauseKind, Purpose
from perennial import promotion, promotions, registry
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import bad_images, candidates, stage
from tests.system.promotion.candidates import Candidate, Person, Promotion, Registrar
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

_TRIAL = {"TryCandidate", "LetTrialRun", "WatchTrial"}
_SHARES = {"shadow": 100, "challenger": 20}


@pytest.fixture(
    scope="module",
    params=["shadow", pytest.param("challenger", marks=pytest.mark.exhaustive)],
)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def tried(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    settings = (
        *stage.SETTINGS,
        ("rollout", f'trial = "{kind}"'),
        ("rollout", f"trial_percent = {_SHARES[kind]}"),
        ("rollout", "trial_seconds = 240"),
        # A busy machine is no slow candidate: times are compared with the champion's.
        ("rollout", "max_latency_ms = 10000"),
    )
    with stage.serving(tmp_path_factory.mktemp(kind), settings) as platform:
        yield platform


@pytest.fixture(scope="module")
def registrar(tried: LivePlatform) -> Registrar:
    return Registrar(platform=tried, like=tried.champion().model_package_arn)


def promote(platform: LivePlatform, candidate: Candidate) -> Promotion:
    """Promote as the retraining workflow does when a schedule has started it."""
    person, told = Person(platform), len(platform.inbox.all())
    package = registry.package(
        platform.client("sagemaker"), platform.deployed.package_group, candidate.number
    )
    request = promotion.asked(
        person,
        platform.deployed,
        package,
        purpose=Purpose.RETRAIN,
        id=f"tries-{candidate.number}",
        reason="weekly",
    )
    cause = Cause(kind=CauseKind.SCHEDULE, id=request.cause.id, detail="weekly")
    arn = promotions.start(
        person, platform.deployed, replace(request, cause=cause), arn=candidate.arn
    )
    platform.come_to_rest()
    return candidates.ended(platform, arn, told)


def captured_as(platform: LivePlatform, variant: str) -> list[str]:
    endpoint, bucket = platform.deployed.endpoint, platform.deployed.captures_bucket
    prefix = f"{platform.deployed.model}/{endpoint}/{variant}/"
    found = platform.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", ())]


def test_a_good_candidate_is_tried_and_then_takes_over(
    tried: LivePlatform, registrar: Registrar, kind: str
):
    candidate = registrar.copy()
    with live_callers(tried) as asking:
        done = promote(tried, candidate)
        asking.keep_up()

    assert done.status == "SUCCEEDED", done
    assert [
        step for step in done.steps if step in ("TryCandidate", "EndTrial", "UpdateEndpoint")
    ] == [
        "TryCandidate",
        "EndTrial",
        "UpdateEndpoint",
    ]
    assert asking.failed == []
    assert asking.versions[candidate.number] > 0
    tried.account.advance(1)
    variant = {"shadow": naming.SHADOW, "challenger": naming.CHALLENGER}[kind]
    assert captured_as(tried, variant) != []
    champion = tried.champion()
    assert champion.version == candidate.number
    tried.assert_at_rest_on(champion)


def test_a_candidate_that_fails_its_trial_never_gets_the_traffic(
    tried: LivePlatform, registrar: Registrar, tmp_path: Path, kind: str
):
    champion = tried.champion()
    slow = bad_images.with_front(tmp_path, {"slower": 40, "spares_batch": True})
    candidate = registrar.copy(root=slow)
    with live_callers(tried) as asking:
        done = promote(tried, candidate)
        asking.keep_up()

    assert (done.status, done.error) == ("FAILED", "CandidateRolledBack"), done
    assert f"as {kind}: the median was" in done.cause, done
    assert set(done.steps) >= _TRIAL
    assert "UpdateEndpoint" not in done.steps
    assert asking.failed == []
    if kind == "shadow":
        assert asking.versions[candidate.number] == 0
    assert len(done.told) == 1
    package = tried.client("sagemaker").describe_model_package(ModelPackageName=candidate.arn)
    assert package["ModelApprovalStatus"] == "Rejected"
    tried.assert_at_rest_on(champion)
