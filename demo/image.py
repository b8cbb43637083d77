"""The demo's container image: the ml room's sources, under a tag made of their content."""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo import places
from demo.failure import DemoFailed
from emulator.client import RunningAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """One of the images that cards name; what it holds beside our sources is its lock."""

    description: str
    lock: str
    interpreter: Path
    """Folder of the environment that the lock makes on this machine."""


FLAVOURS = {
    "standard": Flavour(
        description="ml/image.toml", lock="requirements/ml.txt", interpreter=places.ML_BIN
    ),
    "torch": Flavour(
        description="ml/image-torch.toml",
        lock="requirements/torch.txt",
        interpreter=places.TORCH_BIN,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    name: str
    flavour: Flavour
    sources: tuple[str, ...]
    entrypoint: tuple[str, ...]

    @property
    def lock(self) -> Path:
        return places.PROJECT / self.flavour.lock

    @property
    def tag(self) -> str:
        """``standard-`` and a digest of all that goes in: one tag never names two contents."""
        digest = hashlib.sha256(self.lock.read_bytes())
        for path in _files(self.sources):
            digest.update(str(path.relative_to(places.PROJECT)).encode() + b"\0")
            digest.update(path.read_bytes())
        return f"{self.name}-{digest.hexdigest()[:12]}"


def described(name: str) -> Image:
    """Return the image that a card calls ``name``."""
    flavour = FLAVOURS.get(name)
    if flavour is None:
        raise DemoFailed(
            f"no image {name!r} can be made here",
            next_step=f"let the card name one of: {', '.join(FLAVOURS)}",
        )
    path = places.PROJECT / flavour.description
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Image(
        name=name,
        flavour=flavour,
        sources=tuple(document["sources"]),
        entrypoint=tuple(document["entrypoint"]),
    )


def push(account: RunningAccount, repository: str, name: str) -> str:
    """Register the image with the account's ECR; return its URI by digest."""
    image = described(name)
    pushed = account.register_image(
        repository,
        image.tag,
        root=places.PROJECT,
        sources=image.sources,
        entrypoint=image.entrypoint,
        path=(image.flavour.interpreter,),
        lock=image.lock,
    )
    return pushed["uri"]


def _files(sources: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        path = places.PROJECT / source
        found += path.rglob("*") if path.is_dir() else [path]
    return sorted(each for each in found if each.is_file() and "__pycache__" not in each.parts)
