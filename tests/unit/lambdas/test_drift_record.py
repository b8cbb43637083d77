import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.capture_lines import lines_of
from lambdas.adapters.capture_record import RecordUnreadable, read_record

FEATURES = ["recency", "spend"]


def captured(data: Any = "1,2\n3,4", **changes: Any) -> bytes:
    answer = {"model_version": "2", "predictions": [{"score": 0.1}]}
    record: dict[str, Any] = {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": data,
                "encoding": changes.get("encoding", "CSV"),
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": json.dumps(changes.get("answer", answer)),
                "encoding": "JSON",
            },
        },
        "eventMetadata": {
            "eventId": "e",
            "inferenceId": changes.get("inference_id", "i"),
            "inferenceTime": changes.get("at", "1997-07-01T10:00:00Z"),
        },
        "eventVersion": "0",
    }
    return json.dumps(record).encode()


def test_a_request_of_several_rows_is_several_rows() -> None:
    assert read_record(captured()).rows(FEATURES) == [(1.0, 2.0), (3.0, 4.0)]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_line_ends_make_no_rows(end: str) -> None:
    assert read_record(captured(f"1,2{end}")).rows(FEATURES) == [(1.0, 2.0)]


def test_a_header_row_is_no_row_and_an_empty_cell_is_missing() -> None:
    record = read_record(captured("recency, spend\n1,\n"))

    assert record.rows(FEATURES) == [(1.0, None)]


def test_base64_is_decoded() -> None:
    data = base64.b64encode(b"1,2").decode()

    assert read_record(captured(data, encoding="BASE64")).rows(FEATURES) == [(1.0, 2.0)]


def test_probes_and_refused_requests_are_known() -> None:
    assert read_record(captured(inference_id="probe-1-0")).is_probe
    assert not read_record(captured()).is_probe
    assert not read_record(captured(answer={"error": "row 1"})).answered
    assert read_record(captured(answer={"error": "row 1"})).version is None


def test_the_answers_version_is_a_text_however_written() -> None:
    assert read_record(captured(answer={"model_version": 3})).version == "3"
    assert read_record(captured(answer=[1, 2])).version is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "Expecting property name"),
        (b'{"a": "\xff"}', "codec can't decode"),
        (b"[]", "record must be a table"),
        (b"{}", "record lacks the field 'captureData'"),
        (b"[" * 100_000, ""),
        (captured(at="yesterday"), "inferenceTime must be an ISO 8601 time, got 'yesterday'"),
        (captured(data=None), "endpointInput.data must be a text, got None"),
        (captured("x!", encoding="BASE64"), ""),
        (captured(encoding="PARQUET"), "encoding must be CSV, JSON or BASE64, got 'PARQUET'"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_capture_is_refused_with_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(RecordUnreadable) as refusal:
        read_record(line)

    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("1,2\n3", "row 2 must have 2 values, got 1"),
        ("1,2,3", "row 1 must have 2 values, got 3"),
        ("1,much", "row 1: spend must be a number, got 'much'"),
        ('1,"2', "the request is not CSV: unexpected end of data"),
    ],
)
def test_a_request_that_is_not_the_models_is_refused_whole(data: str, reason: str) -> None:
    with pytest.raises(RecordUnreadable) as refusal:
        read_record(captured(data)).rows(FEATURES)

    assert str(refusal.value) == reason


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_however_the_stream_is_cut(size: int) -> None:
    content = b"one\ntwo\n\nfar too long for this\nlast"
    chunks = [content[i : i + size] for i in range(0, len(content), size)]

    assert list(lines_of(chunks, longest=8)) == [b"one", b"two", b"", None, b"last"]


def asked(content_type: str, data: str, **changes: Any) -> Any:
    record = json.loads(captured(data, **changes))
    record["captureData"]["endpointInput"]["observedContentType"] = content_type
    return read_record(json.dumps(record).encode())


ROWS = [(1.0, 2.0), (3.0, 4.0)]


@pytest.mark.parametrize(
    "document",
    [
        [[1, 2], [3, 4]],
        [{"spend": 2, "recency": 1}, {"recency": 3, "spend": 4}],
        {"instances": [[1, 2], [3, 4]]},
        {"inputs": {"recency": [1, 3], "spend": [2, 4]}},
        {"dataframe_split": {"columns": ["spend", "recency"], "data": [[2, 1], [4, 3]]}},
        {"columns": ["recency", "spend"], "index": [0, 1], "data": [[1, 2], [3, 4]]},
        {"recency": [1, 3], "spend": [2, 4]},
        {"recency": {"0": 1, "1": 3}, "spend": {"0": 2, "1": 4}},
    ],
)
def test_json_requests_are_rows_in_each_shape_that_the_server_answers(document: Any) -> None:
    text = json.dumps(document)
    assert asked("application/json", text, encoding="JSON").rows(FEATURES) == ROWS
    data = base64.b64encode(text.encode()).decode()
    assert asked("application/json; charset=utf-8", data, encoding="BASE64").rows(FEATURES) == ROWS


def test_one_json_record_and_one_list_are_one_row() -> None:
    for text in ('{"spend": 2, "recency": null}', "[null, 2]"):
        assert asked("application/json", text).rows(FEATURES) == [(None, 2.0)]


def test_json_lines_are_a_row_each() -> None:
    text = '[1, 2]\r\n{"spend": 4, "recency": 3}\n'
    assert asked("application/jsonlines", text).rows(FEATURES) == ROWS


def test_a_csv_header_may_have_its_own_order_and_a_byte_order_mark() -> None:
    assert asked("text/csv", "\ufeffspend,recency\n2,1\n4,3").rows(FEATURES) == ROWS


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream; x=y",
        "application/x-npy",
    ],
)
def test_binary_requests_are_refused_by_their_name_when_they_are_counted(kind: str) -> None:
    record = asked(kind, base64.b64encode(b"\xff\x00").decode(), encoding="BASE64")
    assert (record.inference_id, record.version) == ("i", "2")
    with pytest.raises(RecordUnreadable, match=rf"requests as {kind[:24]}\S* are not counted"):
        record.rows(FEATURES)


@pytest.mark.parametrize(
    ("content_type", "text", "reason"),
    [
        ("application/json", "{", "the request is not JSON"),
        ("application/json", "3", "the request must hold rows, got '3'"),
        ("application/json", "[3, 4, 5]", "row 1 must have 2 values, got 3"),
        ("application/json", "[[1, 2], 3]", "row 2 must be a list or an object"),
        ("application/json", '[{"spend": 1}]', "row 1 must have the fields ['recency', 'spend']"),
        ("application/json", '[[1, "much"]]', "row 1: spend must be a number, got 'much'"),
        ("application/json", '[[1, {"a": 1}]]', "row 1: spend must be a number, got \"{'a': 1}\""),
        ("application/json", '{"columns": 1, "data": []}', "columns must be a list of names"),
        ("application/json", '{"columns": ["a"], "data": 1}', "data must be a list of rows"),
        ("application/json", '{"columns": [1, "a"], "data": [[1]]}', "columns must be a list of n"),
        (
            "application/json",
            '{"columns": ["a"], "data": [[1]]}',
            "row 1 must have 2 values, got 1",
        ),
        ("application/json", '{"recency": [1], "spend": []}', "as many values of each of"),
        ("application/json", '{"recency": [1], "spend": 1}', "as many values of each of"),
        ("application/jsonlines", "[1, 2]\n{", "row 2 is not JSON"),
        ("application/json", '{"instances":' * 400 + "[]" + "}" * 400, ""),
    ],
)
def test_a_json_request_that_is_not_the_models_is_refused_with_a_reason(
    content_type: str, text: str, reason: str
) -> None:
    if not reason:
        assert asked(content_type, text).rows(FEATURES) == []
        return
    with pytest.raises(RecordUnreadable) as refusal:
        asked(content_type, text).rows(FEATURES)
    assert reason in str(refusal.value)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FEATURES, "instances", "inputs", "columns", "data", "x"]),
            inner,
            max_size=3,
        )
    ),
)


@given(
    st.sampled_from(["text/csv", "application/json", "application/jsonlines"]), JSONS | st.text()
)
def test_any_captured_request_is_rows_or_refused(content_type: str, document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    with suppress(RecordUnreadable):
        assert all(len(row) == 2 for row in asked(content_type, text).rows(FEATURES))


def test_the_version_may_stand_beside_an_answer_that_does_not_name_it() -> None:
    record = json.loads(captured(answer=[1]))
    record["captureData"]["endpointOutput"]["data"] = "score\n0.5\n"
    record["eventMetadata"]["customAttributes"] = ["trace=1", "model_version=7"]
    assert read_record(json.dumps(record).encode()).version == "7"
    record["captureData"]["endpointOutput"]["data"] = '{"score":1,"model_version":"8"}\n{"score":2}'
    assert read_record(json.dumps(record).encode()).version == "8"
