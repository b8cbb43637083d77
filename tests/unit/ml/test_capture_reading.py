"""What the server captures itself, the drift check reads as it reads SageMaker's own capture."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_capture import Counts
from test_request import COLUMNS, FEATURES, HEADER, NAMES, OTHER, RECORDS, ROW, SPLIT, VALUES

from contracts.baseline import Baseline, FeatureBaseline
from contracts.capture import ContainerCapture
from drift.window import Window
from lambdas.adapters.capture_record import read_record
from lambdas.adapters.captures import Captures
from lambdas.drift_check.reading import count_captures
from lambdas.drift_check.span import Span
from ml.serving.capture import Capture
from ml.serving.destination import S3Destination
from ml.serving.exchange import Exchange, line_of
from ml.serving.formats.beside import ARROW
from ml.serving.request import read_rows

AT = datetime(1998, 7, 1, 10, 59, 30, tzinfo=UTC)
SETTINGS = ContainerCapture(
    uri="s3://captures/churn", key_arn=None, percent=100, endpoint="churn-dev", variant="live"
)


class Bucket:
    """As much of S3 as both sides use, with a clock that stands."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: object) -> None:
        assert Bucket == "captures"
        self.objects[Key] = Body

    def head_object(self, **_: object) -> dict[str, datetime]:
        return {"LastModified": AT}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": Body(self.objects[Key])}

    def get_paginator(self, operation: str) -> "Bucket":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str) -> list[dict[str, Any]]:
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix) and key > StartAfter]
        return [{"Contents": [{"Key": key} for key in keys]}]


class Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def iter_chunks(self, size: int) -> list[bytes]:
        return [self._content[i : i + size] for i in range(0, len(self._content), size)]


def exchange(
    kind: str, body: bytes, *, name: str = "i", version: str = "3", at: float = 0
) -> Exchange:
    return Exchange(
        at=at,
        inference_id=name,
        custom_attributes=None,
        request_type=kind,
        request=body,
        response_type="text/csv",
        response=b"score,label\n0.5,1\n",
        version=version,
    )


JSON = "application/json"
REQUESTS = [
    ("text/csv", f"{ROW}\r\n{ROW}".encode()),
    ("text/csv; charset=utf-8", f"{HEADER}\n{ROW}\n".encode()),
    ("text/csv", f"\ufeff{','.join(NAMES[::-1])}\n{','.join(ROW.split(',')[::-1])}".encode()),
    *(
        (JSON, json.dumps(document).encode())
        for document in (
            VALUES,
            RECORDS[0],
            [VALUES, OTHER],
            RECORDS,
            {"instances": RECORDS},
            {"inputs": COLUMNS},
            {"dataframe_split": SPLIT},
            {**SPLIT, "index": ["a", "b"]},
            {name: {"0": a, "1": b} for name, (a, b) in COLUMNS.items()},
        )
    ),
    ("application/jsonlines", f"{json.dumps(VALUES)}\n{json.dumps(RECORDS[1])}\n".encode()),
]


@pytest.mark.parametrize(("kind", "body"), REQUESTS)
def test_the_reader_finds_the_rows_that_the_server_answered(kind: str, body: bytes) -> None:
    record = read_record(line_of(exchange(kind, body), AT))
    assert record.version == "3"
    answered = read_rows(body, kind, FEATURES).tolist()
    assert [list(row) for row in record.rows(NAMES)] == answered


def test_the_drift_check_counts_the_servers_own_captures_and_sets_binary_ones_aside() -> None:
    bucket = Bucket()
    capture = Capture(SETTINGS, S3Destination(bucket, SETTINGS), Counts())
    capture._began = (0.0, AT)
    for number, (kind, body) in enumerate(REQUESTS):
        capture.add(exchange(kind, body, at=number * 10.0))  # the hour changes on the way
    capture.add(exchange("text/csv", ROW.encode(), name="probe-1"))
    capture.add(exchange("text/csv", ROW.encode(), version="2"))
    capture.add(exchange("text/csv", ROW.encode(), at=-60.0))
    capture.add(exchange(ARROW, b"\xff\x00"))
    assert capture.flush()
    assert len([key for key in bucket.objects if key.endswith(".jsonl")]) > 1

    window = Window(baseline())
    captures = Captures(bucket, bucket="captures", model="churn", endpoint="churn-dev")
    span = Span(start=AT, end=AT + timedelta(hours=1), version=3)
    counted = count_captures(captures, span, NAMES, window, lately=span)

    assert window.rows == sum(len(read_rows(body, kind, FEATURES)) for kind, body in REQUESTS)
    assert counted.refused == 1
    (quarantined,) = [key for key in bucket.objects if "/quarantine/" in key]
    (line,) = json.loads(bucket.objects[quarantined])["lines"]
    assert line["reason"] == f"requests as {ARROW} are not counted"


def baseline() -> Baseline:
    return Baseline(
        model="churn",
        run_id="churn-dev-1",
        snapshot_date="1998-06-01",
        rows=300,
        features=tuple(
            FeatureBaseline(name=name, cuts=(2.0, 3.0), counts=(100, 100, 100), missing=0)
            for name in NAMES
        ),
    )
