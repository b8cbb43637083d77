"""Events and metrics that AWS services send of themselves, put straight into MiniStack."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, eventbridge

from emulator.ministack.seams import Seam

SEAMS = (
    Seam(
        path="ministack.core.responses:request_scope", parameters=("account_id", "region")
    ),
    Seam(
        path="ministack.services.eventbridge:_put_events",
        parameters=("data", "allow_aws_source"),
    ),
    Seam(
        path="ministack.services.cloudwatch:_store_datum",
        parameters=(
            "namespace", "name", "dims", "ts", "unit", "value", "values", "counts", "stat_values",
        ),
    ),
)  # fmt: skip


def put_event(
    scope: tuple[str, str],
    *,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
) -> None:
    """Send an event to the default bus; users may not send as ``aws.*``, services do."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail, default=str),
        "Resources": list(resources),
    }
    with request_scope(*scope):
        _, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    answer = json.loads(body)
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"the event {source}/{detail_type} was refused: {answer['Entries']}")


def put_metric(
    scope: tuple[str, str],
    *,
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    value: float,
    unit: str,
    timestamp: datetime,
) -> None:
    """Store one datum; the namespaces ``AWS/*`` are closed to users, not to services."""
    with request_scope(*scope):
        cloudwatch._store_datum(
            namespace, name, dict(dimensions), timestamp.timestamp(), unit, value, None, None, None
        )
