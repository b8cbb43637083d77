"""The ledger table, appended to and never changed."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from contracts import moment
from contracts.ledger import LedgerEntry, LedgerKind


class Ledger:
    def __init__(self, table: Any) -> None:
        """``table`` is a boto3 DynamoDB Table resource."""
        self._table = table

    def append(self, entry: LedgerEntry) -> bool:
        """Write the line once; a step that is repeated finds it and leaves it as it was."""
        try:
            self._table.put_item(
                Item=entry.item(),
                ConditionExpression="attribute_not_exists(#entry)",
                ExpressionAttributeNames={"#entry": "entry"},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def summaries(self, model: str, at: datetime, kind: LedgerKind, subject: str) -> list[str]:
        """What lines of one kind say about a subject at a moment."""
        answer = self._table.query(
            KeyConditionExpression="#model = :model AND begins_with(#entry, :entry)",
            ExpressionAttributeNames={"#model": "model", "#entry": "entry"},
            ExpressionAttributeValues={
                ":model": model,
                ":entry": f"{moment.render(at)}#{kind}#{subject}",
            },
            ConsistentRead=True,
        )
        return [str(item["summary"]) for item in answer["Items"]]

    def newest_first(self, model: str, kinds: Collection[LedgerKind]) -> Iterator[LedgerEntry]:
        """Lines of these kinds about a model; what is read depends on how many are taken."""
        values = {f":kind{number}": kind.value for number, kind in enumerate(kinds)}
        query: dict[str, Any] = {
            "KeyConditionExpression": "#model = :model",
            "FilterExpression": f"#kind IN ({', '.join(values)})",
            "ExpressionAttributeNames": {"#model": "model", "#kind": "kind"},
            "ExpressionAttributeValues": {":model": model, **values},
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        while True:
            answer = self._table.query(**query)
            yield from (_entry(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _entry(item: Mapping[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        model=item["model"],
        at=moment.parse(item["at"], "ledger.at"),
        kind=LedgerKind(item["kind"]),
        subject=item["subject"],
        summary=item["summary"],
        details=item["details"],
    )
