"""Arrow and parquet are read beside the server, which no file of theirs can break."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import arro3.io
import numpy as np
import pytest
from arro3.core import Array, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.card import Feature, FeatureType
from ml.serving.answer import Answers, write_answer
from ml.serving.formats import beside, columnar
from ml.serving.formats.arrow_messages import check_messages
from ml.serving.formats.beside import ARROW, COLUMNAR, PARQUET
from ml.serving.limits import MAX_ROWS, BadRequest
from ml.serving.request import READERS, read_rows, waits

FEATURES = [
    Feature(name="a", type=FeatureType.NUMBER, minimum=-10, maximum=10_000),
    Feature(name="b", type=FeatureType.INTEGER, minimum=0, maximum=100),
]
FORMS = sorted(COLUMNAR)


@pytest.fixture(autouse=True, scope="module")
def ended() -> Iterator[None]:
    yield
    beside._BESIDE.close()


def body(form: str, compression: str | None = None, **columns: object) -> bytes:
    arrays = {name: as_array(values) for name, values in columns.items()}
    output = io.BytesIO()
    table = Table.from_pydict(arrays)
    if form == PARQUET:
        arro3.io.write_parquet(table, output, compression=compression)
    else:
        arro3.io.write_ipc_stream(table, output, compression=compression)
    return output.getvalue()


def as_array(values: object) -> Array:
    return values if isinstance(values, Array) else Array.from_numpy(np.asarray(values))


def reason(content: bytes, form: str, features: Sequence[Feature] = FEATURES) -> tuple[int, str]:
    with pytest.raises(BadRequest) as caught:
        read_rows(content, form, features)
    return caught.value.status, str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_columns_of_any_number_type_and_order_are_read(form: str) -> None:
    content = body(form, b=np.array([1, 2], np.uint8), a=np.array([0.5, -3], np.float32))
    assert read_rows(content, form, FEATURES).tolist() == [[0.5, 1], [-3, 2]]


def test_compressed_parquet_of_many_batches_keeps_its_order() -> None:
    a = np.arange(MAX_ROWS, dtype=np.int64)
    rows = read_rows(body(PARQUET, "zstd(3)", a=a, b=a % 100), PARQUET, FEATURES)
    assert rows[:, 0].tolist() == a.tolist()
    assert rows[:, 1].tolist() == (a % 100).tolist()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("columns", "status", "problem"),
    [
        ({"a": [1.0]}, 400, "columns, field 'b': is missing"),
        ({"a": [1.0], "b": [1], "c": [1]}, 400, "columns, field 'c': is unknown"),
        (
            {"a": [1.0, 10001.0], "b": [1, 2]},
            400,
            "row 2, field 'a': must be between -10 and 10000",
        ),
        ({"a": [np.nan], "b": [1]}, 400, "row 1, field 'a': must be a finite number, got 'nan'"),
        ({"a": [1.0], "b": [1.5]}, 400, "row 1, field 'b': must be a whole number, got 1.5"),
        ({"a": [True], "b": [1]}, 400, "field 'a': must be a column of numbers, got 'Boolean'"),
        (
            {"a": np.arange(MAX_ROWS + 1), "b": np.zeros(MAX_ROWS + 1)},
            413,
            f"a request must hold 1 to {MAX_ROWS} rows, got more",
        ),
        ({"a": np.zeros(0), "b": np.zeros(0)}, 400, f"1 to {MAX_ROWS} rows, got 0"),
    ],
)
def test_what_the_card_does_not_allow_is_refused_by_name(
    form: str, columns: dict[str, object], status: int, problem: str
) -> None:
    got, said = reason(body(form, **columns), form)
    assert (got, problem in said) == (status, True), said


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_value_is_refused_by_its_row(form: str) -> None:
    holey = Array([1.0, 2.0, None], type=Array.from_numpy(np.zeros(1)).type)
    said = reason(body(form, a=holey, b=np.array([1, 2, 3])), form)
    assert said == (400, "row 3, field 'a': must be a finite number, got 'null'")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_broken_file_gets_a_reason_and_never_a_fault(form: str, data: st.DataObject) -> None:
    content = bytearray(body(form, a=np.array([1.5]), b=np.array([2])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    with suppress(BadRequest):
        broken = bytes(content[:cut] if data.draw(st.booleans()) else content)
        assert read_rows(broken, form, FEATURES).shape[1] == len(FEATURES)


def test_a_bomb_takes_no_more_memory_than_is_allowed_and_the_next_request_is_answered() -> None:
    bomb = body(ARROW, "ZSTD", a=np.zeros(300_000_000, np.int8))
    assert len(bomb) < 100_000
    status, said = reason(bomb, ARROW, FEATURES[:1])
    assert status == 400
    assert said == "the body cannot be read: it takes too much memory, or is broken"
    process = beside._BESIDE._process
    content = body(ARROW, a=np.array([1.0]), b=np.array([2]))
    assert read_rows(content, ARROW, FEATURES).tolist() == [[1, 2]]
    assert beside._BESIDE._process is process  # only its child broke


def test_a_stream_that_announces_more_than_it_holds_is_refused_before_memory_is_taken() -> None:
    content = body(ARROW, a=np.array([1.0]), b=np.array([2]))
    check_messages(content)
    for broken, problem in (
        (b"\n" * 30_000, "a message of 168430090 bytes, 29996 are left"),
        (content[:4] + b"\xff\xff\xff\x7f" + content[8:], "a message of 2147483647 bytes"),
        (content[:-400], "are left"),
        (content[:10], "a message of"),
        (b"\xff\xff\xff\xff\x08\x00\x00\x00" + b"\xff" * 8, "a message that it does not hold"),
        (b"\x00", "a message that it does not hold"),
    ):
        with pytest.raises(BadRequest, match=f"as arrow: it announces .*{problem}"):
            check_messages(broken)
        assert reason(broken, ARROW)[0] == 400


def test_a_reader_that_hangs_is_given_up() -> None:
    content = body(ARROW, a=np.array([1.0]), b=np.array([2]))
    read_rows(content, ARROW, FEATURES)
    process, connection = beside._BESIDE._process, beside._BESIDE._connection
    assert process is not None
    assert connection is not None
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    connection.settimeout(0.05)
    os.kill(child, signal.SIGSTOP)
    try:
        assert "it takes more than" in reason(content, ARROW)[1]
        assert process.returncode is not None
        assert read_rows(content, ARROW, FEATURES).tolist() == [[1, 2]]
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_body_that_takes_too_long_ends_the_child_by_itself() -> None:
    content = body(ARROW, a=np.array([1.0]), b=np.array([2]))
    read_rows(content, ARROW, FEATURES)
    process = beside._BESIDE._process
    assert process is not None
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    os.kill(child, signal.SIGALRM)  # while it has nothing to do: nobody is told
    assert read_rows(content, ARROW, FEATURES).tolist() == [[1, 2]]
    assert beside._BESIDE._process is process
    assert columnar._why(-signal.SIGALRM) == "it takes more than 5 seconds"


def test_the_reader_ends_with_its_server() -> None:
    other = beside.Beside()
    other.ask({"do": "write", "form": "arrow", "version": "1", "labelled": False}, b"")
    process = other._process
    connection = other._connection
    assert process is not None
    assert connection is not None
    process.send_signal(signal.SIGTERM)  # what a whole process group gets: requests are in flight
    other.ask({"do": "write", "form": "arrow", "version": "1", "labelled": False}, b"")
    connection.close()
    assert process.wait(10) == 0
    other.close()


@pytest.mark.parametrize("form", FORMS)
def test_answers_are_written_in_both_forms(form: str) -> None:
    content, kind = write_answer(Answers(version="3", scores=[0.25, 0.5], labelled=True), form)
    assert kind == form
    read = arro3.io.read_parquet if form == PARQUET else arro3.io.read_ipc_stream
    table = read(io.BytesIO(content)).read_all()
    assert table.column("score").to_pylist() == [0.25, 0.5]
    assert table.column("label").to_pylist() == [0, 1]
    assert table.schema.metadata_str["model_version"] == "3"
    unlabelled, _ = write_answer(Answers(version="3", scores=[2.5], labelled=False), form)
    assert read(io.BytesIO(unlabelled)).read_all().column_names == ["score"]


def test_only_columnar_requests_and_answers_wait() -> None:
    assert not any(waits(kind, "*/*") for kind in READERS.keys() - COLUMNAR)
    assert all(waits(kind.upper(), "") and waits("text/csv", f"a/b, {kind};q=1") for kind in FORMS)


def test_the_server_itself_does_not_load_the_library() -> None:
    program = "import sys, ml.serving.request, ml.serving.answer; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "arro3" not in done.stdout
