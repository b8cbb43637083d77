"""The year: each month data lands, customers are scored, drift is noticed, models are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from demo.batches import Batch, read
from demo.drive import Driver
from demo.history import Delivery, History, Landing, first_of_next_month
from demo.replay import Replay
from demo.timeline import Timeline

DAYS_OF_TRAFFIC = 2
"""A month's requests are spread over its first days."""


@dataclass(slots=True, kw_only=True)
class Year:
    replay: Replay
    history: History
    landing: Landing
    driver: Driver
    timeline: Timeline
    snapshots: list[date] = field(default_factory=list)
    """The months whose requests were sent."""
    _landed_by: date | None = None
    _landed: int = 0

    def begin(self) -> None:
        """Land what is known at the start; the first model is trained and promoted."""
        self._land(())

    def month(self) -> None:
        """Live through the month that begins now."""
        first = self.driver.account.now().replace(hour=0, minute=0, second=0, microsecond=0)
        snapshot = first.date()
        batches = read(self.history.requests(snapshot), snapshot, rows=self.replay.rows_per_request)
        if self._landed_by is None or self._landed_by < snapshot:
            self._land(batches)
        with self.timeline.progress(f"{snapshot:%B %Y}", total=len(batches)) as done:
            for day in range(DAYS_OF_TRAFFIC):
                self.driver.clients.send(batches[day::DAYS_OF_TRAFFIC], done)
                self.driver.pass_until(first + timedelta(days=day + 1), batches)
        self.snapshots.append(snapshot)
        self.driver.pass_until(first_of_next_month(first), batches)

    def _land(self, load: Sequence[Batch]) -> None:
        """Land what became known: labels first, since any file may start a run at once."""
        now = self.driver.account.now().replace(microsecond=0)
        order = self.replay.landing_order
        files = self.history.landing(order, after=self._landed_by, by=now.date())
        for file in files:
            self.landing.land(file)
        self._landed_by = now.date()
        self.timeline.event(now, "data landed", _names(files))
        self._landed += len(files)
        self.driver.await_admission(self._landed)
        self.driver.finish_runs(load)


def _names(files: Sequence[Delivery]) -> str:
    names: dict[str, list[str]] = {}
    for file in files:
        names.setdefault(file.dataset, []).append(file.name.removesuffix(".csv"))
    return "; ".join(f"{dataset} {', '.join(each)}" for dataset, each in names.items()) or "none"
