"""What Linux says about processes and their listening sockets."""

import os
from pathlib import Path

from emulator import processes


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def listening(pid: int, state: Path) -> set[str]:
    """Return the addresses that the account and its children listen on, as /proc writes them."""
    inodes: set[str] = set()
    for member in {pid, *processes.marked(state)}:
        for descriptor in Path(f"/proc/{member}/fd").iterdir():
            link = os.readlink(descriptor)
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    found: set[str] = set()
    for table, state_code in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state_code and fields[9] in inodes:
                found.add(f"{table} {fields[1]}")
    return found
