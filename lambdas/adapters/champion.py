"""The champion pointer: which version the platform says serves now."""

from dataclasses import asdict
from typing import Any

from contracts import state
from contracts.reading import Table
from contracts.run import Champion, parse_champion
from lambdas.adapters.state import StateTable

FENCED_BY = "fencing_token"
"""Under which token of the model's lease the pointer was moved last."""


class ChampionPointer:
    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.champion(model)

    def read(self) -> Champion | None:
        fields = self._state.read(self._item)
        return None if fields is None else parse_champion(Table.of(fields, "champion pointer"))

    def moved_under(self) -> int:
        """The token of whoever moved it last; 0 before the first."""
        fields = self._state.read(self._item) or {}
        return int(fields.get(FENCED_BY, 0))

    def move(self, champion: Champion, *, token: int) -> bool:
        """Move the pointer unless a run with a newer token has; say whether it points there.

        A run that was fenced off (its lease expired, or it was redriven after a later one) may
        come late, and must not undo what came after it.
        """
        fields: dict[str, Any] = {**asdict(champion), FENCED_BY: token}
        return self._state.update(
            self._item,
            f"SET {', '.join(f'#{name} = :{name}' for name in fields)}",
            f"attribute_not_exists(#{FENCED_BY}) OR #{FENCED_BY} <= :{FENCED_BY}",
            **fields,
        )
