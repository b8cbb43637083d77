"""Close a client's connection without a word: HTTP servers always answer something."""

import os
import socket
import stat
from contextlib import suppress
from typing import Any


def hang_up(client: tuple[str, int]) -> None:
    """Shut this process's socket whose peer is ``client``; the server then finds it closed."""
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # a file, or gone meanwhile
            if _peer(int(name)) == tuple(client):
                with socket.socket(fileno=os.dup(int(name))) as connection:
                    connection.shutdown(socket.SHUT_RDWR)
                return


def _peer(number: int) -> Any:
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        return None
    with socket.socket(fileno=os.dup(number)) as candidate:
        return candidate.getpeername()
