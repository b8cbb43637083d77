"""The archive of a model artifact, read file by file and never unpacked onto a disk."""

import gzip
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from posixpath import normpath
from typing import IO, Protocol, cast

from contracts.errors import ContractError

MAX_FILES = 100
MAX_BYTES = 2 * 1024**3
"""Unpacked; a small archive can hide much more."""
MAX_KEPT_BYTES = 64 * 1024**2
_CHUNK = 1 << 20


class Stream(Protocol):
    """What S3 answers with, or an open file."""

    def read(self, amount: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    sha256: str
    """Of the archive itself."""
    files: Mapping[str, str]
    """sha256 of each file, by name."""
    kept: Mapping[str, bytes]
    """The files that were asked for and are there."""


def read(stream: Stream, where: str, *, keep: Collection[str] = ()) -> Contents:
    """Hash each file of the ``.tar.gz`` as it streams by; anything but plain files is refused.

    Memory stays at one chunk beside what is kept, however large the archive is.
    """
    passing = _Passing(stream)
    files: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    try:
        for name, size, content in _files(passing, where):
            if name in files:
                raise ContractError(f"{where} holds {name} twice")
            if name in keep and size > MAX_KEPT_BYTES:
                raise ContractError(
                    f"{name} of {where} has {size} bytes, allowed are {MAX_KEPT_BYTES}"
                )
            files[name], whole = _digest(content, keep=name in keep)
            if name in keep:
                kept[name] = whole
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ContractError(f"{where} cannot be read: {error}") from error
    return Contents(sha256=passing.rest(), files=files, kept=kept)


def _files(stream: "_Passing", where: str) -> Iterator[tuple[str, int, IO[bytes]]]:
    count, size = 0, 0
    with (
        gzip.GzipFile(fileobj=cast("IO[bytes]", stream), mode="rb") as unzipped,
        tarfile.open(fileobj=unzipped, mode="r|") as archive,
    ):
        for member in archive:
            count, size = count + 1, size + member.size
            if count > MAX_FILES or size > MAX_BYTES:
                raise ContractError(
                    f"{where} holds more than {MAX_FILES} files or {MAX_BYTES} bytes"
                )
            name = normpath(member.name)
            if name.startswith(("/", "..")) or not (member.isfile() or member.isdir()):
                raise ContractError(
                    f"{where} holds {member.name!r}, which is no plain file below it"
                )
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield name, member.size, content


def _digest(content: IO[bytes], *, keep: bool) -> tuple[str, bytes]:
    running, parts = sha256(), list[bytes]()
    while chunk := content.read(_CHUNK):
        running.update(chunk)
        if keep:
            parts.append(chunk)
    return running.hexdigest(), b"".join(parts)


class _Passing:
    """Hashes what passes by."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._running = sha256()

    def read(self, amount: int = _CHUNK, /) -> bytes:
        chunk = self._stream.read(amount)
        self._running.update(chunk)
        return chunk

    def rest(self) -> str:
        """Read what the archive's end left unread; return the sha256 of all of it."""
        while self.read():
            pass
        return self._running.hexdigest()
