"""The champion pointer: which version the platform says serves now."""

from dataclasses import asdict

from contracts import state
from contracts.reading import Table
from contracts.run import Champion, parse_champion
from lambdas.adapters.state import StateTable


class ChampionPointer:
    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.champion(model)

    def read(self) -> Champion | None:
        fields = self._state.read(self._item)
        return None if fields is None else parse_champion(Table.of(fields, "champion pointer"))

    def move(self, champion: Champion) -> None:
        self._state.write(self._item, asdict(champion))
