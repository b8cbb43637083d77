"""The state table, item by item, with the conditions that make two writers safe."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from contracts.state import KEY


class StateTable:
    def __init__(self, table: Any) -> None:
        """``table`` is a boto3 DynamoDB Table resource."""
        self._table = table

    def read(self, item: str) -> dict[str, Any] | None:
        """Return the item's fields; reads are consistent, as what was just written decides."""
        answer = self._table.get_item(Key={KEY: item}, ConsistentRead=True)
        found = answer.get("Item")
        return None if found is None else _plain(found)

    def write(self, item: str, fields: Mapping[str, Any]) -> None:
        self._table.put_item(Item={KEY: item, **_stored(fields)})

    def create(self, item: str, fields: Mapping[str, Any]) -> bool:
        """Write the item unless it exists; say whether this call made it."""
        return self._conditionally(
            self._table.put_item,
            Item={KEY: item, **_stored(fields)},
            ConditionExpression="attribute_not_exists(#key)",
            ExpressionAttributeNames={"#key": KEY},
        )

    def update(self, item: str, expression: str, condition: str, **values: Any) -> bool:
        """Update under a condition; ``#name`` stands for a field, ``:name`` for a value.

        Field names are always written ``#name``: many (owner, token, status) are reserved words.
        """
        text = f"{expression} {condition}"
        names = {word for word in _words(text) if word.startswith("#")}
        return self._conditionally(
            self._table.update_item,
            Key={KEY: item},
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeNames={name: name[1:] for name in names},
            **_bound(values),
        )

    def delete(self, item: str) -> None:
        self._table.delete_item(Key={KEY: item})

    def _conditionally(self, call: Any, **arguments: Any) -> bool:
        try:
            call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c in "#_:" else " " for c in text).split()


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    if not values:
        return {}
    stored = _stored(values)
    return {"ExpressionAttributeValues": {f":{name}": value for name, value in stored.items()}}


def _stored(fields: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB takes no float: numbers with a fraction go in as decimals."""
    return {
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name, value in fields.items()
    }


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _number(value) if isinstance(value, Decimal) else value
        for name, value in fields.items()
        if name != KEY
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
