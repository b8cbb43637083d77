"""What becomes of candidates: one that is no better, one that fails under traffic."""

from pathlib import Path

import pytest

from contracts.ledger import LedgerKind
from tests.system.loop import churn_folder, image_folder
from tests.system.loop.live_traffic import live_traffic
from tests.system.loop.platform_under_test import Platform
from tests.system.loop.platform_view import Run
from tests.system.promotion import bad_images

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


def test_a_candidate_that_is_not_better_is_rejected_with_its_interval(platform: Platform):
    champion = platform.champion()

    # It learns the contrary of what it should: worse than any champion.
    with platform.model_code(churn_folder.archive(platform.models, churn_folder.CONTRARY)):
        run = platform.run("a worse candidate")

    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "rejected"), run.failed()
    [rejected] = platform.ledger(LedgerKind.CANDIDATE_REJECTED, about=run.run_id)
    assert "auc gain, lower bound is -" in rejected.summary
    assert rejected.details["auc gain, lower bound"].endswith("(> +0.005000)")
    package = platform.client("sagemaker").describe_model_package(
        ModelPackageName=rejected.details["model_package_arn"]
    )
    assert package["ModelApprovalStatus"] == "Rejected"
    assert "Promote" not in platform.steps(run)
    assert len(platform.notices(run)) == 1
    platform.assert_at_rest_on(champion)


def test_a_better_candidate_takes_over_under_traffic_and_a_person_takes_it_back(
    platform: Platform,
):
    before = platform.champion()

    with (
        platform.model_code(churn_folder.archive(platform.models, churn_folder.FULL_STRENGTH)),
        live_traffic(platform) as traffic,
    ):
        run = platform.run("a better candidate")

    assert run.output.get("outcome") == "promoted", run.failed()
    champion = platform.champion()
    assert champion.version > before.version
    platform.assert_at_rest_on(champion)
    assert traffic.errors == {}
    assert set(traffic.versions) == {before.version, champion.version}
    assert len(platform.notices(run)) == 1
    [promoted] = platform.ledger(LedgerKind.PROMOTED, about=run.run_id)
    assert promoted.details["replaces"] == before.deployment

    number, told = before.version, len(platform.inbox.all())
    platform.command_line("promote", str(number), "--reason", "the older one was fine")
    platform.come_to_rest()
    assert platform.champion().version == number
    platform.assert_at_rest_on(platform.champion())
    [notice] = platform.inbox.all()[told:]
    assert "promotion promoted" in notice.subject
    assert "the older one was fine" in notice.text


def test_a_candidate_that_answers_5xx_is_rolled_back_and_the_champion_serves(
    platform: Platform, tmp_path: Path
):
    champion = platform.champion()
    image = _push_a_broken_server(platform, tmp_path)
    try:
        # With all its trees it beats any champion of these scenarios, so that it is promoted.
        with (
            platform.model_code(churn_folder.archive(platform.models, churn_folder.FULL_STRENGTH)),
            live_traffic(platform) as traffic,
        ):
            run = platform.run("a candidate that fails under traffic")
    finally:
        _withdraw(platform, image)

    assert run.status == "FAILED", run
    assert platform.steps(run)[-1] == "Promote", run.failed()
    deployment = _assert_rolled_back(platform, run)
    assert traffic.errors["500"], "no request met the candidate"
    assert set(traffic.versions) == {champion.version}
    assert traffic.after_rollback(platform, deployment) == []
    platform.assert_at_rest_on(champion)


def _assert_rolled_back(platform: Platform, run: Run) -> str:
    """Ledger, registry and the one notice say why; return what the deployment was called."""
    [line] = platform.ledger(LedgerKind.ROLLED_BACK, about=run.run_id)
    alarm = f"{line.subject}-5xx"
    crossed = f"{alarm}: {line.subject} answered more than 0 requests of a minute with 5xx (Thresh"
    assert crossed in line.summary
    package = platform.client("sagemaker").describe_model_package(
        ModelPackageName=line.details["model_package_arn"]
    )
    assert package["ModelApprovalStatus"] == "Rejected"
    assert alarm in package["ApprovalDescription"]
    [notice] = platform.notices(run)
    assert "Error: CandidateRolledBack" in notice.text
    assert crossed in notice.text
    assert "docs/runbooks/candidate-rolled-back.md" in notice.text
    left = platform.client("cloudwatch").describe_alarms(AlarmNamePrefix=line.subject)
    assert left["MetricAlarms"] == []
    return line.subject


def _push_a_broken_server(platform: Platform, room: Path) -> str:
    """Push an image that answers 500 to all but its smoke test, a transform job."""
    root = bad_images.with_front(room / "image", {"fails_every": 1, "spares_batch": True})
    return image_folder.push(platform.account, platform.deployed.repository, "broken", root)


def _withdraw(platform: Platform, digest: str) -> None:
    """Delete the image, so that the good one is the newest again."""
    answer = platform.client("ecr").batch_delete_image(
        repositoryName=platform.deployed.repository, imageIds=[{"imageDigest": digest}]
    )
    assert answer["failures"] == []
