"""Rows and answers as NumPy's own file format, SageMaker's customary one for arrays.

The SDK's NumpySerializer and NumpyDeserializer write and read it. Nothing is unpickled: the file is
a short header and the plain numbers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ml.serving.limits import BadRequest, count_rows, shown
from ml.serving.schema import Schema

NPY = "application/x-npy"
_NUMBERS = "fiu"
"""Kinds of numbers; True is none."""
_HEADER_BYTES = 1024


def read_npy(body: bytes, schema: Schema) -> NDArray[np.float64]:
    """Return the rows of a table with a column for each feature, in the order of the card."""
    shape, by_column, kind, start = _header(body)
    width = len(schema.names)
    if len(shape) != 2 or shape[1] != width:
        raise BadRequest(f"the array must have the shape (rows, {width}), got {shown(shape)}")
    count_rows(shape[0])
    if kind.kind not in _NUMBERS:
        raise BadRequest(f"the array must hold integers or floats, got {shown(kind)}")
    wanted = shape[0] * width * kind.itemsize
    if len(body) - start != wanted:
        raise BadRequest(
            f"the array's {shape[0]} rows of {kind} are {wanted} bytes, got {len(body) - start}"
        )
    values = np.frombuffer(body, dtype=kind, offset=start)
    table = values.reshape(shape, order="F" if by_column else "C")
    return schema.checked(np.ascontiguousarray(table, dtype=np.float64))


def write_npy(scores: Sequence[float]) -> bytes:
    """Return a one-dimensional array of doubles."""
    file = io.BytesIO()
    np.save(file, np.array(scores, dtype=np.float64), allow_pickle=False)
    return file.getvalue()


def _header(body: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, whether columns come first, type of the values, and where they begin."""
    file = io.BytesIO(body)
    try:
        version = npy.read_magic(file)
        if version not in _READERS:
            raise ValueError(f"version {version[0]}.{version[1]} of the format is not known")
        shape, by_column, kind = _READERS[version](file, max_header_size=_HEADER_BYTES)
    except Exception as error:  # numpy evaluates the header as Python's literals
        raise BadRequest(f"the body is not an array of NumPy: {shown(error)}") from None
    # NumPy takes True for a length, and then no array of that shape can be made.
    if any(type(length) is not int or length < 0 for length in shape):
        raise BadRequest(f"the array's shape must be whole numbers from 0 on, got {shown(shape)}")
    return shape, by_column, kind, file.tell()


_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
