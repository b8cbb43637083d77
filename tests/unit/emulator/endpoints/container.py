"""A tiny container for the tests: answers with its model's id, and fails on demand."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])
FAULT = os.environ.get("FAULT", "")
SICK = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(503 if FAULT == "unhealthy" or SICK else 200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if FAULT == "slow":
            time.sleep(0.3)
        if FAULT == "5xx":
            return self.answer(500, b"the model is broken")
        if body == b"get sick":
            SICK.append(True)
        if body == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        model = BASE / "model" / "id.txt"
        said = {
            "model": model.read_text() if model.exists() else os.environ.get("MODEL_ID", "none"),
            "pid": os.getpid(),
            "size": len(body),
            "id": self.headers.get("X-Amzn-SageMaker-Inference-Id"),
            "environment": dict(os.environ) if body == b"environment" else None,
        }
        return self.answer(200, json.dumps(said).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


if __name__ == "__main__":
    assert sys.argv[1:] == ["serve"]
    (BASE / "pid").write_text(str(os.getpid()))
    print("serving", os.environ.get("MODEL_ID"))
    if FAULT == "crash":
        sys.exit("the model can't be loaded")
    address = (os.environ["BIND_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Server(address, Handler).serve_forever()
