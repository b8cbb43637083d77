"""A serverless endpoint has no guardrails and no captures of AWS's: the platform brings its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import bad_images, candidates, captures, stage
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    settings = (
        *stage.SETTINGS,
        ("serving", 'mode = "serverless"'),
        # A busy machine is no slow candidate: times are compared with the champion's.
        ("rollout", "max_latency_ms = 10000"),
        ("rollout", "max_latency_ratio = 50"),
    )
    with stage.serving(tmp_path_factory.mktemp("serverless"), settings) as platform:
        yield platform


@pytest.fixture(scope="module")
def registrar(serverless: LivePlatform) -> Registrar:
    return Registrar(platform=serverless, like=serverless.champion().model_package_arn)


def test_a_serverless_endpoint_changes_versions_and_captures_every_answer_itself(
    serverless: LivePlatform, registrar: Registrar
):
    config = serverless.client("sagemaker").describe_endpoint_config(
        EndpointConfigName=serverless.champion().deployment
    )
    candidate = registrar.copy()
    with live_callers(serverless) as asking:
        done = candidates.promote(serverless, candidate, "serverless")
        asking.keep_up()

    assert "ServerlessConfig" in config["ProductionVariants"][0]
    assert "DataCaptureConfig" not in config
    assert done.status == "SUCCEEDED", done
    assert asking.failed == []
    assert asking.versions[candidate.number] > 0
    compared = captures.compared(serverless, asking.answers)
    assert compared.complete, compared
    champion = serverless.champion()
    assert champion.version == candidate.number
    serverless.assert_at_rest_on(champion)


def test_the_machine_itself_goes_back_where_nobody_else_would(
    serverless: LivePlatform, registrar: Registrar, tmp_path: Path
):
    champion = serverless.champion()
    failing = bad_images.with_front(tmp_path, {"fails_every": 2, "spares_batch": True})
    candidate = registrar.copy(root=failing)
    with live_callers(serverless) as asking:
        done = candidates.promote(serverless, candidate, "fails half of its requests")
        asking.keep_up()

    assert (done.status, done.error) == ("FAILED", "CandidateRolledBack"), done
    assert "answered more than 0 requests of a minute with 5xx" in done.cause
    assert "GoBack" in done.steps
    assert len(done.told) == 1
    package = serverless.client("sagemaker").describe_model_package(ModelPackageName=candidate.arn)
    assert package["ModelApprovalStatus"] == "Rejected"
    serverless.assert_at_rest_on(champion)
