import base64
import json
from typing import Any

import pytest

from lambdas.drift_check.lines import lines_of
from lambdas.drift_check.record import RecordUnreadable, read_record

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
