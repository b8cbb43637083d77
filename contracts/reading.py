"""Turn parsed JSON or TOML into typed values, once, with errors that name the place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar, cast

from contracts.errors import ContractError

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping that is read field by field; ``where`` names it in errors."""

    content: Mapping[str, Any]
    where: str

    @classmethod
    def of(cls, value: object, where: str) -> "Table":
        if not isinstance(value, Mapping):
            raise ContractError(f"{where} must be a table, got {value!r}")
        return cls(cast("Mapping[str, Any]", value), where)

    def only(self, *allowed: str) -> "Table":
        """Refuse fields nobody reads: a misspelt setting is otherwise silently its default."""
        for name in self.content:
            if name not in allowed:
                raise ContractError(
                    f"{self.where} has an unknown field {name!r}; allowed: {', '.join(allowed)}"
                )
        return self

    def table(self, name: str) -> "Table":
        return Table.of(self._required(name), f"{self.where}.{name}")

    def optional_table(self, name: str) -> "Table | None":
        return self.table(name) if self.content.get(name) is not None else None

    def table_or_empty(self, name: str) -> "Table":
        """Return the table, or one without fields: then every field has its default."""
        return Table.of(self.content.get(name, {}), f"{self.where}.{name}")

    def tables(self, name: str, default: tuple[object, ...] | None = None) -> list["Table"]:
        rows = self._required(name) if default is None else self.content.get(name, default)
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise ContractError(f"{self.where}.{name} must be a list of tables, got {rows!r}")
        return [Table.of(row, f"{self.where}.{name}[{i}]") for i, row in enumerate(rows)]

    def text(self, name: str, default: str | None = None) -> str:
        value = self._required(name) if default is None else self.content.get(name, default)
        if not isinstance(value, str) or not value:
            raise ContractError(f"{self.where}.{name} must be a text, got {value!r}")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        values = self._required(name) if default is None else self.content.get(name, default)
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise ContractError(f"{self.where}.{name} must be a list of texts, got {values!r}")
        listed = Table({str(i): value for i, value in enumerate(values)}, f"{self.where}.{name}")
        return tuple(listed.text(index) for index in listed.content)

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.content.get(name) is not None else None

    def number(
        self,
        name: str,
        default: float | None = None,
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        value = self._required(name) if default is None else self.content.get(name, default)
        if not _is_finite_number(value):
            raise ContractError(f"{self.where}.{name} must be a finite number, got {value!r}")
        self._within(name, value, least, most)
        return float(value)

    def optional_number(
        self, name: str, *, least: float | None = None, most: float | None = None
    ) -> float | None:
        if self.content.get(name) is None:
            return None
        return self.number(name, least=least, most=most)

    def integer(
        self,
        name: str,
        default: int | None = None,
        *,
        least: int | None = None,
        most: int | None = None,
    ) -> int:
        value = self._required(name) if default is None else self.content.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ContractError(f"{self.where}.{name} must be a whole number, got {value!r}")
        self._within(name, value, least, most)
        return value

    def optional_integer(self, name: str, *, least: int | None = None) -> int | None:
        return self.integer(name, least=least) if self.content.get(name) is not None else None

    def numbers(self, name: str) -> tuple[float, ...]:
        values = self._required(name)
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise ContractError(f"{self.where}.{name} must be a list of numbers, got {values!r}")
        listed = Table({str(i): value for i, value in enumerate(values)}, f"{self.where}.{name}")
        return tuple(listed.number(index) for index in listed.content)

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._required(name) if default is None else self.content.get(name, default)
        if not isinstance(value, bool):
            raise ContractError(f"{self.where}.{name} must be true or false, got {value!r}")
        return value

    def choice(self, name: str, choices: type[E], default: E | None = None) -> E:
        value = self._required(name) if default is None else self.content.get(name, default)
        try:
            return choices(value)
        except ValueError:
            allowed = ", ".join(choices)
            raise ContractError(
                f"{self.where}.{name} must be one of {allowed}, got {value!r}"
            ) from None

    def _required(self, name: str) -> Any:
        if name not in self.content:
            raise ContractError(f"{self.where} lacks the field {name!r}")
        return self.content[name]

    def _within(self, name: str, value: float, least: float | None, most: float | None) -> None:
        if (least is not None and value < least) or (most is not None and value > most):
            low = "any" if least is None else least
            high = "any" if most is None else most
            raise ContractError(
                f"{self.where}.{name} must be between {low} and {high}, got {value!r}"
            )


def _is_finite_number(value: object) -> bool:
    """A whole number beyond what a float holds is as good as infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False
