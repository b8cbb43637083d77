"""Pages of what a Describe call lists: fifty entries unless MaxResults says otherwise.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.sagemaker.errors import ServiceError

_SIZE = 50


def page(
    entries: Sequence[dict[str, Any]], request: Mapping[str, Any], *, key: str
) -> dict[str, Any]:
    namespace = request["ServiceNamespace"]
    dimension = request.get("ScalableDimension")
    chosen = [
        entry
        for entry in entries
        if entry["ServiceNamespace"] == namespace
        and dimension in (None, entry["ScalableDimension"])
    ]
    start = _offset(request.get("NextToken"))
    end = start + request.get("MaxResults", _SIZE)
    answer: dict[str, Any] = {key: chosen[start:end]}
    if end < len(chosen):
        answer["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode())
    except ValueError as error:
        raise ServiceError("InvalidNextTokenException", f"Invalid NextToken: {token}") from error
