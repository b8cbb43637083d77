"""A model's own code: the archive of its folder, unpacked and imported as package ``workload``."""

import importlib
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from contracts import artifact
from contracts.card import ModelCard, load
from ml.places import only_file
from ml.refusal import Refusal

PACKAGE = "workload"
MAX_FILES = 1_000
MAX_BYTES = 50 * 1024 * 1024
"""Unpacked; model code is text, and a small archive can hide much more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One model's card and code."""

    card: ModelCard
    card_text: bytes
    folder: Path
    sha256: str
    """Of the files' names and contents: the same in whatever order and at whatever time zipped."""

    def module(self, name: str) -> ModuleType:
        """Import ``<folder>/<name>.py`` as ``workload.<name>``; its relative imports work."""
        return _module(name)


def import_folder(folder: Path) -> Callable[[str], ModuleType]:
    """Make ``folder`` the package ``workload``; return what imports a module of it by name."""
    _import_package(folder)
    return _module


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{PACKAGE}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{PACKAGE}.{name}":
            raise
        raise Refusal(f"the model's code has no {name}.py") from error


def unpack(code: Path, room: Path) -> Workload:
    """Unpack the one archive in the input folder ``code`` below ``room``."""
    folder = room / PACKAGE
    folder.mkdir(parents=True)
    _extract(only_file(code, "*.zip"), folder)
    digest = _digest(folder)
    card = folder / artifact.CARD
    if not card.is_file():
        raise Refusal(f"the model's code has no {artifact.CARD}")
    _import_package(folder)
    return Workload(card=load(card), card_text=card.read_bytes(), folder=folder, sha256=digest)


def _digest(folder: Path) -> str:
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    files = [
        [name, sha256(path.read_bytes()).hexdigest()]
        for name, path in sorted(names.items())
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return sha256(json.dumps(files).encode()).hexdigest()


def _import_package(folder: Path) -> None:
    """Make ``folder`` the package ``workload``, in place of any that was before."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    package = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]
    sys.modules[PACKAGE] = package


def _extract(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse_oversized(path.name, members)
            for member in members:
                target = folder / member.filename
                if not target.resolve().is_relative_to(folder.resolve()):
                    raise Refusal(f"{path.name} names a file outside itself: {member.filename!r}")
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        raise Refusal(f"{path.name} is not a zip archive: {error}") from error


def _refuse_oversized(name: str, members: list[zipfile.ZipInfo]) -> None:
    size = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or size > MAX_BYTES:
        raise Refusal(
            f"{name} holds {len(members)} files of {size} bytes; "
            f"allowed are {MAX_FILES} files of {MAX_BYTES} bytes"
        )
