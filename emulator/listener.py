"""Which process listens on a port of this machine, to say so in an error."""

import contextlib
import os
import socket
from pathlib import Path

_LISTENING = "0A"


def listen_on(port: int) -> socket.socket:
    """Return a socket bound to 127.0.0.1 and to no other address; 0 takes a free port."""
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def holder_of(port: int) -> str:
    """Return who listens on ``port`` ("process 12 (python -m emulator)"), as far as we may see."""
    inodes = _inodes_on(port)
    for folder in Path("/proc").glob("[0-9]*"):
        if inodes & _sockets_of(folder):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            return f"process {folder.name} ({command[:120]})"
    return "another process"


def _sockets_of(process: Path) -> set[str]:
    found: set[str] = set()
    with contextlib.suppress(OSError):  # not ours to look at, or just gone
        for link in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(link)
                if target.startswith("socket:["):
                    found.add(target[len("socket:[") : -1])
    return found


def _inodes_on(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found
