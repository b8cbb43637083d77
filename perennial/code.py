"""A model's code as runs get it: the archive of its folder, known file by file."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from perennial.evidence import read
from perennial.refusal import Refused

MAX_FILES = 1_000
MAX_BYTES = 50 * 1024 * 1024
"""Unpacked: what a job takes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    archive: bytes
    files: Mapping[str, str]
    """sha256 of each file, by name."""

    @property
    def sha256(self) -> str:
        """As training notes it (contracts.record.Provenance.code_sha256)."""
        rows = [[name, digest] for name, digest in sorted(self.files.items())]
        return sha256(json.dumps(rows).encode()).hexdigest()


def of_archive(content: bytes, where: str) -> Code:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            size = sum(each.file_size for each in members)
            if len(members) > MAX_FILES or size > MAX_BYTES:
                raise Refused(
                    f"{where} holds {len(members)} files of {size} bytes; allowed are "
                    f"{MAX_FILES} files of {MAX_BYTES} bytes",
                    next_step="name the archive of one model's folder",
                )
            files = {
                each.filename: sha256(archive.read(each)).hexdigest()
                for each in members
                if "__pycache__" not in Path(each.filename).parts
            }
    except zipfile.BadZipFile as error:
        raise Refused(
            f"{where} is not a zip archive: {error}", next_step="name a model's folder or archive"
        ) from error
    return Code(archive=content, files=files)


def of_s3(s3: Any, uri: str) -> Code | None:
    """Return the code that lies there now, or None when nothing does."""
    content = read(s3, uri)
    return None if content is None else of_archive(content, uri)


def of_place(s3: Any, place: str) -> Code:
    """Return code that a person names: an ``s3://`` archive, an archive here, or a folder."""
    path = Path(place)
    if place.startswith("s3://"):
        found = of_s3(s3, place)
    elif path.is_dir():
        found = of_archive(_zipped(path), place)
    else:
        found = of_archive(path.read_bytes(), place) if path.is_file() else None
    if found is None:
        raise Refused(
            f"there is no code at {place}", next_step="name a folder, an archive or an s3:// URI"
        )
    return found


def _zipped(folder: Path) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.writestr(path.relative_to(folder).as_posix(), path.read_bytes())
    return whole.getvalue()
