"""A training that fails is told once, in plain words; a mended run resumes where it failed."""

import pytest

from contracts.ledger import LedgerKind
from tests.system.loop import churn_folder
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

FAULTS = {
    "exits with 1": (
        churn_folder.EXITS,
        "failed with exit code 1: ",
        "RuntimeError: the trees have no leaves",
    ),
    "is killed": (
        churn_folder.IS_KILLED,
        "was killed by SIGKILL, which is how running out of memory ends",
        "",
    ),
    "runs too long": (
        churn_folder.HANGS,
        f"was stopped: it ran longer than its limit of {churn_folder.MAX_RUNTIME} s",
        "",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_training_is_told_once_in_plain_words(platform: Platform, fault: str):
    code, what, why = FAULTS[fault]
    champion = platform.champion()

    with platform.model_code(churn_folder.archive(platform.models, code)):
        run = platform.run(f"a training that {fault}")

    assert run.status == "FAILED", run
    assert platform.steps(run)[-1] == "Train"
    [notice] = platform.notices(run)
    assert f"training job {run.run_id}-train-0 {what}" in notice.text
    assert why in notice.text
    if why:  # a job that was killed may have said nothing
        assert why in notice.text.partition("The end of the job's log:")[2]
    others = [told for name, (_, told, _) in FAULTS.items() if name != fault]
    assert not [told for told in others if told in notice.text]
    assert run.arn in notice.text
    assert "docs/runbooks/job-failed.md" in notice.text
    [ended] = platform.ledger(LedgerKind.RUN_ENDED, about=run.run_id)
    assert what in ended.summary
    platform.assert_at_rest_on(champion)


def test_a_mended_run_resumes_at_the_state_that_failed(platform: Platform):
    with platform.model_code(churn_folder.archive(platform.models, churn_folder.EXITS)) as mend:
        run = platform.run("a training that will be mended")
        assert run.status == "FAILED", run
        mend()
        platform.client("stepfunctions").redrive_execution(executionArn=run.arn)
        platform.come_to_rest()

    redriven = platform.ended(run.run_id)
    assert redriven.status == "SUCCEEDED", redriven.failed()
    steps = platform.steps(redriven)
    assert (steps.count("Validate"), steps.count("Train")) == (1, 2), steps
    sagemaker = platform.client("sagemaker")
    jobs = [
        sagemaker.describe_training_job(TrainingJobName=f"{run.run_id}-train-{attempt}")
        for attempt in (0, 1)
    ]
    assert [job["TrainingJobStatus"] for job in jobs] == ["Failed", "Completed"]
    failed, succeeded = platform.notices(run)
    assert "Failed step: Train" in failed.text
    assert "redrive 1" in succeeded.text
    assert platform.lease_owner() is None
