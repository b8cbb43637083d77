"""The ledger, read from its table: newest lines first."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from contracts import moment
from contracts.ledger import LedgerEntry, LedgerKind

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def entries(
    dynamodb: Any,
    *,
    table: str,
    model: str,
    kinds: Collection[LedgerKind] = (),
    since: datetime = _EVER,
    limit: int,
) -> list[LedgerEntry]:
    """Return at most ``limit`` lines about ``model``, newest first; no kinds: all of them."""
    every = _newest_first(dynamodb, table, model, moment.render(since))
    return list(islice((each for each in every if not kinds or each.kind in kinds), limit))


def append(dynamodb: Any, *, table: str, entry: LedgerEntry) -> None:
    """Write a line that a person's command makes by itself; the same line is written once."""
    from boto3.dynamodb.types import TypeSerializer

    stored = TypeSerializer().serialize
    try:
        dynamodb.put_item(
            TableName=table,
            Item={name: stored(value) for name, value in entry.item().items()},
            ConditionExpression="attribute_not_exists(entry)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return


def _newest_first(dynamodb: Any, table: str, model: str, since: str) -> Iterator[LedgerEntry]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="model = :model AND entry >= :since",
        ExpressionAttributeValues={":model": {"S": model}, ":since": {"S": since}},
        ScanIndexForward=False,
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            yield _entry(item)


def _entry(item: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        model=item["model"]["S"],
        at=_moment(item["at"]["S"]),
        kind=LedgerKind(item["kind"]["S"]),
        subject=item["subject"]["S"],
        summary=item["summary"]["S"],
        details={name: value.get("S", "") for name, value in item["details"]["M"].items()},
    )


def _moment(text: str) -> datetime:
    return moment.parse(text, "ledger.at")
