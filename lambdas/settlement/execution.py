"""Read the status change of an execution into what settlement needs to know of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts import moment
from contracts.batch import BatchRequest, parse_batch_request
from contracts.errors import ContractError
from contracts.reading import Table
from contracts.run import Cause, Purpose, RunRequest, parse_request

STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"


class Workflow(StrEnum):
    RETRAINING = "retraining"
    PROMOTION = "promotion"
    INGESTION = "ingestion"
    BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    arn: str
    name: str
    """A retraining execution is named by its run id."""
    workflow: Workflow
    environment: str
    model: str
    status: str
    """As the event tells it; events come in any order."""
    runs_now: bool
    """Whether it runs at the moment: an end may be told of when it was redriven since."""
    redrive: int
    at: datetime
    request: RunRequest | None
    """What it was started with; None when its input is not a request (started by hand)."""
    batch: BatchRequest | None
    """What a batch was asked with."""
    parent: str | None
    """The execution that started this one and tells of its end."""
    output: Mapping[str, Any]
    error: str | None
    failure: str | None

    @property
    def cause(self) -> Cause | None:
        asked = self.request or self.batch
        return None if asked is None else asked.cause

    @property
    def leased(self) -> bool:
        """Only who may change what serves needs a lease."""
        return self.workflow in (Workflow.RETRAINING, Workflow.PROMOTION)

    @property
    def reproduces(self) -> bool:
        """A backfill decides nothing: it counts for no later run."""
        return self.request is not None and self.request.purpose is Purpose.BACKFILL

    @property
    def outcome(self) -> str | None:
        """What a workflow that ended well says it came to."""
        found = self.output.get("outcome")
        return str(found) if self.status == "SUCCEEDED" and found is not None else None

    @property
    def ended(self) -> bool:
        return self.status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def read_execution(event: Mapping[str, Any], described: Mapping[str, Any]) -> Execution:
    """Join the event with DescribeExecution, as an event leaves out a long input or output.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    table = Table.of(event, "event")
    detail = table.table("detail")
    workflow, environment, model = _machine(detail.text("stateMachineArn"))
    document = _json(described.get("input"))
    return Execution(
        arn=detail.text("executionArn"),
        name=detail.text("name"),
        workflow=workflow,
        environment=environment,
        model=model,
        status=detail.text("status"),
        runs_now=runs(described),
        redrive=int(detail.content.get("redriveCount") or 0),
        at=moment.parse(table.text("time"), "event.time"),
        request=_request(document if workflow is Workflow.RETRAINING else document.get("request")),
        batch=_batch(document) if workflow is Workflow.BATCH else None,
        parent=document.get(STARTED_BY),
        output=_json(described.get("output")),
        # Either may be empty: a time-out has no cause.
        error=detail.content.get("error") or described.get("error"),
        failure=detail.content.get("cause") or described.get("cause"),
    )


def runs(described: Mapping[str, Any]) -> bool:
    return described.get("status") in ("RUNNING", "PENDING_REDRIVE")


def _machine(arn: str) -> tuple[Workflow, str, str]:
    """Read ``perennial-<environment>-<model>-<workflow>``; a model may have hyphens."""
    name = arn.rpartition(":")[2]
    rest, _, kind = name.rpartition("-")
    parts = rest.split("-", 2)
    if len(parts) != 3 or parts[0] != "perennial" or kind not in list(Workflow):
        raise ContractError(
            "a state machine must be named perennial-<environment>-<model>-"
            f"<{'|'.join(Workflow)}>, got {name!r}"
        )
    return Workflow(kind), parts[1], parts[2]


def _json(text: object) -> Mapping[str, Any]:
    try:
        document = json.loads(str(text)) if text else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _request(document: object) -> RunRequest | None:
    try:
        return parse_request(document)
    except ContractError:
        return None


def _batch(document: object) -> BatchRequest | None:
    try:
        return parse_batch_request(document)
    except ContractError:
        return None
