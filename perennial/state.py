"""The state table's items (contracts.state), read as plain values."""

from decimal import Decimal
from typing import Any

from contracts import state
from contracts.reading import Table
from contracts.run import Champion, parse_champion


def read(dynamodb: Any, table: str, item: str) -> dict[str, Any] | None:
    from boto3.dynamodb.types import TypeDeserializer

    answer = dynamodb.get_item(TableName=table, Key={state.KEY: {"S": item}}, ConsistentRead=True)
    if "Item" not in answer:
        return None
    plain = TypeDeserializer().deserialize
    fields = {name: plain(value) for name, value in answer["Item"].items() if name != state.KEY}
    return {
        name: _number(value) if isinstance(value, Decimal) else value
        for name, value in fields.items()
    }


def champion(dynamodb: Any, table: str, model: str) -> Champion | None:
    fields = read(dynamodb, table, state.champion(model))
    return None if fields is None else parse_champion(Table.of(fields, "champion pointer"))


def lease_owner(dynamodb: Any, table: str, model: str) -> str | None:
    """Return the run that holds the model's lease now."""
    fields = read(dynamodb, table, state.lease(model)) or {}
    return fields.get("owner")


def fencing_token(dynamodb: Any, table: str, model: str) -> int:
    """Return the newest token that a lease was given, at least 1."""
    fields = read(dynamodb, table, state.lease(model)) or {}
    return max(1, int(fields.get("token", 1)))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
