"""How the List operations filter, sort and page: the same words for models, configs, endpoints."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from emulator.sagemaker.errors import validation

Summary = dict[str, Any]
_DEFAULT_PAGE = 10


def moment(value: Any) -> datetime:
    """Return a timestamp of a request, which the wire gives as seconds or as a ``datetime``."""
    return value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)


def page(
    summaries: Sequence[Summary], request: Mapping[str, Any], *, name: str, result: str
) -> dict[str, Any]:
    """Answer a List operation; ``name`` is the member that holds a summary's name.

    Newest first is the default, as the API reference says for each of them
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html).
    """
    found = [summary for summary in summaries if _matches(summary, request, name)]
    member = {"Name": name, "Status": "EndpointStatus"}.get(
        request.get("SortBy", "CreationTime"), "CreationTime"
    )
    found.sort(
        key=lambda summary: (summary[member], summary[name]),
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = _offset(request.get("NextToken"))
    end = start + int(request.get("MaxResults", _DEFAULT_PAGE))
    answer: dict[str, Any] = {result: found[start:end]}
    if end < len(found):
        answer["NextToken"] = base64.b64encode(str(end).encode()).decode()
    return answer


def _matches(summary: Summary, request: Mapping[str, Any], name: str) -> bool:
    if str(request.get("NameContains", "")).lower() not in summary[name].lower():
        return False
    if request.get("StatusEquals", summary.get("EndpointStatus")) != summary.get("EndpointStatus"):
        return False
    for member in ("CreationTime", "LastModifiedTime"):
        after, before = request.get(f"{member}After"), request.get(f"{member}Before")
        if after is not None and summary[member] <= moment(after):
            return False
        if before is not None and summary[member] >= moment(before):
            return False
    return True


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError) as error:
        raise validation(f"Invalid NextToken: {token!r} is not one this account gave") from error
