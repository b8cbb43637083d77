"""The model that a server answers with: request bytes to rows, rows to scores, scores to bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from contracts.card import Task
from ml.refusal import Refusal
from ml.serving.answer import Answers, write_answer
from ml.serving.figures import prediction_bounds
from ml.serving.limits import BadRequest
from ml.serving.predictor import Predictor
from ml.serving.request import RequestReader

Rows: TypeAlias = NDArray[np.float64]


class Served:
    def __init__(self, predictor: Predictor, version: str) -> None:
        if not version.isascii() or not version.isprintable():
            raise Refusal(f"the model's version must be printable ASCII, got {version[:80]!r}")
        card = predictor.card
        self.predictor = predictor
        self.version = version
        self.labelled = card.task is Task.BINARY_CLASSIFICATION
        self.bounds = prediction_bounds(predictor.golden_scores.tolist(), chances=self.labelled)
        self.read = RequestReader(card.features).read

    @property
    def labels(self) -> Mapping[str, str]:
        """What tells this model from others."""
        return {
            "model": self.predictor.card.name,
            "version": self.version,
            "manifest_sha256": self.predictor.manifest_sha256,
        }

    def scores(self, rows: Rows) -> list[float]:
        return self.predictor.scores(rows)

    def written(self, scores: Sequence[float], accept: str) -> tuple[bytes, str]:
        answers = Answers(version=self.version, scores=scores, labelled=self.labelled)
        return write_answer(answers, accept)

    def answered(self, body: bytes, content_type: str, accept: str) -> Answered:
        """Answer a whole request at once."""
        scores = self.scores(self.read(body, content_type))
        return scores, self.written(scores, accept)

    def warm(self) -> None:
        """Answer the golden examples as callers send them, one by one and all at once."""
        rows = self.predictor.golden_rows.tolist()
        for asked in ([row] for row in rows[:8]), (rows,):
            for lines in asked:
                text = "\n".join(",".join(map(repr, row)) for row in lines)
                try:
                    self.answered(text.encode(), "text/csv", "")
                except BadRequest as error:
                    raise Refusal(f"a golden example could not be asked: {error}") from error


Answered = tuple[list[float], tuple[bytes, str]]
