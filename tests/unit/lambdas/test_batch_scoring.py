"""Scoring whole files: what is refused beforehand, what is counted afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.batch import BatchFormat, BatchPlan, parse_batch_request
from contracts.ledger import LedgerKind
from contracts.run import Champion
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.batch_scoring.decision import NoChampion, RowsMissing, UnreadableInput
from lambdas.batch_scoring.files import Files
from lambdas.batch_scoring.models import Models
from lambdas.batch_scoring.plan import Planner
from lambdas.batch_scoring.verify import Verifier
from tests.unit.lambdas.examples import CARD

NAMES = [feature.name for feature in CARD.features]
HEADER = ",".join(NAMES)
ROW = ",".join("1" for _ in NAMES)
CHAMPION = Champion(
    model_package_arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn-dev/4",
    version=4,
    model_data_url="s3://artifacts/churn/models/t/output/model.tar.gz",
    artifact_sha256="a" * 64,
    manifest_sha256="b" * 64,
    baseline_uri="s3://reports/baseline.json",
    promoted_at="1997-06-01T00:00:00Z",
    deployment="churn-dev-v4-0123abcd",
)


@dataclass
class FakeModels:
    asked: list[str] = field(default_factory=list[str])

    def ensure(self, champion: Champion) -> str:
        self.asked.append(champion.deployment)
        return champion.deployment


def asked(uri: str, **changes: Any) -> dict[str, Any]:
    return {
        "as_of": "1997-07-01T00:00:00Z",
        "cause": {"kind": "person", "id": f"person {uri}", "detail": "the July mailing"},
        "input": uri,
        **changes,
    }


@pytest.fixture
def put(s3: Any) -> Callable[..., None]:
    def write(**files: str) -> None:
        for name, body in files.items():
            key = f"churn/batch/july/{name.replace('_', '.')}"
            s3.put_object(Bucket="data", Key=key, Body=body.encode())

    return write


@pytest.fixture
def planner(s3: Any, state_table: StateTable) -> Planner:
    pointer = ChampionPointer(state_table, "churn")
    assert pointer.move(CHAMPION, token=1)
    return Planner(
        card=CARD,
        environment="dev",
        data_bucket="data",
        files=Files(s3),
        models=FakeModels(),  # pyright: ignore[reportArgumentType]
        state=state_table,
        champion=pointer,
    )


@pytest.fixture
def verifier(s3: Any, documents: Documents, ledger: Ledger) -> Verifier:
    return Verifier(card=CARD, files=Files(s3), documents=documents, ledger=ledger)


def plan_of(planner: Planner, uri: str = "s3://data/churn/batch/july/", **more: Any) -> BatchPlan:
    return planner.plan(parse_batch_request(asked(uri, **more)), execution_id="one")


def answer(s3: Any, plan: BatchPlan, name: str, rows: int, version: str = "4") -> None:
    line = json.dumps({"score": 0.5, "label": 1, "model_version": version}) + "\n"
    key = f"{plan.output}/{name}.out".removeprefix("s3://data/")
    s3.put_object(Bucket="data", Key=key, Body=(line * rows).encode())


def test_all_files_below_a_prefix_are_listed_for_the_champions_model(
    planner: Planner, put: Callable[..., None], s3: Any
) -> None:
    put(a_csv=f"{HEADER}\n{ROW}\n", b_csv=f"{ROW}\n")
    plan = plan_of(planner)
    assert (plan.version, plan.model_name, plan.files) == (4, CHAMPION.deployment, 2)
    assert plan.format is BatchFormat.CSV
    assert plan.output == f"s3://data/churn/batch/{plan.batch_id}/scored"
    body = s3.get_object(Bucket="data", Key=plan.manifest.removeprefix("s3://data/"))["Body"]
    assert json.load(body) == [{"prefix": "s3://data/churn/batch/july/"}, "a.csv", "b.csv"]


def test_one_file_is_that_file_alone(planner: Planner, put: Callable[..., None]) -> None:
    put(a_csv=ROW, a_csv_old=ROW)
    assert plan_of(planner, "s3://data/churn/batch/july/a.csv").files == 1


def test_a_second_delivery_of_the_same_cause_scores_nothing(
    planner: Planner, put: Callable[..., None]
) -> None:
    put(a_csv=ROW)
    request = parse_batch_request(asked("s3://data/churn/batch/july/a.csv"))
    assert planner.plan(request, execution_id="one").taken_by == ""
    assert planner.plan(request, execution_id="two").taken_by == "one"
    assert planner.plan(request, execution_id="one").taken_by == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (",".join(reversed(NAMES)), "a.csv: a header must name recency_days, "),
        ("customer_id," + HEADER, "in this order, got customer_id, recency_days"),
        ("1,2", f"a.csv: a row must have {len(NAMES)} values, the first has 2"),
        ("", "a.csv holds no rows"),
    ],
)
def test_a_file_that_would_be_answered_wrongly_is_refused_by_name(
    planner: Planner, put: Callable[..., None], body: str, said: str
) -> None:
    put(a_csv=body)
    with pytest.raises(UnreadableInput, match=said):
        plan_of(planner)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3://data/churn/incoming/a.csv", "must lie below s3://data/churn/batch/, got"),
        ("s3://else/churn/batch/a.csv", "must lie below s3://data/churn/batch/, got"),
        ("a.csv", "an S3 URI looks like"),
        ("s3://data/churn/batch/nothing/", "there is no file at"),
    ],
)
def test_a_place_that_cannot_be_read_is_refused(planner: Planner, uri: str, said: str) -> None:
    with pytest.raises(UnreadableInput, match=said):
        plan_of(planner, uri)


def test_an_output_elsewhere_is_refused(planner: Planner, put: Callable[..., None]) -> None:
    put(a_csv=ROW)
    with pytest.raises(UnreadableInput, match="the output must lie below"):
        plan_of(planner, output="s3://data/churn/incoming/")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a_csv": ROW, "b_jsonl": "{}"}, "files of one format"),
        ({"a_parquet": "x"}, "a file must end with .csv, .jsonl, .jsonlines, got a.parquet"),
    ],
)
def test_a_batch_has_one_format(
    planner: Planner, put: Callable[..., None], files: Mapping[str, str], said: str
) -> None:
    put(**files)
    with pytest.raises(UnreadableInput, match=said):
        plan_of(planner)


def test_before_the_first_promotion_there_is_nothing_to_score_with(
    planner: Planner, put: Callable[..., None], state_table: StateTable
) -> None:
    state_table.delete("champion#churn")
    put(a_csv=ROW)
    with pytest.raises(NoChampion, match="no version of churn has been promoted yet"):
        plan_of(planner)


def test_a_file_that_lands_is_scored_once_however_often_it_is_told_of() -> None:
    event = {
        "source": "aws.s3",
        "id": "first delivery",
        "time": "1997-07-01T00:00:00Z",
        "detail": {
            "bucket": {"name": "data"},
            "object": {"key": "churn/batch/incoming/a.csv", "version-id": "v1", "etag": "e"},
        },
    }
    first = parse_batch_request(event)
    assert first.input == "s3://data/churn/batch/incoming/a.csv"
    assert parse_batch_request(event | {"id": "second delivery"}).cause == first.cause


def test_what_was_scored_is_counted_recorded_and_in_the_ledger(
    planner: Planner, verifier: Verifier, put: Callable[..., None], s3: Any, ledger: Ledger
) -> None:
    put(a_csv=f"{HEADER}\n{ROW}\n{ROW}\n", b_csv=f"{ROW}\n\n")
    plan = plan_of(planner)
    answer(s3, plan, "a.csv", 2)
    answer(s3, plan, "b.csv", 1)
    request = parse_batch_request(asked("s3://data/churn/batch/july/"))
    done = verifier.verify(request, plan)
    assert (done["outcome"], done["rows"]) == ("scored", 3)
    assert done["reason"] == "3 rows of 2 files scored by version 4"
    key = f"churn/batch/{plan.batch_id}/batch.json"
    record = json.load(s3.get_object(Bucket="data", Key=key)["Body"])
    assert record["rows"] == {"a.csv": 2, "b.csv": 1}
    [line] = list(ledger.newest_first("churn", [LedgerKind.BATCH_SCORED]))
    assert line.subject == plan.batch_id
    assert line.details["cause"] == "person: the July mailing"


@pytest.mark.parametrize(
    ("rows", "version", "said"),
    [
        (1, "4", "a.csv: version 4 must answer 2 rows, answered 1"),
        (0, "4", "a.csv: version 4 must answer 2 rows, answered 0"),
        (2, "3", "row 1 must be answered by version 4, was by 3"),
    ],
)
def test_a_batch_with_a_row_too_few_or_of_another_version_is_no_success(
    planner: Planner,
    verifier: Verifier,
    put: Callable[..., None],
    s3: Any,
    ledger: Ledger,
    rows: int,
    version: str,
    said: str,
) -> None:
    put(a_csv=f"{ROW}\n{ROW}\n")
    plan = plan_of(planner)
    if rows:
        answer(s3, plan, "a.csv", rows, version)
    request = parse_batch_request(asked("s3://data/churn/batch/july/"))
    with pytest.raises(RowsMissing, match=said):
        verifier.verify(request, plan)
    assert list(ledger.newest_first("churn", [LedgerKind.BATCH_SCORED])) == []


class FakeSageMaker:
    """Knows some Models; describes the champion's package."""

    def __init__(self, *models: str) -> None:
        self.models = {name: {} for name in models}

    def describe_model(self, *, ModelName: str) -> dict[str, Any]:
        if ModelName not in self.models:
            told = {
                "Code": "ValidationException",
                "Message": f'Could not find model "{ModelName}".',
            }
            raise ClientError({"Error": told}, "DescribeModel")
        return self.models[ModelName]

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        assert ModelPackageName == CHAMPION.model_package_arn
        return {"InferenceSpecification": {"Containers": [{"Image": "image@sha256:1"}]}}

    def create_model(self, **asked: Any) -> None:
        self.models[asked["ModelName"]] = asked


def test_the_champions_own_model_is_used_and_one_like_it_made_where_that_is_gone() -> None:
    there = FakeSageMaker(CHAMPION.deployment)
    assert Models(there, role_arn="role").ensure(CHAMPION) == CHAMPION.deployment
    gone = FakeSageMaker()
    [name] = {Models(gone, role_arn="role").ensure(CHAMPION) for _ in range(2)}
    assert list(gone.models) == [name] == [f"{CHAMPION.deployment}-batch"]
    container = gone.models[name]["PrimaryContainer"]
    assert container["ModelDataUrl"] == CHAMPION.model_data_url
    assert container["Environment"]["PERENNIAL_MODEL_VERSION"] == "4"
