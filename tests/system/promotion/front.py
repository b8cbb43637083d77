"""A container that misbehaves: it stands before the image's own server and spoils what it answers.

It is copied into an image as its entry point (tests.system.promotion.bad_images), so it knows the
standard library alone. ``behaviour.json`` beside it says what is wrong with the candidate.
"""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

BEHAVIOUR: dict[str, Any] = {}
MARK: Final = "the candidate spoils this answer"
_TURNS = itertools.count(1)
_OWN = threading.local()
_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_PASSED = ("content-type", "accept", _ATTRIBUTES)
_LEAKED: list[bytes] = []
_MOST_LEAKED = 64


def main(arguments: list[str]) -> int:
    described = Path(__file__).with_name("behaviour.json")
    BEHAVIOUR.update(json.loads(described.read_text(encoding="utf-8")))
    if BEHAVIOUR.get("spares_batch") and os.environ.get("SAGEMAKER_BATCH") == "true":
        BEHAVIOUR.clear()
    if BEHAVIOUR.get("exits_at_start"):
        print(f"Traceback: {MARK}: RuntimeError at start", file=sys.stderr, flush=True)
        return 1
    inner = _inner_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "ml.serving.own_container", *arguments],
        env={**os.environ, "SAGEMAKER_BIND_TO_PORT": str(inner), "BIND_HOST": "127.0.0.1"},
    )
    server = _Server(
        (os.environ.get("BIND_HOST", ""), int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))),
        inner,
    )
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = child.wait()
    server.shutdown()
    return code


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], inner: int) -> None:
        super().__init__(address, _Handler)
        self.inner = inner
        self.began = time.monotonic()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line for each request is no log."""

    def do_GET(self) -> None:
        if time.monotonic() - self._server.began < BEHAVIOUR.get("starts_after", 0):
            self._answer(503, {}, b"not yet")
            return
        status, headers, content = self._asked("GET", b"")
        status = BEHAVIOUR.get("ping", status) if self.path == "/ping" else status
        self._answer(status, headers, content)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        turn = next(_TURNS)
        if self._misbehaved(turn):
            return
        began = time.monotonic()
        status, headers, content = self._asked("POST", body)
        slower = BEHAVIOUR.get("slower", 1)
        if slower > 1:
            time.sleep(max(0.05, (slower - 1) * (time.monotonic() - began)))
        if status == 200 and turn > BEHAVIOUR.get("after", 0):
            several = len(body.splitlines()) > 1
            if several or not BEHAVIOUR.get("spares_single_rows"):
                content = _spoilt(content, headers.get("content-type", ""))
        self._answer(status, headers, content)

    def _misbehaved(self, turn: int) -> bool:
        """Do what is wrong with this server; say whether that was its answer."""
        if turn > BEHAVIOUR.get("after", 0):
            if BEHAVIOUR.get("exits_when_asked"):
                os._exit(139)
            if turn % BEHAVIOUR.get("fails_every", 1 << 62) == 0:
                text = f"{MARK}: request {turn}"
                self._answer(500, {"content-type": "text/plain"}, text.encode())
                return True
            if turn % BEHAVIOUR.get("stalls_every", 1 << 62) == 0:
                time.sleep(1.5)
            time.sleep(BEHAVIOUR.get("lags", 0))
        return bool(BEHAVIOUR.get("provokable")) and self._provoked()

    def _provoked(self) -> bool:
        """Do what a rare kind of request makes the server do; say whether it is answered so."""
        match self.headers.get(_ATTRIBUTES, "").partition("provoke=")[2]:
            case "5xx":
                self._answer(500, {"content-type": "text/plain"}, f"{MARK}: provoked".encode())
                return True
            case "slow":
                time.sleep(1.5)
            case "cpu":
                until = time.thread_time() + 0.3
                while time.thread_time() < until:
                    pass
            case "memory" if len(_LEAKED) < _MOST_LEAKED:
                _LEAKED.append(b"1" * (32 << 20))
            case "disk":
                left = Path.home() / f"left-behind-{next(_TURNS)}"
                left.write_bytes(b"1" * (8 << 20))
        return False

    def _asked(self, method: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = _connection(self._server.inner)
        passed = {name: value for name, value in self.headers.items() if name.lower() in _PASSED}
        try:
            connection.request(method, self.path, body or None, passed)
            answer = connection.getresponse()
            kept = {
                name.lower(): value
                for name, value in answer.getheaders()
                if name.lower() in _PASSED
            }
            return answer.status, kept, answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # the next request opens it again
            return 503, {}, b"the server does not answer yet"

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @property
    def _server(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server


def _connection(inner: int) -> http.client.HTTPConnection:
    """Each thread, which is one of the endpoint's connections, keeps its own."""
    if not hasattr(_OWN, "connection"):
        _OWN.connection = http.client.HTTPConnection("127.0.0.1", inner, timeout=60)
    return _OWN.connection


def _spoilt(content: bytes, content_type: str) -> bytes:
    """Change the scores of an answer in whichever format the server gave it."""
    if "constant" not in BEHAVIOUR and "shift" not in BEHAVIOUR:
        return content
    if content_type.startswith("text/csv"):
        return "".join(_spoilt_line(line) for line in content.decode().splitlines()).encode()
    if content_type.startswith("application/jsonlines"):
        documents = [json.loads(line) for line in content.splitlines() if line]
        return "".join(f"{json.dumps(_spoilt_one(each))}\n" for each in documents).encode()
    document = json.loads(content)
    document["predictions"] = [_spoilt_one(each) for each in document["predictions"]]
    return json.dumps(document).encode()


def _spoilt_line(line: str) -> str:
    score, comma, rest = line.partition(",")
    try:
        return f"{_spoilt_score(float(score))}{comma}{rest}\n"
    except ValueError:  # the header
        return f"{line}\n"


def _spoilt_one(prediction: dict[str, Any]) -> dict[str, Any]:
    return {**prediction, "score": _spoilt_score(prediction["score"])}


def _spoilt_score(score: float) -> float:
    if "constant" in BEHAVIOUR:
        return float(BEHAVIOUR["constant"])
    return score + float(BEHAVIOUR["shift"])


def _inner_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
