"""Read a request's rows, and say exactly which row and field cannot be answered."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from contracts.card import Feature
from ml.serving.formats.beside import ARROW, COLUMNAR, PARQUET, read_arrow, read_parquet
from ml.serving.formats.csv_rows import read_csv
from ml.serving.formats.json_rows import read_json, read_jsonlines
from ml.serving.formats.npy import NPY, read_npy
from ml.serving.limits import MAX_BYTES, MAX_ROWS, BadRequest, shown
from ml.serving.schema import RefusedValue, Schema, refused_value, schema_of

__all__ = [
    "MAX_BYTES",
    "MAX_ROWS",
    "BadRequest",
    "RefusedValue",
    "RequestReader",
    "read_rows",
    "refused_value",
    "waits",
]

Reader = Callable[[bytes, Schema], NDArray[np.float64]]
READERS: dict[str, Reader] = {
    "text/csv": read_csv,
    "application/json": read_json,
    "application/jsonlines": read_jsonlines,
    NPY: read_npy,
    ARROW: read_arrow,
    PARQUET: read_parquet,
}
_TEXT = READERS.keys() - COLUMNAR - {NPY}
_UTF8 = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))


class RequestReader:
    """Reads the requests to one model."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._schema = schema_of(tuple(features))

    def read(self, body: bytes, content_type: str) -> NDArray[np.float64]:
        """Return one row of feature values per asked row, all of which can be scored."""
        return _reader_of(content_type)(body, self._schema)


def read_rows(body: bytes, content_type: str, features: Sequence[Feature]) -> NDArray[np.float64]:
    """Return one row of feature values per asked row, all of which can be scored."""
    return RequestReader(features).read(body, content_type)


@lru_cache(maxsize=256)
def waits(content_type: str, accept: str) -> bool:
    """Whether reading or answering waits for another process, and must not be on the event loop."""
    named = f"{content_type},{accept}".lower()
    return any(kind in named for kind in COLUMNAR)


@lru_cache(maxsize=256)
def _reader_of(content_type: str) -> Reader:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    reader = READERS.get(kind)
    if reader is None:
        allowed = ", ".join(READERS)
        raise BadRequest(f"content type must be one of {allowed}, got {shown(content_type)}", 415)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"')
        if kind in _TEXT and name.strip() == "charset" and charset not in _UTF8:
            raise BadRequest(f"charset must be utf-8, got {shown(charset)}", 415)
    return reader
