"""A real server captures each answer once in a bucket, whether it drains or waits for each."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from test_serving import ROW, connected, server

from contracts import artifact
from contracts.capture import ContainerCapture

AT = datetime(1998, 7, 1, 10, 30, 30, tzinfo=UTC)


class Bucket(ThreadingHTTPServer):
    """Enough of S3 over HTTP to store objects, with a clock that stands in 1998."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.refusals = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ids(self) -> Counter[str]:
        return Counter(
            json.loads(line)["eventMetadata"]["inferenceId"]
            for key, body in self.objects.items()
            if key.endswith(".jsonl")
            for line in body.splitlines()
        )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "aws-chunked":
            head, _, rest = body.partition(b"\r\n")
            body = rest[: int(head.split(b";")[0], 16)]
        if self.server.refusals > 0 and self.path.endswith(".jsonl"):
            self.server.refusals -= 1
            self.answer(503)
            return
        self.server.objects[self.path] = body
        self.answer(200)

    def do_HEAD(self) -> None:
        self.answer(200)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.send_header("Last-Modified", format_datetime(AT, usegmt=True))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[Bucket]:
    with Bucket() as store:
        thread = threading.Thread(target=store.serve_forever)
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()


def variables(store: Bucket, flush_seconds: int) -> dict[str, str]:
    capture = ContainerCapture(
        uri="s3://captures/churn",
        key_arn=None,
        percent=100,
        endpoint="churn-dev",
        variant="live",
        flush_seconds=flush_seconds,
    )
    return {
        **capture.variables(),
        artifact.VERSION_VARIABLE: "3",
        "AWS_ENDPOINT_URL": store.url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
    }


def ask(connection: HTTPConnection, name: str, body: str = ROW) -> int:
    headers = {"content-type": "text/csv", "X-Amzn-SageMaker-Inference-Id": name}
    connection.request("POST", "/invocations", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_drained_server_has_captured_every_answer_once(trained: Path) -> None:
    names = [f"i-{number}" for number in range(60)]
    with bucket() as store:
        store.refusals = 3
        with server(trained.parent, **variables(store, 300)) as (process, port):
            for start in range(0, len(names), 10):
                with closing(connected(process, port)) as connection:
                    for name in names[start : start + 10]:
                        assert ask(connection, name) == 200
                    assert ask(connection, "refused", "no,row") == 400
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert store.ids() == Counter(names)
        keys = [key for key in store.objects if key.endswith(".jsonl")]
        assert all(k.startswith("/captures/churn/churn-dev/live/1998/07/01/10/30-") for k in keys)


def test_a_serverless_server_has_captured_an_answer_before_it_gives_it(trained: Path) -> None:
    with bucket() as store, server(trained.parent, **variables(store, 0)) as (process, port):
        with closing(connected(process, port)) as connection:
            for number in range(5):
                assert ask(connection, f"i-{number}") == 200
                assert store.ids()[f"i-{number}"] == 1
            connection.request("GET", "/metrics")
            figures = connection.getresponse().read().decode()
        assert "perennial_captured_total 5.0" in figures
        assert "perennial_capture_dropped_total 0.0" in figures
