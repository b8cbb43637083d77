"""What the promotion machine carries from step to step."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts.reading import Table


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    RESTORE = "restore"
    """Update with all traffic at once: what a person rolls back to has served before."""
    WATCH = "watch"
    """The deployment is under way already, or has ended while nobody looked."""
    TRY = "try"
    """Put the candidate beside the champion for its trial."""
    WATCH_TRIAL = "watch_trial"
    END_TRIAL = "end_trial"
    """Put back the champion's own configuration, from which traffic then shifts."""
    MODEL = "model"
    """Make the Model and nothing that serves it: transform jobs name it."""
    WAIT = "wait"
    NONE = "none"


CHANGES = (Action.CREATE, Action.UPDATE, Action.RESTORE, Action.TRY, Action.MODEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    deployment: str
    endpoint: str
    action: Action
    reason: str
    alarms: tuple[str, ...]
    capacity: str
    previous: str
    """The configuration that served when the plan was made; empty before the first."""
    version: int
    golden_uri: str
    answers_uri: str
    predictions_uri: str
    champions_predictions_uri: str
    """Those of the champion that it is to replace; empty where they are not known."""
    smoke: bool
    """Whether the candidate's Model must first answer alone, by a transform job."""
    headroom: int
    """How many instances to have before the update; 0: as many as there are."""
    own: tuple[str, ...]
    """The properties that the update takes from the candidate's configuration (the
    VariantPropertyType of UpdateEndpoint) rather than from what serves."""
    seen: str
    """When the endpoint had changed last as the plan was made; empty without one."""

    def document(self) -> dict[str, Any]:
        listed = {"alarms": list(self.alarms), "own": list(self.own)}
        return {**asdict(self), "action": self.action.value, **listed}


def parse_plan(document: object) -> Plan:
    table = Table.of(document, "plan")
    return Plan(
        deployment=table.text("deployment"),
        endpoint=table.text("endpoint"),
        action=table.choice("action", Action),
        reason=table.text("reason"),
        alarms=table.texts("alarms"),
        capacity=str(table.content.get("capacity", "")),
        previous=str(table.content.get("previous", "")),
        version=table.integer("version", least=1),
        golden_uri=table.text("golden_uri"),
        answers_uri=table.text("answers_uri"),
        predictions_uri=table.text("predictions_uri"),
        champions_predictions_uri=str(table.content.get("champions_predictions_uri", "")),
        smoke=bool(table.content.get("smoke", False)),
        headroom=table.integer("headroom", 0),
        own=table.texts("own"),
        seen=str(table.content.get("seen", "")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How the last call that would have changed the endpoint failed, or seemed to."""

    error: str
    cause: str
    calls: int
    """How many in a row, of this redrive."""
    redrive: int
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the execution has come, as its machine counts."""

    execution_id: str
    redrive: int = 0
    waits: int = 0
    """How often it has waited for a busy endpoint, over all redrives."""
    smoked: bool = False
    trialled: bool = False
    previous: str = ""
    """What served before the first plan; once the candidate serves, the endpoint tells no more."""
    headroom: int = 0
    """The instances that were asked for already; 0: none."""
    failure: Failure | None = None
    """None also once the execution was redriven: it begins anew."""


def parse_progress(document: object) -> Progress:
    table = Table.of(document, "progress")
    told, redrive = table.table("failure"), table.integer("redrive")
    failure = Failure(
        error=str(told.content.get("error", "")),
        cause=str(told.content.get("cause", "")),
        calls=told.integer("calls"),
        redrive=told.integer("redrive"),
        seen=str(told.content.get("seen", "")),
    )
    return Progress(
        execution_id=table.text("execution_id"),
        redrive=redrive,
        waits=table.integer("waits"),
        smoked=table.content.get("smoked") is True,
        trialled=table.content.get("trialled") is True,
        previous=str(table.content.get("previous", "")),
        headroom=table.integer("headroom"),
        failure=failure if failure.calls and failure.redrive == redrive else None,
    )
