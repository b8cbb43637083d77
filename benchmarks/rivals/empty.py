"""Our own server, with an application that answers nothing: what the rest of it costs at least."""

import os
import sys
from pathlib import Path

from ml.serving.__main__ import open_listener
from ml.serving.application import Application
from ml.serving.figures import new_board
from ml.serving.machine import workers
from ml.serving.predictor import load_verified
from ml.serving.replies import Receive, Scope, Send
from ml.serving.served import Served
from ml.serving.supervisor import Supervisor
from ml.serving.worker import work


class Empty(Application):
    @property
    def express(self) -> None:
        return None

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def main() -> int:
    served = Served(load_verified(Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model"), "3")
    board = new_board(workers(os.environ))
    listener = open_listener("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"]))

    def worker(number: int) -> int:
        return work(Empty(served, board, number), board, number, listener)

    return Supervisor(board=board, work=worker).run(listener)


if __name__ == "__main__":
    sys.exit(main())
