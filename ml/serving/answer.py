"""Write a model's answers in the form that the caller accepts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import orjson

from ml.serving.accept import choose
from ml.serving.formats.beside import ARROW, PARQUET, write_table
from ml.serving.formats.npy import NPY, write_npy
from ml.serving.limits import LABEL_FROM, BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one version answers to the rows of one request."""

    version: str
    scores: Sequence[float]
    labelled: bool
    """Whether each score is a chance, which has a label."""


_CSV = "text/csv"
Writer = Callable[[Answers], bytes]


def write_answer(answers: Answers, accept: str) -> tuple[bytes, str]:
    """Return the body and its content type, the first that the caller likes best."""
    if not isfinite(sum(answers.scores)):
        _refuse_infinite(answers.scores)
    content_type = accepted(accept)
    if content_type == _CSV and _without_header(accept):
        return _csv_lines(answers), content_type
    return WRITERS[content_type](answers), content_type


@lru_cache(maxsize=256)
def accepted(accept: str) -> str:
    """Return the content type of answers to ``accept``; 406 when it takes none of ours."""
    return choose(accept, tuple(WRITERS))


def _without_header(accept: str) -> bool:
    """RFC 4180's parameter of text/csv, for those who join answers (batch transform does)."""
    return "header=absent" in accept.lower()


def _refuse_infinite(scores: Sequence[float]) -> None:
    for row, score in enumerate(scores, start=1):
        if not isfinite(score):
            raise BadRequest(f"row {row}: the model's answer to it is not finite, but {score}")


def _predictions(answers: Answers) -> list[dict[str, float]]:
    if answers.labelled:
        return [{"score": s, "label": int(s >= LABEL_FROM)} for s in answers.scores]
    return [{"score": s} for s in answers.scores]


def _json(answers: Answers) -> bytes:
    document = {"model_version": answers.version, "predictions": _predictions(answers)}
    return orjson.dumps(document)


def _jsonlines(answers: Answers) -> bytes:
    lines = [
        orjson.dumps({**prediction, "model_version": answers.version})
        for prediction in _predictions(answers)
    ]
    return b"\n".join(lines) + b"\n"


def _csv(answers: Answers) -> bytes:
    return (b"score,label\n" if answers.labelled else b"score\n") + _csv_lines(answers)


def _csv_lines(answers: Answers) -> bytes:
    if answers.labelled:
        return "".join(f"{s!r},{int(s >= LABEL_FROM)}\n" for s in answers.scores).encode()
    return "".join(f"{s!r}\n" for s in answers.scores).encode()


def _arrow(answers: Answers) -> bytes:
    return write_table("arrow", answers.version, answers.scores, labelled=answers.labelled)


def _npy(answers: Answers) -> bytes:
    return write_npy(answers.scores)


def _parquet(answers: Answers) -> bytes:
    return write_table("parquet", answers.version, answers.scores, labelled=answers.labelled)


WRITERS: dict[str, Writer] = {
    "application/json": _json,
    _CSV: _csv,
    "application/jsonlines": _jsonlines,
    NPY: _npy,
    # https://www.iana.org/assignments/media-types/media-types.xhtml
    ARROW: _arrow,
    PARQUET: _parquet,
}
