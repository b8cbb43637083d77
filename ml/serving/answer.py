"""Write a model's answers in the form that the caller accepts."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

LABEL_FROM = 0.5
"""A classifier's scores from here on are labelled 1; other answers have no label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one version answers to the rows of one request."""

    version: str
    scores: Sequence[float]
    labelled: bool
    """Whether each score is a chance, which has a label."""


def write_answer(answers: Answers, accept: str) -> tuple[bytes, str]:  # noqa: ARG001 - JSON for all
    """Return the body and its content type."""
    if answers.labelled:
        predictions = [{"score": s, "label": int(s >= LABEL_FROM)} for s in answers.scores]
    else:
        predictions = [{"score": s} for s in answers.scores]
    document = {"model_version": answers.version, "predictions": predictions}
    return orjson.dumps(document), "application/json"
