import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from contracts import layout
from contracts.card_ingestion import Ingestion, Source, SourceKind
from contracts.ingestion import DayOutcome, DayRecord
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.images import Image
from lambdas.ingestion_plan.decision import NotADay, asked_for, missing
from lambdas.ingestion_plan.executions import Executions
from lambdas.ingestion_plan.plan import NoImage, Plan
from tests.unit.lambdas.examples import CARD

AS_OF = datetime(2012, 3, 8, tzinfo=UTC)
EVENT = {"as_of": "2012-03-08T00:00:00Z", "id": "1"}
LABELS = Source(
    dataset="labels", kind=SourceKind.CODE, prefix=None, query=None, database=None, reads=()
)
FETCHING = replace(
    CARD, ingestion=Ingestion(schedule="rate(1 day)", catch_up_days=3, sources=(LABELS,))
)


def record(day: str, outcome: DayOutcome = DayOutcome.WHOLE, refused: int = 0) -> DayRecord:
    return DayRecord(
        model="churn",
        day=day,
        version=1,
        run_id="r",
        outcome=outcome,
        sources={"labels": "s"},
        rules="r",
        rows={"labels": 1},
        refused=refused,
        set_aside=0,
        parts=(),
    )


def test_days_are_over_and_not_older_than_the_card_says_and_the_oldest_comes_first() -> None:
    found = missing(AS_OF, 3, lambda _: None)
    assert found == [date(2012, 3, 5), date(2012, 3, 6), date(2012, 3, 7)]
    late = datetime(2012, 3, 8, 23, 59, tzinfo=UTC)
    assert missing(late, 3, lambda _: None) == found


def test_days_that_are_done_are_left_alone_and_open_ones_are_looked_at_again() -> None:
    records = {
        date(2012, 3, 5): record("2012-03-05"),
        date(2012, 3, 6): record("2012-03-06", DayOutcome.WAITING),
        date(2012, 3, 7): record("2012-03-07", DayOutcome.IN_PART, refused=1),
    }
    assert missing(AS_OF, 3, records.get) == [date(2012, 3, 6), date(2012, 3, 7)]
    records[date(2012, 3, 7)] = record("2012-03-07", DayOutcome.IN_PART)
    assert missing(AS_OF, 3, records.get) == [date(2012, 3, 6)]


def test_a_person_names_days_that_are_over() -> None:
    assert asked_for(["2011-01-02", "2011-01-01", "2011-01-02"], AS_OF) == [
        date(2011, 1, 1),
        date(2011, 1, 2),
    ]
    with pytest.raises(NotADay, match="days must be dates such as 2012-03-01, got 'monday'"):
        asked_for(["monday"], AS_OF)
    with pytest.raises(NotADay, match="2012-03-08 is not over at 2012-03-08T00:00:00Z"):
        asked_for(["2012-03-08"], AS_OF)


class OneImage:
    def __init__(self, image: Image | None) -> None:
        self._image = image

    def newest(self, flavour: str) -> Image | None:
        assert flavour == "standard"
        return self._image


class Machine:
    """Step Functions with one state machine."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.running: list[str] = []

    def list_executions(self, **asked: Any) -> dict[str, Any]:
        assert asked["statusFilter"] == "RUNNING"
        return {"executions": [{"name": name} for name in self.running]}

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
        if name in self.started:
            code = {"Error": {"Code": "ExecutionAlreadyExists", "Message": name}}
            raise ClientError(code, "StartExecution")  # pyright: ignore[reportArgumentType]
        self.started[name] = json.loads(input)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def plan(documents: Documents, machine: Machine) -> Plan:
    return Plan(
        card=FETCHING,
        environment="dev",
        data_bucket="data",
        code_uri="s3://assets/code.zip",
        documents=documents,
        images=OneImage(Image(uri="image@sha256:1", digest="sha256:1")),  # pyright: ignore[reportArgumentType]
        executions=Executions(machine, machine_arn="arn:machine"),
    )


def keep(documents: Documents, found: DayRecord) -> None:
    key = layout.day_record_key("churn", found.day)
    documents.write("data", key, render(found.document()))


def test_the_missing_days_are_started_once_however_often_the_schedule_delivers(
    plan: Plan, machine: Machine, documents: Documents
) -> None:
    keep(documents, record("2012-03-06"))

    first, again = plan.start(EVENT), plan.start({**EVENT, "id": "2"})

    assert first == again
    assert first["days"] == ["2012-03-05", "2012-03-07"]
    [(name, request)] = machine.started.items()
    assert name == request["run_id"] == first["run_id"]
    assert request == {
        "run_id": name,
        "model": "churn",
        "as_of": "2012-03-08T00:00:00Z",
        "days": ["2012-03-05", "2012-03-07"],
        "image_uri": "image@sha256:1",
        "code_uri": "s3://assets/code.zip",
    }
    assert len(f"{name}-20120305-99") <= 63


def test_nothing_is_started_when_every_day_is_done(
    plan: Plan, machine: Machine, documents: Documents
) -> None:
    for day in ("2012-03-05", "2012-03-06", "2012-03-07"):
        keep(documents, record(day))

    assert plan.start(EVENT) == {"outcome": "nothing to do", "days": []}
    assert machine.started == {}


def test_two_executions_never_run_at_once(plan: Plan, machine: Machine) -> None:
    machine.running = ["churn-dev-data-1"]

    assert plan.start(EVENT) == {"outcome": "churn-dev-data-1 is running", "days": []}
    assert machine.started == {}


def test_a_day_that_a_person_names_is_fetched_although_it_is_done(
    plan: Plan, machine: Machine, documents: Documents
) -> None:
    keep(documents, record("2012-01-01"))

    answer = plan.start({**EVENT, "days": ["2012-01-01"]})

    assert answer["days"] == ["2012-01-01"]
    other = plan.start({**EVENT, "id": "2", "days": ["2012-01-01"]})
    assert other["run_id"] != answer["run_id"]


def test_what_cannot_be_planned_is_named(plan: Plan) -> None:
    with pytest.raises(NoImage, match="holds no tag that begins with standard-"):
        replace(plan, images=OneImage(None)).start(EVENT)  # pyright: ignore[reportArgumentType]
    with pytest.raises(RuntimeError, match=r"the card of churn has no \[ingestion\]"):
        replace(plan, card=CARD).start(EVENT)


def test_the_machine_is_asked_as_aws_has_it(aws: None) -> None:
    client = boto3.client("stepfunctions")
    arn = client.create_state_machine(
        name="ingestion",
        definition="{}",
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]

    assert Executions(client, machine_arn=arn).running() is None
