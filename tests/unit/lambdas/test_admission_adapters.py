import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdas.adapters.images import Image, Images
from lambdas.admission.executions import Executions
from lambdas.admission.incoming import IncomingData
from tests.unit.lambdas.examples import request

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:perennial-dev-churn-retraining"


@pytest.fixture
def incoming(s3: Any) -> IncomingData:
    return IncomingData(s3, bucket="data", model="churn", datasets=["purchases", "labels"])


def put(s3: Any, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket="data", Key=key, Body=key.encode())


def test_files_are_counted_for_each_dataset(s3: Any, incoming: IncomingData) -> None:
    put(s3, "churn/incoming/purchases/a.csv", "churn/incoming/purchases/b.csv")
    put(s3, "churn/incoming/labels/", "churn/quarantine/r/labels/a.csv", "recsys/incoming/x/a.csv")

    assert incoming.now().files == {"purchases": 2, "labels": 0}


def test_the_fingerprint_follows_keys_and_contents(s3: Any, incoming: IncomingData) -> None:
    put(s3, "churn/incoming/labels/a.csv")
    before = incoming.now().fingerprint

    assert incoming.now().fingerprint == before
    put(s3, "churn/incoming/labels/b.csv")
    assert incoming.now().fingerprint != before
    s3.delete_object(Bucket="data", Key="churn/incoming/labels/b.csv")
    assert incoming.now().fingerprint == before
    s3.put_object(Bucket="data", Key="churn/incoming/labels/a.csv", Body=b"corrected")
    assert incoming.now().fingerprint != before


@pytest.mark.slow
def test_more_files_than_a_page_are_all_seen(s3: Any, incoming: IncomingData) -> None:
    put(s3, *(f"churn/incoming/labels/{number:04}.csv" for number in range(1001)))

    assert incoming.now().files["labels"] == 1001


class FakeEcr:
    """Pages of images (digest, tag, day of the push), the newest neither first nor last."""

    def __init__(self, *pages: list[tuple[str, str, int]]) -> None:
        self._pages = pages

    def get_paginator(self, operation: str) -> "FakeEcr":
        assert operation == "describe_images"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        assert asked == {"repositoryName": "perennial", "filter": {"tagStatus": "TAGGED"}}
        return [{"imageDetails": [_image(*row) for row in page]} for page in self._pages]

    def describe_repositories(self, repositoryNames: list[str]) -> dict[str, Any]:
        return {"repositories": [{"repositoryUri": f"registry/{repositoryNames[0]}"}]}


def _image(digest: str, tag: str, day: int) -> dict[str, Any]:
    pushed = datetime(1997, 1, day, tzinfo=UTC)
    return {"imageDigest": digest, "imageTags": [tag], "imagePushedAt": pushed}


def test_the_newest_image_is_the_one_pushed_last_on_any_page() -> None:
    ecr = FakeEcr(
        [("sha256:1", "standard-1", 3), ("sha256:2", "standard-2", 9)],
        [("sha256:3", "standard-3", 7)],
    )

    newest = Images(ecr, repository="perennial").newest("standard")

    assert newest == Image(uri="registry/perennial@sha256:2", digest="sha256:2")


def test_an_image_of_another_flavour_is_not_taken_however_new() -> None:
    ecr = FakeEcr([("sha256:1", "torch-1", 3), ("sha256:2", "torchvision-2", 9)])

    newest = Images(ecr, repository="perennial").newest("torch")

    assert newest is not None
    assert newest.digest == "sha256:1"


def test_a_repository_without_the_flavour_has_no_newest_image() -> None:
    assert Images(FakeEcr([]), repository="perennial").newest("standard") is None
    other = FakeEcr([("sha256:1", "torch-1", 3)])
    assert Images(other, repository="perennial").newest("standard") is None


@pytest.fixture
def executions(aws: None) -> Executions:
    client = boto3.client("stepfunctions")
    client.create_state_machine(
        name="perennial-dev-churn-retraining",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )
    return Executions(client, machine_arn=MACHINE)


def test_an_execution_is_found_by_its_run(executions: Executions) -> None:
    assert executions.of(request().run_id) is None

    arn = executions.start(request())

    found = executions.of(request().run_id)
    assert found is not None
    assert (found.arn, found.running, found.request) == (arn, True, request())


def test_starting_a_run_twice_gives_the_same_execution(executions: Executions) -> None:
    first = executions.start(request())

    assert executions.start(request(fencing_token=2)) == first
