"""Unpack a ``model.tar.gz`` that somebody else made: only plain files, only so large."""

import tarfile
from pathlib import Path

from ml.refusal import Refusal

MAX_FILES = 100
MAX_BYTES = 2 * 1024**3
"""Unpacked; a small archive can hide much more."""


def unpack(path: Path, folder: Path) -> None:
    """Extract ``path`` below ``folder``; links, devices and paths outside are refused."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            files, size = 0, 0
            for member in archive:
                files, size = files + 1, size + member.size
                if files > MAX_FILES or size > MAX_BYTES:
                    raise Refusal(
                        f"{path.name} holds more than {MAX_FILES} files or {MAX_BYTES} bytes"
                    )
                if not (member.isfile() or member.isdir()):
                    raise Refusal(f"{path.name} holds {member.name!r}, which is no plain file")
                archive.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Refusal(f"{path.name} cannot be unpacked: {error}") from error
