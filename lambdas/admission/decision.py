"""Whether a run may start now, from what is known about the model's data and earlier runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import moment
from contracts.card import Admission, Triggers
from contracts.run import CauseKind, Purpose
from lambdas.admission.causes import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What lies below the model's incoming prefix."""

    fingerprint: str
    """Of all keys and ETags: it changes when a file comes, goes or is written again."""
    files: Mapping[str, int]
    """How many files each dataset has."""


NO_NEW_DATA = "no new data since the last run that finished; a person may force a run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The admission record: the last run that started, and the data that was last judged.

    ``data_fingerprint`` is of the data when the last run started. ``judged_fingerprint`` is of
    the last run that *succeeded*; settlement sets it. So a run that broke may be tried again on
    the same data, and quarantining a refused file (which changes the listing back to what the
    last good run had) does not look like new data.
    """

    last_run_id: str | None
    """None before the first: a backfill is counted, and is no run of the loop."""
    last_started_at: datetime | None
    counted_run_id: str
    """The last run that counts for the cap, a backfill too."""
    day: str
    count_today: int
    data_fingerprint: str | None
    judged_fingerprint: str | None
    drift_waits: bool
    """Whether drift asked for a run when there was no new data: the next new data need not wait."""


def day_of(at: datetime) -> str:
    return at.date().isoformat()


def count_on(day: str, admitted: Admitted | None) -> int:
    return admitted.count_today if admitted is not None and admitted.day == day else 0


def why_not(
    asked: Asked,
    incoming: Incoming,
    admitted: Admitted | None,
    *,
    model: str,
    paused: str | None,
    rejected: int,
    admission: Admission,
    triggers: Triggers,
) -> str | None:
    """Return why no run may start, or None when one may; the first broken rule is named.

    A backfill decides nothing about what serves: only its cost is limited.
    """
    if asked.purpose is Purpose.BACKFILL:
        return _no_data(incoming) or _capped(asked, admitted, admission)
    return (
        _unwanted(asked, triggers)
        or paused
        or _rejecting(model, rejected, admission)
        or _no_data(incoming)
        or _no_new_data(asked, incoming, admitted)
        or _cooling_down(asked, admitted, admission)
        or _capped(asked, admitted, admission)
    )


def _unwanted(asked: Asked, triggers: Triggers) -> str | None:
    if asked.cause.kind is CauseKind.DRIFT and not triggers.on_drift:
        return "the card says triggers.on_drift = false"
    if asked.cause.kind is CauseKind.NEW_DATA and not triggers.on_new_data:
        return "the card says triggers.on_new_data = false"
    return None


def _rejecting(model: str, rejected: int, admission: Admission) -> str | None:
    if rejected < admission.max_rejected:
        return None
    return (
        f"{rejected} rejected candidates in a row; a person resumes with "
        f"`perennial resume --model {model}`"
    )


def _no_data(incoming: Incoming) -> str | None:
    empty = [name for name, count in incoming.files.items() if count == 0]
    return f"no model data yet: no files of {', '.join(empty)}" if empty else None


def _no_new_data(asked: Asked, incoming: Incoming, admitted: Admitted | None) -> str | None:
    if asked.force or admitted is None or admitted.judged_fingerprint != incoming.fingerprint:
        return None
    return NO_NEW_DATA


def _cooling_down(asked: Asked, admitted: Admitted | None, admission: Admission) -> str | None:
    if admitted is None or admitted.last_started_at is None or admitted.drift_waits:
        return None
    if asked.cause.kind in (CauseKind.DRIFT, CauseKind.PERSON):
        return None
    ends = admitted.last_started_at + timedelta(hours=admission.cool_down_hours)
    if asked.as_of >= ends:
        return None
    return (
        f"cooling down until {moment.render(ends)}: {admitted.last_run_id} started "
        f"{moment.render(admitted.last_started_at)}"
    )


def _capped(asked: Asked, admitted: Admitted | None, admission: Admission) -> str | None:
    day = day_of(asked.asked_at)
    count = count_on(day, admitted)
    if count < admission.daily_cap:
        return None
    return f"{count} runs started on {day}, which is the daily cap of {admission.daily_cap}"
