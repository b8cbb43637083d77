"""What each source of a card has for one day: files below a prefix, rows of a query or of code."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from types import ModuleType

from contracts.card import ModelCard
from contracts.card_ingestion import DAY, Source, SourceKind
from contracts.layout import query_prefix, raw_prefix
from ml.ingestion.athena import Athena
from ml.ingestion.store import Store
from ml.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One CSV file that a source has for a day."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    card: ModelCard
    store: Store
    athena: Callable[[], Athena]
    module: Callable[[str], ModuleType]
    """Imports a module of the model's folder."""

    def fetch(self, source: Source, day: date) -> list[Delivered]:
        """Return what is there, in the order of the names; nothing when nothing is there yet."""
        match source.kind:
            case SourceKind.PREFIX:
                return self._below_prefix(source, day)
            case SourceKind.QUERY:
                return self._queried(source, day)
            case SourceKind.CODE:
                return self._own(source, day)

    def _below_prefix(self, source: Source, day: date) -> list[Delivered]:
        prefix = raw_prefix(self.card.name) + str(source.prefix).replace(DAY, str(day))
        found: list[Delivered] = []
        for key in sorted(self.store.keys(prefix)):
            content = self.store.read(key)
            if content is not None:  # taken away since it was listed
                found.append(Delivered(name=key.removeprefix(prefix).strip("/"), content=content))
        return found

    def _queried(self, source: Source, day: date) -> list[Delivered]:
        query = str(source.query).replace(DAY, str(day))
        content = self.athena().rows(
            query,
            database=str(source.database),
            results=self.store.uri(query_prefix(self.card.name, str(day))),
        )
        # No rows: Athena answers with the header alone.
        return _if_any(day, content) if content.count(b"\n") > 1 else []

    def _own(self, source: Source, day: date) -> list[Delivered]:
        fetch = getattr(self.module("source"), "fetch", None)
        if not callable(fetch):
            raise Refusal("source.py must have fetch(dataset, day) -> bytes")
        content = fetch(source.dataset, day)
        if not isinstance(content, bytes):
            raise Refusal(
                f"source.py: fetch({source.dataset!r}, {day}) must return bytes, "
                f"got {type(content).__name__}"
            )
        return _if_any(day, content)


def digest(files: Sequence[Delivered]) -> str:
    """Return what changes when a source delivers other bytes for a day."""
    listed = [[file.name, sha256(file.content).hexdigest()] for file in files]
    return sha256(json.dumps(listed).encode()).hexdigest()


def _if_any(day: date, content: bytes) -> list[Delivered]:
    return [Delivered(name=f"{day}.csv", content=content)] if content else []
