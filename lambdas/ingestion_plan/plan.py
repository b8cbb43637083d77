"""Plan one ingestion: the days, the image and the code that fetch them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts import layout, moment, naming
from contracts.card import ModelCard
from contracts.ingestion import DayRecord, IngestionRequest, parse_day_record
from lambdas.adapters.documents import DocumentMissing, Documents
from lambdas.adapters.images import Images
from lambdas.ingestion_plan.decision import asked_for, missing
from lambdas.ingestion_plan.executions import Executions

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


class NoImage(Exception):
    """There is no image that could fetch anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    card: ModelCard
    environment: str
    data_bucket: str
    code_uri: str
    documents: Documents
    images: Images
    executions: Executions

    def start(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Start the days of ``event``, or those that are missing; say what was done.

        The schedule's own time names the execution, so that its repeated delivery starts nothing.
        """
        as_of = moment.parse(event.get("as_of"))
        days = self._days(event, as_of)
        busy = self.executions.running() if days else None
        if not days or busy is not None:
            outcome = "nothing to do" if busy is None else f"{busy} is running"
            logger.info("%s as of %s: %s", self.card.name, moment.render(as_of), outcome)
            return {"outcome": outcome, "days": []}
        request = self._request(event, as_of, days)
        self.executions.start(request)
        logger.info("%s fetches %s", request.run_id, ", ".join(request.days))
        return {"outcome": "started", "run_id": request.run_id, "days": list(request.days)}

    def _days(self, event: Mapping[str, Any], as_of: datetime) -> list[date]:
        named = event.get("days")
        if named:
            return asked_for(named, as_of)
        ingestion = self.card.ingestion
        if ingestion is None:
            raise RuntimeError(f"the card of {self.card.name} has no [ingestion]")
        return missing(as_of, ingestion.catch_up_days, self._record)

    def _record(self, day: date) -> DayRecord | None:
        key = layout.day_record_key(self.card.name, str(day))
        try:
            found = self.documents.read_json(layout.s3_uri(self.data_bucket, key))
        except DocumentMissing:
            return None
        return parse_day_record(found)

    def _request(
        self, event: Mapping[str, Any], as_of: datetime, days: list[date]
    ) -> IngestionRequest:
        image = self.images.newest(self.card.image)
        if image is None:
            raise NoImage(f"the repository holds no tag that begins with {self.card.image}-")
        at = moment.render(as_of)
        cause = f"person {event.get('id')}" if event.get("days") else "schedule"
        return IngestionRequest(
            run_id=naming.ingestion_id(self.card.name, self.environment, f"{cause} {at}"),
            model=self.card.name,
            as_of=at,
            days=tuple(str(day) for day in days),
            image_uri=image.uri,
            code_uri=self.code_uri,
        )
