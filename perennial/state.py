"""The state table's items (contracts.state), read as plain values."""

from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    by: str
    reason: str
    since: str

    def line(self) -> str:
        return f"by {self.by} since {self.since}: {self.reason}"

    def document(self) -> dict[str, Any]:
        return asdict(self)


def pause(dynamodb: Any, table: str, model: str) -> Paused | None:
    """Return a person's pause of the model; too many rejected candidates hold back runs alone."""
    fields = read(dynamodb, table, state.paused(model))
    if fields is None:
        return None
    return Paused(by=fields["by"], reason=fields["reason"], since=fields["since"])


def rejected_in_a_row(dynamodb: Any, table: str, model: str) -> tuple[int, int | None]:
    """Return how many candidates in a row were rejected, and how many pause retraining."""
    runs = (read(dynamodb, table, state.rejections(model)) or {}).get("runs", ())
    most = (read(dynamodb, table, state.admission(model)) or {}).get("max_rejected")
    return len(runs), most


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
