"""Arrays of NumPy are rows, and nothing else is read from them."""

import io
import pickle
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.card import Feature, FeatureType
from ml.serving.answer import Answers, write_answer
from ml.serving.formats.npy import NPY
from ml.serving.limits import BadRequest
from ml.serving.request import read_rows

FEATURES = (
    Feature(name="a", type=FeatureType.NUMBER, minimum=-100, maximum=100),
    Feature(name="b", type=FeatureType.INTEGER, minimum=0, maximum=10),
)


def saved(array: object, *, allow_pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=allow_pickle)
    return file.getvalue()


def refusal(body: bytes) -> str:
    with pytest.raises(BadRequest) as refused:
        read_rows(body, NPY, FEATURES)
    assert refused.value.status in (400, 413)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["<f4", ">f8", "<i8", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_its_rows_whatever_its_numbers_and_its_order(kind: str, order: str):
    table = np.array([[1, 2], [3, 4], [5, 6]], dtype=kind, order=order)  # type: ignore[call-overload]
    assert read_rows(saved(table), NPY, FEATURES).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_the_schema_holds_for_arrays_too():
    assert refusal(saved([[1.0, 2.5]])) == "row 1, field 'b': must be a whole number, got 2.5"
    assert "field 'a': must be a finite number" in refusal(saved([[np.nan, 2]]))
    assert "between -100 and 100" in refusal(saved([[1, 2], [101, 2]]))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3)), "shape (rows, 2), got '(2, 3)'"),
        (np.zeros(2), "shape (rows, 2)"),
        (np.zeros((0, 2)), "1 to 10000 rows, got 0"),
        (np.zeros((10_001, 2)), "1 to 10000 rows, got 10001"),
        (np.zeros((1, 2), dtype=bool), "integers or floats, got 'bool'"),
        (np.array([["1", "2"]]), "integers or floats"),
        (np.zeros((1, 2), dtype=[("x", "f4")]), "integers or floats"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_by_what_it_is(array: np.ndarray, said: str):
    assert said in refusal(saved(array))


@pytest.mark.parametrize("lengths", ["(True, 2)", "(-1, 2)"])
@pytest.mark.parametrize("by_column", [True, False])
def test_lengths_that_are_none_are_refused(lengths: str, by_column: bool):
    header = f"{{'descr': '<f8', 'fortran_order': {by_column}, 'shape': {lengths}, }}\n".encode()
    body = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16)
    assert f"whole numbers from 0 on, got '{lengths}'" in refusal(body)


def test_a_pickle_in_an_array_is_not_loaded():
    class Loaded:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("it was unpickled",)

    planted = saved(np.array([[Loaded(), 1]], dtype=object), allow_pickle=True)
    assert "integers or floats, got 'object'" in refusal(planted)
    assert "not an array" in refusal(pickle.dumps([[1, 2]]))


def test_a_header_that_announces_more_than_there_is_takes_no_memory():
    body = saved(np.zeros((9_999, 2)))[:-8]
    assert "159984 bytes, got 159976" in refusal(body)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_broken_array_is_refused_or_read_and_never_an_error_of_ours(noise: bytes, place: int):
    whole = saved([[1.0, 2.0]])
    body = whole[:place] + noise + whole[place + len(noise) :]
    with suppress(BadRequest):
        assert read_rows(body, NPY, FEATURES).shape[1] == 2


def test_answers_come_as_an_array_for_who_accepts_one():
    content, kind = write_answer(Answers(version="1", scores=[0.25, 0.75], labelled=True), NPY)
    assert kind == NPY
    assert np.load(io.BytesIO(content)).tolist() == [0.25, 0.75]
