"""Read what asked for a run: a schedule, the drift alarm, new data or a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts import layout, moment
from contracts.errors import ContractError
from contracts.reading import Table
from contracts.run import Cause, CauseKind, Champion, Purpose, parse_champion


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    cause: Cause
    as_of: datetime
    asked_at: datetime
    """The account's time; a backfill's ``as_of`` lies before it."""
    force: bool = False
    """A person's wish to train again on data that a run has already had."""
    purpose: Purpose = Purpose.RETRAIN
    champion: Champion | None = None
    """Which version a backfill's candidate is compared with; None: the one that serves now."""


def read_cause(event: Mapping[str, Any], *, model: str) -> Asked:
    """Turn the event into a cause whose id is the same for every delivery of it."""
    table = Table.of(event, "event")
    if "cause" in event:
        return _direct(table)
    match event.get("source"), event.get("detail-type"):
        case "aws.cloudwatch", "CloudWatch Alarm State Change":
            return _alarm(table)
        case "aws.s3", "Object Created":
            return _object(table, model)
        case source, kind:
            raise ContractError(
                "admission takes a schedule or a person ('cause'), a CloudWatch Alarm State "
                f"Change or an S3 Object Created, got source {source!r}, detail-type {kind!r}"
            )


def _direct(table: Table) -> Asked:
    kind = table.choice("cause", CauseKind)
    as_of = moment.parse(table.text("as_of"), "event.as_of")
    if kind is CauseKind.SCHEDULE:
        # The scheduled time, not the attempt's id: Scheduler's retries are the same cause.
        id, detail = f"schedule {moment.render(as_of)}", "the schedule"
    elif kind is CauseKind.PERSON:
        id, detail = f"person {table.text('id')}", table.text("detail")
    else:
        raise ContractError(
            f"event.cause must be schedule or person ({kind.value} comes as its own event)"
        )
    asked = Asked(cause=Cause(kind=kind, id=id, detail=detail), as_of=as_of, asked_at=as_of)
    return _as_wished(asked, table) if kind is CauseKind.PERSON else asked


def _as_wished(asked: Asked, table: Table) -> Asked:
    """Only a person may force a run, or have the loop run as of a past date."""
    force = table.flag("force", default=False)
    if table.choice("purpose", Purpose, Purpose.RETRAIN) is Purpose.RETRAIN:
        return replace(asked, force=force)
    asked_at = moment.parse(table.text("asked_at"), "event.asked_at")
    if asked.as_of > asked_at:
        raise ContractError(
            f"event.as_of of a backfill must not lie after asked_at ({moment.render(asked_at)}), "
            f"got {moment.render(asked.as_of)}"
        )
    champion = table.optional_table("champion")
    return replace(
        asked,
        asked_at=asked_at,
        purpose=Purpose.BACKFILL,
        champion=None if champion is None else parse_champion(champion),
    )


def _alarm(table: Table) -> Asked:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html."""
    detail = table.table("detail")
    state = detail.table("state")
    if (value := state.text("value")) != "ALARM":
        raise ContractError(f"event.detail.state.value must be ALARM to start a run, got {value!r}")
    resources = table.content.get("resources") or [detail.text("alarmName")]
    at = moment.parse(table.text("time"), "event.time")
    return Asked(
        cause=Cause(
            kind=CauseKind.DRIFT,
            id=f"alarm {resources[0]} {state.text('timestamp')}",
            detail=f"{detail.text('alarmName')}: {state.text('reason')}",
        ),
        as_of=at,
        asked_at=at,
    )


def _object(table: Table, model: str) -> Asked:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""
    detail = table.table("detail")
    bucket, item = detail.table("bucket").text("name"), detail.table("object")
    key = item.text("key")
    if not key.startswith(layout.incoming_prefix(model)):
        raise ContractError(
            f"event.detail.object.key must lie below {layout.incoming_prefix(model)}, got {key!r}"
        )
    version = item.optional_text("version-id") or item.text("etag")
    at = moment.parse(table.text("time"), "event.time")
    return Asked(
        cause=Cause(
            kind=CauseKind.NEW_DATA,
            id=f"object {bucket}/{key} {version}",
            detail=f"{key} arrived",
        ),
        as_of=at,
        asked_at=at,
    )
