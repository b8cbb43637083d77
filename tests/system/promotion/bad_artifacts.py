"""Model archives that somebody damaged, replaced or filled with what does not belong there."""

import gzip
import io
import json
import pickle
import tarfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from contracts import artifact

Change = Callable[[bytes], bytes]

BOMB_BYTES = 3 * 1024**3
"""Unpacked: more than any model may have, and some 3 MB as an archive."""


def files_of(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        found = {each.name: tar.extractfile(each) for each in tar if each.isfile()}
        return {name: file.read() for name, file in found.items() if file is not None}


def archive_of(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return content.getvalue()


def manifest_sha256(archive: bytes) -> str:
    return sha256(files_of(archive)[artifact.MANIFEST]).hexdigest()


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """List the files as they are, as whoever made the artifact would have."""
    listed = {name: body for name, body in files.items() if name != artifact.MANIFEST}
    digests = {name: sha256(body).hexdigest() for name, body in listed.items()}
    return {**listed, artifact.MANIFEST: artifact.Manifest(files=digests).render()}


def bit_flipped(archive: bytes) -> bytes:
    """One bit of the model, in the midst of its trees."""
    files = files_of(archive)
    model = bytearray(files[artifact.MODEL])
    model[len(model) // 2] ^= 1
    return archive_of({**files, artifact.MODEL: bytes(model)})


def truncated(archive: bytes) -> bytes:
    return archive[: len(archive) // 2]


def with_swapped_files(archive: bytes) -> bytes:
    """Two files under each other's name."""
    files = files_of(archive)
    return archive_of(
        {
            **files,
            artifact.BASELINE: files[artifact.METRICS],
            artifact.METRICS: files[artifact.BASELINE],
        }
    )


class _Trap:
    """What it leaves shows that somebody loaded it."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self._trace,))


def with_pickle(trace: Path) -> Change:
    """Plant a pickle that touches ``trace`` when it is loaded."""

    def plant(archive: bytes) -> bytes:
        return archive_of({**files_of(archive), "model.pkl": pickle.dumps(_Trap(trace))})

    return plant


def with_bomb(archive: bytes) -> bytes:
    """A small archive that fills a disk when it is unpacked."""
    content = io.BytesIO()
    block = bytes(1 << 20)
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as packed:
        for name, body in files_of(archive).items():
            packed.write(_header(name, len(body)) + body + bytes(-len(body) % 512))
        packed.write(_header("weights.bin", BOMB_BYTES))
        for _ in range(BOMB_BYTES // len(block)):
            packed.write(block)
        packed.write(bytes(1024))
    return content.getvalue()


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf()


def asking_other_features(archive: bytes) -> bytes:
    """A whole artifact whose card names another first feature, and has one more."""
    files = files_of(archive)
    card = files[artifact.CARD].decode().replace('"recency_days"', '"days_since_visit"', 1)
    assert "days_since_visit" in card
    card = card.replace("[[features]]", '[[features]]\nname = "visits"\n\n[[features]]', 1)
    return archive_of(with_manifest({**files, artifact.CARD: card.encode()}))


def with_other_golden_answers(archive: bytes) -> bytes:
    """A whole artifact whose model does not give the answers that it says it gives."""
    files = files_of(archive)
    golden = json.loads(files[artifact.GOLDEN])
    golden["scores"] = [score / 2 for score in golden["scores"]]
    return archive_of(with_manifest({**files, artifact.GOLDEN: json.dumps(golden).encode()}))
