"""One day of a model's data: fetched, judged, put where it belongs, and written down."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from contracts import layout
from contracts.card import Dataset, ModelCard
from contracts.card_ingestion import Source
from contracts.ingestion import DayOutcome, DayRecord, parse_day_record
from contracts.snapshot import SnapshotFile
from ml.data import DataFile
from ml.ingestion.parts import Rows, by_event_day, merged, together, written
from ml.ingestion.quarantine import quarantine
from ml.ingestion.sources import Delivered, Sources, digest
from ml.ingestion.store import Store
from ml.validation.judgement import Judged, judge_file
from ml.validation.schema import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    schemas: Schemas
    sources: Sources
    listed: Sequence[Source]
    """The card's sources, of which ``sources`` fetches."""
    store: Store
    run_id: str

    @property
    def card(self) -> ModelCard:
        return self.schemas.card

    @property
    def rules(self) -> str:
        """Change with what the card asks of a file: what was refused may then be fine."""
        asked = repr((self.card.datasets, self.card.validation))
        return sha256(asked.encode()).hexdigest()

    def ingest(self, day: date) -> tuple[DayRecord, bool]:
        """Return the day's record, and whether anything changed.

        The record is written last: a day that has one, of the same bytes, is done.
        """
        fetched = self._fetched(day)
        before = self._record(day)
        found = {name: digest(files) for name, files in fetched.items() if files}
        if before is not None and (before.sources, before.rules) == (found, self.rules):
            return before, False
        record = replace(self._made(day, fetched), sources=found)
        if before is not None:
            record = replace(record, version=before.version + bool(before.sources))
        content = json.dumps(record.document(), indent=1).encode()
        self.store.write(layout.day_record_key(self.card.name, record.day), content)
        return record, True

    def _fetched(self, day: date) -> dict[str, list[Delivered]]:
        fetched: dict[str, list[Delivered]] = {}
        for source in self.listed:
            files = self.sources.fetch(source, day)
            fetched.setdefault(source.dataset, []).extend(files)
        return fetched

    def _record(self, day: date) -> DayRecord | None:
        content = self.store.read(layout.day_record_key(self.card.name, str(day)))
        return None if content is None else parse_day_record(json.loads(content))

    def _made(self, day: date, fetched: Mapping[str, Sequence[Delivered]]) -> DayRecord:
        rows: dict[str, int] = {}
        parts: list[str] = []
        judged: list[Judged] = []
        for name, delivered in fetched.items():
            dataset = self.schemas.datasets[name]
            files = [self._file(dataset, day, each) for each in delivered]
            verdicts = [judge_file(file, self.schemas) for file in files]
            for file, verdict in zip(files, verdicts, strict=True):
                quarantine(self.store, self.card.name, self.run_id, day, file, verdict)
            good = merged(
                by_event_day(file.content, dataset, str(day), verdict.report.set_aside)
                for file, verdict in zip(files, verdicts, strict=True)
                if not verdict.report.refused
            )
            parts += self._put(dataset, str(day), good)
            rows[name] = sum(map(len, good.values()))
            judged += verdicts
        waiting = any(not files for files in fetched.values())
        return self._described(day, rows, parts, judged, waiting=waiting)

    def _file(self, dataset: Dataset, day: date, delivered: Delivered) -> DataFile:
        listed = SnapshotFile(
            dataset=dataset.name,
            key=f"{layout.dataset_prefix(self.card.name, dataset.name)}{day}/{delivered.name}",
            version_id="",
            sha256=sha256(delivered.content).hexdigest(),
            size=len(delivered.content),
        )
        return DataFile(listed=listed, content=delivered.content)

    def _put(self, dataset: Dataset, day: str, good: Mapping[str, Rows]) -> list[str]:
        """Write the delivery's parts, take its former ones away, and remake the days of both."""
        model = self.card.name
        place = {
            event_day: f"{layout.part_prefix(model, dataset.name, event_day)}{day}.csv"
            for event_day in good
        }
        for event_day, rows in good.items():
            self.store.write(place[event_day], written(dataset, rows))
        whole = layout.part_prefix(model, dataset.name, "").rstrip("/") + "/"
        former = [key for key in self.store.keys(whole) if key.endswith(f"/{day}.csv")]
        for key in former:
            if key not in place.values():
                self.store.delete(key)
        days = {*good, *(key.removeprefix(whole).partition("/")[0] for key in former)}
        self._remake(dataset, sorted(days))
        return sorted(place.values())

    def _remake(self, dataset: Dataset, days: Iterable[str]) -> None:
        for day in days:
            target = f"{layout.dataset_prefix(self.card.name, dataset.name)}{day}.csv"
            keys = sorted(self.store.keys(layout.part_prefix(self.card.name, dataset.name, day)))
            parts = [content for key in keys if (content := self.store.read(key)) is not None]
            if parts:
                self.store.write(target, together(parts, dataset))
            else:
                self.store.delete(target)

    def _described(
        self,
        day: date,
        rows: Mapping[str, int],
        parts: Sequence[str],
        judged: Sequence[Judged],
        *,
        waiting: bool,
    ) -> DayRecord:
        refused = sum(each.report.refused for each in judged)
        aside = sum(len(each.report.set_aside) for each in judged)
        outcome = DayOutcome.IN_PART if refused or aside else DayOutcome.WHOLE
        return DayRecord(
            model=self.card.name,
            day=str(day),
            version=1,
            run_id=self.run_id,
            outcome=DayOutcome.WAITING if waiting else outcome,
            sources={},
            rules=self.rules,
            rows=rows,
            refused=refused,
            set_aside=aside,
            parts=tuple(parts),
        )
