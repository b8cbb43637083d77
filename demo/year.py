"""The year: each month data lands, customers are scored, drift is noticed, models are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from contracts.card import ModelCard
from demo.batches import Batch, read
from demo.drive import Driver
from demo.history import History, Landing, first_of_next_month
from demo.timeline import Timeline

_EPOCH = date(1970, 1, 1)
DAYS_OF_TRAFFIC = 2
"""A month's requests are spread over its first days."""


@dataclass(slots=True, kw_only=True)
class Year:
    card: ModelCard
    history: History
    landing: Landing
    driver: Driver
    timeline: Timeline
    snapshots: list[date] = field(default_factory=list)
    """The months whose requests were sent."""
    _landed_by: date = _EPOCH
    _landed: int = 0

    def begin(self) -> None:
        """Land what is known at the start; the first model is trained and promoted."""
        self._land(())

    def month(self) -> None:
        """Live through the month that begins now."""
        first = self.driver.account.now().replace(hour=0, minute=0, second=0, microsecond=0)
        snapshot = first.date()
        batches = read(self.history.requests(snapshot), snapshot)
        if self._landed_by < snapshot:
            self._land(batches)
        with self.timeline.progress(f"{snapshot:%B %Y}", total=len(batches)) as done:
            for day in range(DAYS_OF_TRAFFIC):
                self.driver.clients.send(batches[day::DAYS_OF_TRAFFIC], done)
                self.driver.pass_until(first + timedelta(days=day + 1), batches)
        self.snapshots.append(snapshot)
        self.driver.pass_until(first_of_next_month(first), batches)

    def _land(self, load: Sequence[Batch]) -> None:
        """Whole months of purchases, then the labels whose window has closed: they complete it."""
        now = self.driver.account.now().replace(microsecond=0)
        today, window = now.date(), timedelta(days=self.card.label_window_days)
        purchases = list(self.history.purchases(since=self._landed_by, before=today))
        labels = list(self.history.labels(window=window, after=self._landed_by, by=today))
        for path in purchases:
            self.landing.land("purchases", path)
        for path in labels:
            self.landing.land("labels", path)
        self._landed_by = today
        self.timeline.event(now, "data landed", _names(purchases, labels))
        self._landed += len(purchases) + len(labels)
        self.driver.await_admission(self._landed)
        self.driver.finish_runs(load)


def _names(purchases: Sequence[Path], labels: Sequence[Path]) -> str:
    def listed(paths: Sequence[Path]) -> str:
        return ", ".join(path.stem for path in paths) or "none"

    return f"purchases {listed(purchases)}; labels {listed(labels)}"
