"""Archives of a job's output: the same files give the same bytes, whenever and wherever made."""

import gzip
import tarfile
from pathlib import Path


def archive(folder: Path, target: Path) -> bool:
    """Write ``folder`` as a tar.gz to ``target``; write nothing when it holds no file."""
    entries = sorted(folder.rglob("*")) if folder.is_dir() else []
    if not any(entry.is_file() for entry in entries):
        return False
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in entries:
            _add(tar, entry, entry.relative_to(folder).as_posix())
    return True


def _add(tar: tarfile.TarFile, entry: Path, name: str) -> None:
    info = tar.gettarinfo(entry, arcname=name)
    info.mtime = 0
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    if info.isfile():
        with entry.open("rb") as content:
            tar.addfile(info, content)
    else:
        tar.addfile(info)
