"""What one request may cost, and the refusal of one that would cost more."""

import os
from collections.abc import Mapping
from reprlib import Repr

MAX_BYTES = 6 * 1024 * 1024
"""InvokeEndpoint passes on a little more at most; larger work is a batch job."""


def most_rows(variables: Mapping[str, str]) -> int:
    """Return how many rows one request may hold.

    In a transform job SageMaker is the only caller, and cuts its requests by their bytes alone: a
    row has two at least.
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
    """
    return MAX_BYTES // 2 if variables.get("SAGEMAKER_BATCH") == "true" else 10_000


MAX_ROWS = most_rows(os.environ)
MAX_CELL_CHARACTERS = 100
"""Of one number, on the average of its row; the longest that a double writes has 24."""
LABEL_FROM = 0.5
"""A classifier's scores from here on are labelled 1; other answers have no label."""
MAX_SHOWN = 80
"""Characters of a caller's value that an error repeats."""


class BadRequest(Exception):
    """The request cannot be answered; ``status`` is the HTTP status that says so."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


# Never deep: what a caller nested a thousand times cannot be written by recursion.
_NESTED = Repr()
_NESTED.maxlevel, _NESTED.maxlist, _NESTED.maxdict, _NESTED.maxstring = 2, 4, 4, 20


def shown(value: object) -> str:
    """Return ``value`` as an error may repeat it."""
    text = _NESTED.repr(value) if isinstance(value, list | dict) else str(value)
    return repr(text[:MAX_SHOWN])


def count_rows(rows: int) -> None:
    if not 1 <= rows <= MAX_ROWS:
        status = 400 if rows < 1 else 413
        raise BadRequest(f"a request must hold 1 to {MAX_ROWS} rows, got {rows}", status)
