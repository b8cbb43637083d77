"""Messages between a server and the process beside it: a little JSON and a body."""

import json
import socket
import struct
from typing import Any

_HEAD = struct.Struct("<IQ")
"""How long the JSON and the body are."""
_PIECE = 1 << 20


def send(connection: socket.socket, head: dict[str, Any], body: bytes) -> None:
    said = json.dumps(head).encode()
    connection.sendall(_HEAD.pack(len(said), len(body)) + said)
    connection.sendall(body)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return the next message; None when the other side has gone."""
    lengths = _exactly(connection, _HEAD.size)
    if lengths is None:
        return None
    head, body = _HEAD.unpack(lengths)
    said, content = _exactly(connection, head), _exactly(connection, body)
    return None if said is None or content is None else (json.loads(said), content)


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    content = bytearray()
    while len(content) < length:
        part = connection.recv(min(length - len(content), _PIECE))
        if not part:
            return None
        content += part
    return bytes(content)
