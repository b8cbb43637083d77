"""What an EventBridge Scheduler target receives, as AWS documents it.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import contextvars
import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.services import eventbridge, scheduler, stepfunctions

from emulator.ministack.schedules import zone_refusal
from emulator.ports import Account

SEAMS = (
    "ministack.services.eventbridge:_invoke_target",
    "ministack.services.eventbridge:_parse_rate_seconds",
    "ministack.services.scheduler:_at_time_epoch",
    "ministack.services.scheduler:_create_schedule",
    "ministack.services.scheduler:_error",
    "ministack.services.scheduler:_update_schedule",
    "ministack.services.stepfunctions:_invoke_aws_sdk_integration",
)

_UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
_SERVICES = ("lambda", "states", "sqs", "sns", "events")
_log = logging.getLogger(__name__)

Schedule = Mapping[str, Any]


def install(account: Account) -> None:  # noqa: ARG001 - as the other installations
    eventbridge._invoke_target = _invoking(eventbridge._invoke_target)
    scheduler._create_schedule = _refusing(scheduler._create_schedule)
    scheduler._update_schedule = _refusing(scheduler._update_schedule)


def _invoking(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replace the context attributes of a schedule's Input; perform universal targets."""

    def invoke(
        target: Mapping[str, Any], event: Mapping[str, Any], rule: Schedule, view: Any = None
    ) -> Any:
        if event.get("Source") != "aws.scheduler":
            return original(target, event, rule, view)
        given = target.get("Input")
        if given is not None:
            target = {**target, "Input": filled_in(given, rule, float(event["Time"]))}
        if target["Arn"].startswith(_UNIVERSAL):
            return _call_api(target, rule)
        return original(target, event, rule, view)

    return invoke


def filled_in(text: str, schedule: Schedule, fired: float) -> str:
    """Replace the keywords; an execution id is new at each attempt."""
    occurrence = datetime.fromtimestamp(scheduled_time(schedule, fired), UTC)
    attributes = {
        "schedule-arn": schedule["Arn"],
        "scheduled-time": f"{occurrence:%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": uuid.uuid4().hex[:16],
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def scheduled_time(schedule: Schedule, fired: float) -> float:
    """Return the moment the schedule names, which the clock has just reached."""
    expression = schedule["ScheduleExpression"]
    once = scheduler._at_time_epoch(expression)
    if once is not None:
        return once
    seconds = eventbridge._parse_rate_seconds(expression)
    if seconds is None:
        return fired // 60 * 60  # cron names whole minutes
    first = float(schedule["CreationDate"])
    return first + (fired - first) // seconds * seconds


def _call_api(target: Mapping[str, Any], schedule: Schedule) -> None:
    """Call the API that a universal target names, with Input as the request.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    """
    resource = target["Arn"].replace(":scheduler:", ":states:")

    def call() -> None:
        try:
            request = json.loads(target.get("Input") or "{}")
            stepfunctions._invoke_aws_sdk_integration(resource, request)
        except Exception:
            _log.exception("schedule %s: target %s failed", schedule["Name"], target["Arn"])

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(call,), daemon=True).start()


def refusal(body: Mapping[str, Any]) -> str | None:
    """Return why a schedule cannot be made here, or ``None``."""
    arn = (body.get("Target") or {}).get("Arn") or ""
    if arn and not arn.startswith(_UNIVERSAL) and arn.split(":")[2:3][0] not in _SERVICES:
        return (
            f"the embedded account does not invoke the schedule target {arn}; "
            f"it knows {', '.join(_SERVICES)} and universal targets"
        )
    return zone_refusal(dict(body))


def _refusing(original: Callable[..., Any]) -> Callable[..., Any]:
    def answer(name: str, body: Mapping[str, Any]) -> Any:
        why = refusal(body)
        if why is not None:
            return scheduler._error(400, "ValidationException", why)
        return original(name, body)

    return answer
