"""A run's jobs call nothing by themselves, so that killing one leaves no half-made change."""

import pytest

from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


def test_the_jobs_of_a_run_make_no_aws_calls_of_their_own(platform: Platform):
    run = platform.run("jobs are watched")
    assert "Evaluate" in platform.steps(run), run.failed()

    calls = platform.account.calls()
    assert [call for call in calls if call.kind == "job"] == []
    assert [call for call in calls if call.kind == "handler"], "nothing is recorded at all"
