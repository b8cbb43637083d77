"""An operation on a stack is answered when the stack has come to rest, if that is soon.

On AWS the answer comes at once and the stack is ready minutes later, so the CDK CLI looks for the
end every five seconds (``stabilizeStack`` in its sources). Here most stacks are ready within one
second; an answer that waits for them spares each stack those five.
"""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

import ministack.app as app
from ministack.services import cloudformation

SEAMS = (
    "ministack.app:SERVICE_HANDLERS",
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation:handle_request",
)

_OPERATIONS = {"CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack"}
_LIMIT = 10.0
"""Real seconds; a slower stack is answered for while it is in progress, as on AWS."""
_LOOK = 0.02


def install() -> None:
    answer = app.SERVICE_HANDLERS["cloudformation"]

    async def settled(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        answered = await answer(method, path, headers, body, query)
        if _operation(headers, body) in _OPERATIONS:
            await _settle()
        return answered

    app.SERVICE_HANDLERS["cloudformation"] = settled


def _operation(headers: dict[str, str], body: bytes) -> str:
    target = headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2]
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


async def _settle() -> None:
    until = time.monotonic() + _LIMIT
    await asyncio.sleep(_LOOK)  # a deletion says that it is in progress only once it has begun
    while _in_progress() and time.monotonic() < until:
        await asyncio.sleep(_LOOK)


def _in_progress() -> bool:
    """Say whether any of the account's stacks is changing; one under review waits for its user."""
    statuses = (str(stack.get("StackStatus")) for stack in cloudformation._stacks.values())
    return any(
        status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" for status in statuses
    )
