"""List operations: filters, order and pages, as all of SageMaker's lists have them.

Lists sort by creation time, *ascending*, unless told otherwise, and a page holds ten entries
(the API reference of each List operation says the former; ten is what AWS returns).
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.sagemaker.errors import validation
from emulator.sagemaker.operations import Request

PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a list needs to know about a record, and the summary it shows of it."""

    name: str
    created: datetime
    modified: datetime
    status: str
    summary: dict[str, Any]


def page(entries: Sequence[Entry], request: Request, *, key: str) -> dict[str, Any]:
    """Return the page that ``request`` asks for, its summaries under ``key``."""
    order = {"Name": _by_name, "Status": _by_status}.get(request.get("SortBy", ""), _by_creation)
    chosen = sorted((entry for entry in entries if _wanted(entry, request)), key=order)
    if request.get("SortOrder") == "Descending":
        # Not sorted(reverse=True): of records made at one moment the last is the newest.
        chosen.reverse()
    start = _offset(request.get("NextToken"))
    end = start + request.get("MaxResults", PAGE)
    answer: dict[str, Any] = {key: [entry.summary for entry in chosen[start:end]]}
    if end < len(chosen):
        answer["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def _by_name(entry: Entry) -> Any:
    return entry.name


def _by_status(entry: Entry) -> Any:
    return entry.status


def _by_creation(entry: Entry) -> Any:
    return entry.created


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode())
    except ValueError as error:
        raise validation(f"Invalid NextToken: {token}") from error


def _wanted(entry: Entry, request: Request) -> bool:
    bounds = (
        ("CreationTimeAfter", "CreationTimeBefore", entry.created),
        ("LastModifiedTimeAfter", "LastModifiedTimeBefore", entry.modified),
    )
    for after, before, time in bounds:
        if after in request and time <= request[after]:
            return False
        if before in request and time >= request[before]:
            return False
    if request.get("NameContains", "").lower() not in entry.name.lower():
        return False
    return request.get("StatusEquals", entry.status) == entry.status
