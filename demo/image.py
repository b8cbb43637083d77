"""The demo's container image: the ml room's sources, under a tag made of their content."""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo import places
from emulator.client import RunningAccount

_DESCRIPTION = places.PROJECT / "ml" / "image.toml"
_LOCK = places.PROJECT / "requirements" / "ml.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    sources: tuple[str, ...]
    entrypoint: tuple[str, ...]

    @property
    def tag(self) -> str:
        """A digest of all that goes in, so that one tag never names two contents."""
        digest = hashlib.sha256(_LOCK.read_bytes())
        for path in _files(self.sources):
            digest.update(str(path.relative_to(places.PROJECT)).encode() + b"\0")
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


def described() -> Image:
    document = tomllib.loads(_DESCRIPTION.read_text(encoding="utf-8"))
    return Image(sources=tuple(document["sources"]), entrypoint=tuple(document["entrypoint"]))


def push(account: RunningAccount, repository: str) -> str:
    """Register the image with the account's ECR; return its URI by digest."""
    image = described()
    pushed = account.register_image(
        repository,
        image.tag,
        root=places.PROJECT,
        sources=image.sources,
        entrypoint=image.entrypoint,
        path=(places.ML_BIN,),
        lock=_LOCK,
    )
    return pushed["uri"]


def _files(sources: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        path = places.PROJECT / source
        found += path.rglob("*") if path.is_dir() else [path]
    return sorted(each for each in found if each.is_file() and "__pycache__" not in each.parts)
