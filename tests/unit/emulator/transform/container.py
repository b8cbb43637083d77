"""A tiny container for the tests of transform jobs: doubles each line, and fails on demand."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULT = os.environ.get("FAULT", "")
ASKED: list[int] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/ping":
            self.answer(200, b"")
        elif "PARAMETERS" in os.environ:
            self.answer(200, os.environ["PARAMETERS"].encode())
        else:
            self.answer(404, b"no such page")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ASKED.append(len(body))
        if FAULT == "hang":
            print("hanging", flush=True)
            time.sleep(600)
        if b"bad" in body:
            self.answer(400, b"row 1: bad")
        elif b"broken" in body:
            self.answer(500, b"the model is broken")
        elif b"twice" in body and len(ASKED) < 2:
            self.answer(503, b"once more")
        elif b"die" in body:
            os.kill(os.getpid(), signal.SIGKILL)
        elif b"tell" in body:
            said = {"environment": dict(os.environ), "headers": dict(self.headers)}
            self.answer(200, json.dumps(said).encode())
        else:
            self.answer(200, b"\n".join(line * 2 for line in body.splitlines()))

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    assert sys.argv[1:] == ["serve"]
    print("serving", flush=True)
    if FAULT == "crash":
        sys.exit("the model can't be loaded")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    address = (os.environ["BIND_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()
