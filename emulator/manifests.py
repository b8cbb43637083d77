"""The deterministic manifest of a local image, from which its digest follows."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def content_of(root: Path, sources: Sequence[Path]) -> dict[str, Path]:
    """Return every file of ``sources`` by its path below ``root``, in a stable order.

    Bytecode is left out: it differs from run to run.
    """
    root = root.resolve()
    files: dict[str, Path] = {}
    for source in sources:
        start = (root / source).resolve()
        if not start.is_relative_to(root):
            raise ValueError(f"an image's sources must be below its root {root}, got {start}")
        if not start.exists():
            raise FileNotFoundError(f"an image's source does not exist: {start}")
        for file in _files(start):
            files[file.relative_to(root).as_posix()] = file
    if not files:
        raise ValueError(f"an image needs at least one file, got none below {root}")
    return dict(sorted(files.items()))


def _files(start: Path) -> Iterator[Path]:
    if start.is_file():
        yield start
        return
    for path in start.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path


def manifest_of(
    content: Mapping[str, Path],
    *,
    entrypoint: Sequence[str],
    environment: Mapping[str, str],
    lock: Path | None,
) -> tuple[str, str]:
    """Return the manifest of an image with this content, and the manifest's digest.

    Nothing of this machine enters it: equal content has an equal digest everywhere.
    """
    layer = hashlib.sha256()
    size = 0
    for name, file in content.items():
        data = file.read_bytes()
        size += len(data)
        layer.update(f"{name}\0{len(data)}\0".encode())
        layer.update(data)
    config = _canonical(
        {
            "config": {"Entrypoint": list(entrypoint), "Env": dict(sorted(environment.items()))},
            "lock": "" if lock is None else hashlib.sha256(lock.read_bytes()).hexdigest(),
        }
    )
    manifest = _canonical(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {
                "mediaType": _CONFIG,
                "size": len(config),
                "digest": f"sha256:{hashlib.sha256(config.encode()).hexdigest()}",
            },
            "layers": [
                {"mediaType": _LAYER, "size": size, "digest": f"sha256:{layer.hexdigest()}"}
            ],
        }
    )
    return manifest, f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def copy_content(content: Mapping[str, Path], folder: Path) -> None:
    """Copy the content below ``folder``; mode bits are kept, so scripts stay executable."""
    for name, file in content.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
