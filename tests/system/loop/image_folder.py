"""The scenarios' container image: the ml room's sources, or a copy that was tampered with."""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

from emulator.client import PROJECT, RunningAccount

_LOCK = PROJECT / "requirements" / "ml.txt"
_INTERPRETER = PROJECT / ".perennial" / "env" / "ml" / "bin"


def push(account: RunningAccount, repository: str, tag: str, root: Path = PROJECT) -> str:
    """Register the sources below ``root`` as ``standard-<tag>``; return the image's digest."""
    described = tomllib.loads((PROJECT / "ml" / "image.toml").read_text(encoding="utf-8"))
    pushed = account.register_image(
        repository,
        f"standard-{tag}",
        root=root,
        sources=described["sources"],
        entrypoint=described["entrypoint"],
        path=(_INTERPRETER,),
        lock=_LOCK,
    )
    return pushed["digest"]


def tampered(root: Path, file: str, change: Callable[[str], str]) -> Path:
    """Copy the image's sources to ``root`` with one file changed; return ``root``."""
    described = tomllib.loads((PROJECT / "ml" / "image.toml").read_text(encoding="utf-8"))
    for source in described["sources"]:
        here, there = PROJECT / source, root / source
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    before = (root / file).read_text(encoding="utf-8")
    after = change(before)
    assert after != before, f"nothing of {file} was changed"
    (root / file).write_text(after, encoding="utf-8")
    return root
