"""Requests whose answers are known: evaluation asked them of the artifact itself."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.errors import ContractError
from contracts.reading import Table
from lambdas.adapters.documents import Documents

TOLERANCE = 1e-6
"""As the server's own for its golden examples (ml.serving.predictor): where answers are above 1,
this share of the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswers:
    rows: tuple[str, ...]
    """CSV, one request each."""
    scores: tuple[float, ...]

    def wrong(self, number: int, scores: Sequence[float]) -> str | None:
        """Say what is wrong about the answer to one row, if anything is."""
        known = self.scores[number]
        allowed = TOLERANCE * max(1.0, *(abs(score) for score in self.scores))
        if len(scores) == 1 and abs(scores[0] - known) <= allowed:
            return None
        got = f"{scores[0]:.9g}" if len(scores) == 1 else f"{len(scores)} predictions"
        return f"golden row {number + 1} must be answered {known:.9g}, got {got}"

    def all_wrong(self, scores: Sequence[float]) -> str | None:
        """Say what is wrong about the answers to all rows at once."""
        if len(scores) != len(self.rows):
            return f"{len(self.rows)} golden rows must be answered, got {len(scores)} answers"
        each = (self.wrong(number, [score]) for number, score in enumerate(scores))
        return next((found for found in each if found is not None), None)


def read(
    documents: Documents, *, golden_uri: str, answers_uri: str, features: Sequence[str]
) -> KnownAnswers:
    rows = golden_rows(documents.read(golden_uri), features)
    scores = Table.of(documents.read_json(answers_uri), "answers.json").numbers("scores")
    if len(scores) != len(rows):
        raise ContractError(
            f"answers.json must have {len(rows)} scores, one for each golden row, got {len(scores)}"
        )
    return KnownAnswers(rows=tuple(rows), scores=tuple(scores))


def golden_rows(content: bytes, features: Sequence[str]) -> list[str]:
    """Requests of one CSV row each, as evaluation left them: the card's features in its order."""
    rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8"))) if row]
    if rows and rows[0] == list(features):  # a header
        rows = rows[1:]
    if not rows:
        raise ContractError("golden.csv must have at least one row, got none")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(features):
            raise ContractError(
                f"golden.csv row {number} must have {len(features)} values, got {len(row)}"
            )
    return [",".join(row) for row in rows]
