"""The rejected candidates in a row: those since the last promotion, or since a person resumed."""

from contracts import state
from lambdas.adapters.state import StateTable

_NEW = "attribute_not_exists(#runs) OR NOT contains(#runs, :run)"


class Rejections:
    """One item with the set of their runs, so that no run counts twice however often it is told."""

    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.rejections(model)

    def runs(self) -> frozenset[str]:
        fields = self._state.read(self._item)
        return frozenset() if fields is None else frozenset(fields["runs"])

    def add(self, run: str) -> None:
        self._state.update(self._item, "ADD #runs :added", _NEW, run=run, added={run})

    def forget(self) -> None:
        self._state.delete(self._item)
