"""The server's own capture: every answer once, in the store's time, in bounded memory, none lost
on drain."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from contracts.capture import FLUSH_SECONDS, ContainerCapture
from contracts.errors import ContractError
from ml.serving import capture as capturing
from ml.serving.capture import Capture
from ml.serving.destination import S3Destination
from ml.serving.exchange import Exchange, line_of

AT = datetime(1998, 7, 1, 10, 59, 30, tzinfo=UTC)


@dataclass(slots=True)
class Counts:
    captured: int = 0
    dropped: int = 0
    failures: int = 0


class Store:
    """A bucket with a clock of its own, which may be out of reach."""

    def __init__(self) -> None:
        self.now = AT
        self.files: dict[str, bytes] = {}
        self.broken = False
        self.stored = threading.Event()
        self.looked = threading.Event()

    def time(self) -> datetime:
        if self.broken:
            raise OSError("no route to the store")
        self.looked.set()
        return self.now

    def put(self, name: str, body: bytes) -> None:
        if self.broken:
            raise OSError("no route to the store")
        assert name not in self.files
        self.files[name] = body
        self.stored.set()

    def records(self) -> list[dict[str, dict[str, object]]]:
        return [json.loads(line) for body in self.files.values() for line in body.splitlines()]

    def ids(self) -> list[object]:
        return [record["eventMetadata"].get("inferenceId") for record in self.records()]


def settings(percent: int = 100, flush_seconds: int = 1) -> ContainerCapture:
    return ContainerCapture(
        uri="s3://captures/churn",
        key_arn="arn:aws:kms:eu-west-1:111122223333:key/k",
        percent=percent,
        endpoint="churn-dev",
        variant="live",
        flush_seconds=flush_seconds,
    )


def exchange(
    name: str | None = "i-1",
    *,
    at: float | None = None,
    request: bytes = b"1,2",
    request_type: str = "text/csv",
    attributes: str | None = None,
) -> Exchange:
    return Exchange(
        at=monotonic() if at is None else at,
        inference_id=name,
        custom_attributes=attributes,
        request_type=request_type,
        request=request,
        response_type="application/json",
        response=b'{"model_version":"3","predictions":[{"score":0.5}]}',
        version="3",
    )


@contextmanager
def started(store: Store, **changes: int) -> Iterator[Capture]:
    capture = Capture(settings(**changes), store, Counts(), pause=0.01)
    capture.start()
    yield capture
    capture.close(5)


def test_a_line_is_what_sagemakers_data_capture_writes() -> None:
    record = json.loads(line_of(exchange(attributes="trace=1"), AT))
    assert record["eventMetadata"].pop("eventId")
    assert record == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"model_version":"3","predictions":[{"score":0.5}]}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {
            "customAttributes": ["trace=1", "model_version=3"],
            "inferenceId": "i-1",
            "inferenceTime": "1998-07-01T10:59:30Z",
        },
        "eventVersion": "0",
    }


@pytest.mark.parametrize(
    ("kind", "body", "encoding", "data"),
    [
        ("text/csv; charset=utf-8", b"1", "CSV", "1"),
        ("application/jsonlines", b"[1]", "JSON", "[1]"),
        ("application/vnd.apache.arrow.stream", b"\xff", "BASE64", "/w=="),
        ("text/csv", b"\xff", "BASE64", "/w=="),
    ],
)
def test_what_is_no_text_is_base64(kind: str, body: bytes, encoding: str, data: str) -> None:
    record = json.loads(line_of(exchange(request=body, request_type=kind), AT))
    side = record["captureData"]["endpointInput"]
    assert (side["encoding"], side["data"]) == (encoding, data)


@pytest.mark.parametrize(
    ("name", "attributes", "read"),
    [
        ("a", "inference-id=b", "a"),
        (None, "trace=1;inference-id=b-2", "b-2"),
        (None, "my-inference-id=b", None),
        (None, None, None),
    ],
)
def test_the_inference_id_may_come_in_the_attributes_that_aws_forwards(
    name: str | None, attributes: str | None, read: str | None
) -> None:
    record = json.loads(line_of(exchange(name, attributes=attributes), AT))
    assert record["eventMetadata"].get("inferenceId") == read


def test_answers_are_uploaded_below_the_hour_of_the_stores_clock() -> None:
    store = Store()
    capture = Capture(settings(), store, Counts())
    capture._began = (100.0, store.now)
    capture.add(exchange("first", at=99.0))
    capture.add(exchange("second", at=140.0))  # the store's hour ends after 30 seconds
    assert capture.flush()
    assert [name[:19] for name in store.files] == ["1998/07/01/10/59-29", "1998/07/01/11/00-10"]
    assert store.ids() == ["first", "second"]
    times = [record["eventMetadata"]["inferenceTime"] for record in store.records()]
    assert times == ["1998-07-01T10:59:29Z", "1998-07-01T11:00:10Z"]
    assert (capture.counts.captured, capture.counts.dropped) == (2, 0)


def test_a_batch_is_dated_by_its_beginning_though_the_clock_is_moved_before_its_upload() -> None:
    store = Store()
    with started(store, flush_seconds=300) as capture:
        capture.add(exchange("first"))
        assert store.looked.wait(5)
        with capture._uploading:  # the thread has taken down what time it was
            store.now += timedelta(days=30)
    assert [record["eventMetadata"]["inferenceTime"][:7] for record in store.records()] == [
        "1998-07"
    ]


def test_the_thread_uploads_after_the_flush_seconds() -> None:
    store = Store()
    with started(store, flush_seconds=1) as capture:
        capture.add(exchange())
        assert store.stored.wait(10)
        assert store.ids() == ["i-1"]


def test_drain_uploads_what_is_pending_though_the_store_fails_at_first() -> None:
    store = Store()
    capture = Capture(settings(flush_seconds=300), store, Counts(), pause=0.01)
    capture.start()
    names = [f"i-{n}" for n in range(200)]
    for name in names:
        capture.add(exchange(name))
    store.broken = True
    repaired = threading.Timer(0.1, lambda: setattr(store, "broken", False))
    repaired.start()
    capture.close(10)
    repaired.join()
    assert store.ids() == names
    assert capture.counts.failures > 0
    assert (capture.counts.captured, capture.counts.dropped) == (200, 0)


def test_what_cannot_be_uploaded_in_time_is_counted_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = Store()
    store.broken = True
    capture = Capture(settings(), store, Counts(), pause=0.01)
    capture.add(exchange())
    capture.close(0.05)
    assert (capture.counts.captured, capture.counts.dropped) == (0, 1)
    said = capsys.readouterr().err
    assert "capture: upload failed, will be tried again: no route to the store" in said
    assert "capture: 1 answers were not captured" in said


def test_a_failed_upload_is_tried_again_though_nobody_asks_any_more() -> None:
    store = Store()
    put, failed = store.put, threading.Event()

    def once_broken(name: str, body: bytes) -> None:
        if failed.is_set():
            return put(name, body)
        failed.set()
        raise OSError("reset by peer")

    store.put = once_broken  # type: ignore[method-assign]
    with started(store, flush_seconds=1) as capture:
        capture.add(exchange())
        assert store.stored.wait(10)
    assert failed.is_set()
    assert store.ids() == ["i-1"]


def test_a_store_that_never_answers_does_not_hold_up_the_end() -> None:
    store, hang = Store(), threading.Event()
    store.time = lambda: datetime.fromtimestamp(hang.wait(30), UTC)  # type: ignore[method-assign]
    capture = Capture(settings(), store, Counts())
    capture.start()
    capture.add(exchange())
    capture.close(0.1)
    assert capture.counts.dropped == 1
    hang.set()
    capture._thread.join(10)


def test_a_failed_upload_is_sent_again_under_its_name_and_counted_once() -> None:
    store = Store()
    capture = Capture(settings(), store, Counts())
    capture.add(exchange("first"))
    capture._encode()
    store.broken = True
    assert not capture.flush()
    store.broken = False
    capture.add(exchange("second"))
    assert capture.flush()
    assert store.ids() == ["first", "second"]
    assert capture.flush()
    assert capture.counts.captured == 2


def test_memory_is_bounded_and_what_does_not_fit_is_dropped_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = exchange()
    monkeypatch.setattr(capturing, "MAX_PENDING_BYTES", 3 * one.size)
    store = Store()
    capture = Capture(settings(), store, Counts())
    for _ in range(5):
        capture.add(one)
    assert capture.counts.dropped == 2
    assert capture.flush()
    assert "capture: 2 answers were not captured" in capsys.readouterr().err
    capture.add(one)
    assert capture.flush()
    assert (capture.counts.captured, capture.counts.dropped) == (4, 2)


def test_much_is_uploaded_before_its_time_and_in_several_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capturing, "MAX_FILE_BYTES", 2000)
    store = Store()
    with started(store, flush_seconds=300) as capture:
        for number in range(30):
            capture.add(exchange(f"i-{number}"))
        assert store.stored.wait(10)
    assert len(store.files) > 1
    assert sorted(store.ids(), key=str) == sorted((f"i-{n}" for n in range(30)), key=str)


def test_a_sample_is_taken_of_answers() -> None:
    store = Store()
    drawn = iter([0.0, 0.09, 0.1, 0.99])
    capture = Capture(settings(percent=10), store, Counts(), sample=lambda: next(drawn))
    for number in range(4):
        capture.add(exchange(str(number)))
    assert capture.flush()
    assert store.ids() == ["0", "1"]
    assert capture.counts.dropped == 0


def test_a_serverless_container_flushes_before_it_answers_and_starts_no_thread() -> None:
    store = Store()
    capture = Capture(settings(flush_seconds=0), store, Counts())
    capture.start()
    assert capture.before_answering
    assert "capture" not in {thread.name for thread in threading.enumerate()}
    capture.add(exchange())
    assert capture.flush()
    assert store.ids() == ["i-1"]


class FakeS3:
    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, object]]] = []

    def put_object(self, **asked: object) -> None:
        self.asked.append(("put", asked))

    def head_object(self, **asked: object) -> dict[str, datetime]:
        self.asked.append(("head", asked))
        return {"LastModified": AT}


def test_the_bucket_is_asked_for_its_time_and_written_with_its_key() -> None:
    s3 = FakeS3()
    destination = S3Destination(s3, settings())
    assert destination.time() == AT
    destination.put("1998/07/01/10/x.jsonl", b"{}\n")
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings().key_arn}
    mark = {"Bucket": "captures", "Key": "churn/clock/churn-dev-live"}
    key = "churn/churn-dev/live/1998/07/01/10/x.jsonl"
    assert s3.asked == [
        ("put", {**mark, "Body": b"", **sealed}),
        ("head", mark),
        ("put", {"Bucket": "captures", "Key": key, "Body": b"{}\n", **sealed}),
    ]


def test_the_settings_survive_their_way_through_the_models_environment() -> None:
    assert ContainerCapture.of({}) is None
    assert ContainerCapture.of(settings().variables()) == settings()
    least = {
        name: value
        for name, value in settings().variables().items()
        if name.endswith(("URI", "ENDPOINT", "VARIANT"))
    }
    read = ContainerCapture.of(least)
    assert read is not None
    assert (read.key_arn, read.percent, read.flush_seconds) == (None, 100, FLUSH_SECONDS)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"PERENNIAL_CAPTURE_URI": "captures"}, "looks like s3://bucket/key, got 'captures'"),
        ({"PERENNIAL_CAPTURE_PERCENT": "0"}, "PERENNIAL_CAPTURE_PERCENT must be 1 to 100, got 0"),
        ({"PERENNIAL_CAPTURE_PERCENT": "½"}, "PERCENT must be a whole number, got '½'"),
        ({"PERENNIAL_CAPTURE_VARIANT": "a/b"}, "must be a name without slashes, got 'a/b'"),
        ({"PERENNIAL_CAPTURE_FLUSH_SECONDS": "301"}, "FLUSH_SECONDS must be 0 to 300, got 301"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_variable(changed: dict[str, str], problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        ContainerCapture.of({**settings().variables(), **changed})


def test_a_destination_needs_its_names() -> None:
    with pytest.raises(ContractError, match=r"needs PERENNIAL_CAPTURE_ENDPOINT, PERENNIAL_CAPT"):
        ContainerCapture.of({"PERENNIAL_CAPTURE_URI": "s3://b/c"})
