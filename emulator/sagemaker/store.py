"""Named records in memory, safe to use from any thread."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Records(Generic[T]):
    """What an account holds of one kind, by name, in the order it was made."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[str, T] = {}

    def add(self, name: str, record: T, *, taken: Callable[[T], Exception]) -> None:
        """Keep ``record``; raise what ``taken`` makes of the record that has the name already."""
        with self._lock:
            if name in self._records:
                raise taken(self._records[name])
            self._records[name] = record

    def get(self, name: str) -> T | None:
        with self._lock:
            return self._records.get(name)

    def remove(self, name: str) -> T | None:
        with self._lock:
            return self._records.pop(name, None)

    def all(self) -> list[T]:
        with self._lock:
            return list(self._records.values())
