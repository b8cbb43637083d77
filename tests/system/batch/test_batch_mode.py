"""A model whose card serves in batches: promoted without an endpoint, scoring what lands."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from contracts import layout
from contracts.ledger import LedgerEntry, LedgerKind
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.stage import serving

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

IN_BATCHES = (
    ("hyperparameters", "max_iter = 20"),
    ("serving", 'mode = "batch"'),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    with serving(tmp_path_factory.mktemp("batch"), IN_BATCHES) as platform:
        yield platform


def test_the_first_model_was_tried_alone_and_promoted_and_there_is_no_endpoint(
    platform: LivePlatform,
) -> None:
    champion = platform.champion()
    sagemaker = platform.client("sagemaker")
    with pytest.raises(ClientError, match="Could not find"):
        platform.endpoint()
    smoke = sagemaker.list_transform_jobs(NameContains=champion.deployment)
    [job] = smoke["TransformJobSummaries"]
    assert job["TransformJobStatus"] == "Completed"
    promoted = platform.ledger(LedgerKind.PROMOTED)
    assert {line.details["scaling"] for line in promoted} == {"no endpoint"}
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


def test_a_file_that_lands_is_scored_once_and_the_answers_lie_beside_it(
    platform: LivePlatform,
) -> None:
    s3, bucket = platform.client("s3"), platform.deployed.data_bucket
    rows, told = platform.request_rows(50), len(platform.inbox.all())
    key = f"{layout.batch_incoming_prefix('churn')}april.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=rows)
    asked = f"new_data: s3://{bucket}/{key} has landed"

    def scored() -> list[LedgerEntry]:
        lines = platform.ledger(LedgerKind.BATCH_SCORED)
        return [line for line in lines if line.details["cause"] == asked]

    platform.pass_until(lambda: bool(scored()), "the file is scored")
    [line] = scored()
    assert line.summary == f"50 rows of 1 file scored by version {platform.champion().version}"
    answers, where = layout.split_s3_uri(f"{line.details['output']}/april.csv.out")
    body = s3.get_object(Bucket=answers, Key=where)["Body"].read()
    scores = [json.loads(each)["score"] for each in body.splitlines()]
    assert len(set(scores)) > 10
    assert len(platform.inbox.all()) == told


def test_a_next_version_takes_over_by_the_pointer_and_the_one_before_comes_back_by_command(
    platform: LivePlatform, tmp_path: Path
) -> None:
    first = platform.champion()
    candidate = Registrar(platform=platform, like=first.model_package_arn).copy()
    file = tmp_path / "may.csv"
    file.write_bytes(platform.request_rows(5))
    platform.command_line("promote", str(candidate.number))
    platform.pass_until(
        lambda: platform.champion().version == candidate.number, "the next one is champion"
    )
    assert platform.command_line("batch", str(file))["version"] == candidate.number
    platform.come_to_rest()
    platform.command_line("rollback", str(first.version), "--reason", "the older one was fine")
    assert platform.champion().version == first.version
    assert platform.command_line("batch", str(file))["version"] == first.version
