from dataclasses import replace
from math import inf
from typing import Any

import pytest

from contracts.errors import ContractError
from lambdas.adapters.documents import HashedObject
from lambdas.promotion import fitness
from lambdas.promotion.errors import PromotionRefused
from lambdas.promotion.facts import Version
from lambdas.promotion.fitness import Input
from tests.unit.lambdas.examples import CHAMPION, IMAGE, METADATA, PACKAGE, request

VERSION = Version(
    arn=PACKAGE,
    number=2,
    status="Approved",
    image_uri=IMAGE,
    model_data_url="s3://artifacts/churn/models/job/output/model.tar.gz",
    metadata={**METADATA, "artifact_version": "one"},
)
ARCHIVE = HashedObject(sha256="a" * 64, size=3, version_id="one")


def refuse(version: Version, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "environment": "dev",
        "archive": ARCHIVE,
        "has_served": False,
        **changes,
    }
    asked = facts.pop("request", request())
    fitness.refuse_unfit(version, asked, **facts)


def test_an_approved_version_of_this_environment_with_its_own_bytes_may_go() -> None:
    refuse(VERSION)


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_is_refused(status: str) -> None:
    with pytest.raises(PromotionRefused) as refusal:
        refuse(replace(VERSION, status=status))

    assert str(refusal.value) == f"version 2: the approval is '{status}', must be 'Approved'"


def test_what_has_served_may_serve_again_whatever_became_of_its_approval() -> None:
    refuse(replace(VERSION, status="Rejected"), has_served=True)


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        (VERSION, {"archive": replace(ARCHIVE, sha256="9" * 64)}, "the artifact's sha256 is '999"),
        (
            VERSION,
            {"archive": replace(ARCHIVE, version_id="two")},
            "the artifact's S3 version is 'two', must be 'one'",
        ),
        (VERSION, {"environment": "prod"}, "the environment is 'dev', must be 'prod'"),
        (
            VERSION,
            {"request": request(environment="prod")},
            "the request's environment is 'prod', must be 'dev'",
        ),
        (replace(VERSION, image_uri="repo@sha256:2"), {}, "the image is 'sha256:2', must be"),
        (replace(VERSION, image_uri="repo:latest"), {}, "the image is 'repo:latest', must be"),
    ],
)
def test_a_version_that_is_not_what_the_registry_says_is_refused(
    version: Version, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PromotionRefused, match=message):
        refuse(version, **changes)


def test_metadata_that_lacks_a_digest_is_an_error_and_no_pass() -> None:
    with pytest.raises(ContractError, match="version 2 lacks artifact_sha256"):
        refuse(replace(VERSION, metadata={**METADATA, "artifact_sha256": ""}))


@pytest.mark.parametrize(
    ("compared", "now"),
    [(None, CHAMPION), (CHAMPION, None), (CHAMPION, replace(CHAMPION, version=3, deployment="x"))],
)
def test_a_candidate_that_was_compared_with_another_champion_is_refused(
    compared: Any, now: Any
) -> None:
    with pytest.raises(PromotionRefused, match=r"compared its candidate with .* now$"):
        fitness.refuse_another_champion(request(champion=compared), now, deployment="new")


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(CHAMPION, id="the same champion"),
        pytest.param(replace(CHAMPION, deployment="other"), id="the same artifact, put back"),
        pytest.param(replace(CHAMPION, version=9, deployment="new"), id="this promotion's own end"),
    ],
)
def test_a_champion_that_is_the_same_still_may_be_replaced(now: Any) -> None:
    fitness.refuse_another_champion(request(champion=CHAMPION), now, deployment="new")


SENT = [Input(name="age", least=0, most=100), Input(name="spend", least=0, most=inf)]


def test_the_same_columns_at_least_as_wide_take_the_same_requests() -> None:
    fitness.refuse_other_requests(SENT, [Input(name="age", least=-inf, most=200), SENT[1]])


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        (SENT[:1], "callers send 'spend' as column 2, the candidate takes nothing there"),
        (SENT[::-1], "callers send 'age' as column 1, the candidate takes 'spend' there"),
        (
            [*SENT, Input(name="new", least=0, most=1)],
            "callers send nothing as column 3, the candidate takes 'new' there",
        ),
        (
            [replace(SENT[0], most=90), SENT[1]],
            "callers may send age from 0 to 100, the candidate takes 0 to 90",
        ),
        (
            [SENT[0], replace(SENT[1], most=5)],
            "callers may send spend from 0 to inf, the candidate takes 0 to 5",
        ),
    ],
)
def test_a_candidate_that_takes_other_requests_is_refused_and_the_field_named(
    taken: list[Input], message: str
) -> None:
    with pytest.raises(PromotionRefused) as refusal:
        fitness.refuse_other_requests(SENT, taken)

    assert message in str(refusal.value)


def test_a_bound_that_is_not_told_is_none() -> None:
    rows = [{"name": "age", "min": 0, "max": None}, {"name": "spend"}]

    assert fitness.inputs({"features": rows}) == (
        Input(name="age", least=0, most=inf),
        Input(name="spend", least=-inf, most=inf),
    )
