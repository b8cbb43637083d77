"""What quality checks remember: how far they came, and each version's windows and promise."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import layout, moment, state
from contracts.errors import ContractError
from contracts.evaluation import parse_evaluation
from contracts.quality_report import QualityVerdict
from contracts.reading import Table
from contracts.run import Champion
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.state import StateTable
from quality.estimates import Estimate
from quality.past import KEPT_WINDOWS, Past, estimates_document, parse_estimates, promises_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    judged_until: datetime
    last_verdict: QualityVerdict | None


class Watermark:
    """One for all versions: an answer's label may come long after its version was replaced."""

    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.quality(model)

    def read(self, champion: Champion) -> Mark:
        """The first check starts where the champion's promotion ended, and writes it down."""
        fields = self._state.read(self._item)
        if fields is None:
            self._state.create(self._item, {"judged_until": champion.promoted_at})
            fields = self._state.read(self._item) or {"judged_until": champion.promoted_at}
        verdict = fields.get("verdict")
        return Mark(
            judged_until=moment.parse(fields["judged_until"], "quality.judged_until"),
            last_verdict=None if verdict is None else QualityVerdict(verdict),
        )

    def move(self, until: datetime, verdict: QualityVerdict) -> None:
        """Never back: a check that comes late must not make others judge twice."""
        values: dict[str, Any] = {"until": moment.render(until), "verdict": verdict.value}
        self._state.update(
            self._item,
            "SET #judged_until = :until, #verdict = :verdict",
            "attribute_not_exists(#judged_until) OR #judged_until <= :until",
            **values,
        )


class Versions:
    """Each version's windows and promise, in the reports bucket."""

    def __init__(self, documents: Documents, *, bucket: str, model: str) -> None:
        self._documents = documents
        self._bucket = bucket
        self._model = model

    def note(self, champion: Champion) -> None:
        """Write down where the champion's evaluation lies: when its labels come, it may be gone."""
        folder = champion.baseline_uri.rpartition("/")[0]
        document = {"evaluation_uri": f"{folder}/evaluation.json"}
        key = layout.quality_promise_key(self._model, champion.version)
        self._documents.write_once(self._bucket, key, render(document))

    def past(self, version: int, metric: str, *, before: datetime) -> Past:
        """Return what the version's answers before a moment were worth, and what was promised.

        Windows that end later are those of a check that was cut off before it moved on: they are
        judged again.
        """
        past = Past(promises=self._promises(version, metric))
        for end, estimates in self._windows(version):
            if end <= before:
                same = {s: each for s, each in estimates.items() if each.metric == metric}
                past = past.followed_by(same)
        return past

    def add(
        self, version: int, estimates: dict[str, Estimate], *, start: datetime, end: datetime
    ) -> None:
        kept = [one for one in self._windows(version) if one[0] <= start]
        document = {
            "windows": [
                {"window_end": moment.render(at), "estimates": estimates_document(each)}
                for at, each in [*kept, (end, estimates)][-KEPT_WINDOWS:]
            ]
        }
        key = layout.quality_past_key(self._model, version)
        self._documents.write(self._bucket, key, render(document))

    def _windows(self, version: int) -> list[tuple[datetime, dict[str, Estimate]]]:
        uri = layout.s3_uri(self._bucket, layout.quality_past_key(self._model, version))
        try:
            table = Table.of(self._documents.read_json(uri), "past")
        except DocumentMissing:
            return []
        return [
            (
                moment.parse(row.text("window_end"), "past.window_end"),
                parse_estimates(row.table("estimates")),
            )
            for row in table.tables("windows")
        ]

    def _promises(self, version: int, metric: str) -> dict[str, Any]:
        """None where the version was never noted or its evaluation is gone: its windows remain."""
        key = layout.quality_promise_key(self._model, version)
        noted = self._documents.json_if_there(layout.s3_uri(self._bucket, key))
        if noted is None:
            return {}
        uri = Table.of(noted, "promise").text("evaluation_uri")
        document = self._documents.json_if_there(uri)
        try:
            return {} if document is None else promises_of(parse_evaluation(document), metric)
        except ContractError:
            return {}
