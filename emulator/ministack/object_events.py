"""S3's events on the event bus name the version of a versioned object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

SEAMS = (
    "ministack.services.eventbridge:_dispatch_event",
    "ministack.services.s3:_fire_s3_event",
)

_VERSION: ContextVar[str | None] = ContextVar("object_version", default=None)


def install() -> None:
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def firing(*given: Any, version_id: str | None = None, **named: Any) -> None:
        token = _VERSION.set(version_id)
        try:
            fire(*given, version_id=version_id, **named)
        finally:
            _VERSION.reset(token)

    def dispatching(event: dict[str, Any], view: Any = None) -> Any:
        version = _VERSION.get()
        if version is not None and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, view)

    s3._fire_s3_event = firing
    eventbridge._dispatch_event = dispatching
