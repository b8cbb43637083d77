"""S3's events on the event bus name the version of a versioned object, and come in their time.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
MiniStack sends them from threads: one that is on its way is waited for before the clock jumps.
"""

import json
import threading
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

SEAMS = (
    "ministack.services.eventbridge:_dispatch_event",
    "ministack.services.s3:_bucket_notifications",
    "ministack.services.s3:_fire_s3_event",
    "ministack.services.s3:_fire_s3_event_async",
)

_LONGEST = 5.0
"""Real seconds that an event on its way holds up an advance."""

_VERSION: ContextVar[str | None] = ContextVar("object_version", default=None)
_SENT: ContextVar[bool] = ContextVar("event_sent", default=False)


class OnTheirWay:
    """Counts the events whose threads have not delivered them yet."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def add(self, by: int) -> None:
        with self._changed:
            self._count += by
            self._changed.notify_all()

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, _LONGEST)


def install() -> OnTheirWay:
    fire, send = s3._fire_s3_event, s3._fire_s3_event_async
    dispatch, under_way = eventbridge._dispatch_event, OnTheirWay()

    def sending(bucket_name: str, *given: Any, **named: Any) -> None:
        if bucket_name not in s3._bucket_notifications:
            return
        token = _SENT.set(True)  # its thread starts with a copy of this context
        under_way.add(1)
        try:
            send(bucket_name, *given, **named)
        finally:
            _SENT.reset(token)

    def firing(*given: Any, version_id: str | None = None, **named: Any) -> None:
        token = _VERSION.set(version_id)
        try:
            fire(*given, version_id=version_id, **named)
        finally:
            _VERSION.reset(token)
            if _SENT.get():
                under_way.add(-1)

    def dispatching(event: dict[str, Any], view: Any = None) -> Any:
        version = _VERSION.get()
        if version is not None and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, view)

    s3._fire_s3_event = firing
    s3._fire_s3_event_async = sending
    eventbridge._dispatch_event = dispatching
    return under_way
