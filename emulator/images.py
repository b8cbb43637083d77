"""Container images of the embedded account: what an ECR image stands for on this machine.

ECR itself (MiniStack's) says which tag is which digest; this store says what runs for a digest:
a private copy of the sources, an entry point, and the interpreter's folder. Like a real image it
never changes: its digest is the digest of a manifest made from its content.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
"""

import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from emulator.manifests import content_of, copy_content, manifest_of

_URI = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What runs for one image: start ``entrypoint`` in ``root`` with ``path`` first in PATH."""

    uri: str
    """``<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>``."""
    digest: str
    root: Path
    entrypoint: tuple[str, ...]
    path: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        described = asdict(self)
        return described | {"root": str(self.root), "path": [str(entry) for entry in self.path]}

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> Self:
        return cls(
            uri=described["uri"],
            digest=described["digest"],
            root=Path(described["root"]),
            entrypoint=tuple(described["entrypoint"]),
            path=tuple(Path(entry) for entry in described["path"]),
            environment=dict(described["environment"]),
        )


class Images:
    """The images that were registered with this account."""

    def __init__(
        self, folder: Path, *, account_id: str, region: str, ecr: Callable[[], Any]
    ) -> None:
        self._folder = folder
        self._registry = f"{account_id}.dkr.ecr.{region}.amazonaws.com"
        self._ecr = ecr
        self._lock = threading.Lock()
        self._folder.mkdir(parents=True, exist_ok=True)

    def register(
        self,
        *,
        repository: str,
        tag: str,
        root: Path,
        sources: Sequence[Path],
        entrypoint: Sequence[str],
        path: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        lock: Path | None = None,
    ) -> Image:
        """Push an image made of ``sources`` (below ``root``) under ``tag``; return it.

        The repository must exist. An immutable tag that names another digest answers ECR's
        ``ImageTagAlreadyExistsException``; the same digest again changes nothing.
        """
        content = content_of(root, sources)
        variables = dict(environment or {})
        manifest, digest = manifest_of(
            content, entrypoint=entrypoint, environment=variables, lock=lock
        )
        with self._lock:
            image = Image(
                uri=f"{self._registry}/{repository}@{digest}",
                digest=digest,
                root=self._folder / digest.removeprefix("sha256:") / "root",
                entrypoint=tuple(entrypoint),
                path=tuple(path),
                environment=variables,
            )
            if self._digest_of(repository, {"imageTag": tag}) != digest:
                self._ecr().put_image(
                    repositoryName=repository, imageTag=tag, imageManifest=manifest
                )
            self._keep(image, content)
            return image

    def resolve(self, image_uri: str) -> Image | None:
        """Return what ``image_uri`` runs, or ``None`` when ECR or this store does not have it."""
        parts = _URI.match(image_uri)
        if parts is None or not image_uri.startswith(f"{self._registry}/"):
            return None
        wanted = (
            {"imageDigest": parts["digest"]}
            if parts["digest"]
            else {"imageTag": parts["tag"] or "latest"}
        )
        digest = self._digest_of(parts["repository"], wanted)
        if digest is None:
            return None
        record = self._folder / digest.removeprefix("sha256:") / "image.json"
        if not record.exists():
            return None
        image = Image.from_json(json.loads(record.read_text()))
        return Image.from_json(
            image.as_json() | {"uri": f"{self._registry}/{parts['repository']}@{digest}"}
        )

    def all(self) -> list[Image]:
        """Return every image of the store, ordered by digest."""
        records = sorted(self._folder.glob("*/image.json"))
        return [Image.from_json(json.loads(record.read_text())) for record in records]

    def _digest_of(self, repository: str, image_id: Mapping[str, str]) -> str | None:
        ecr = self._ecr()
        try:
            found = ecr.describe_images(repositoryName=repository, imageIds=[image_id])
        except (
            ecr.exceptions.ImageNotFoundException,
            ecr.exceptions.RepositoryNotFoundException,
        ):
            return None
        details = found["imageDetails"]
        return details[0]["imageDigest"] if details else None

    def _keep(self, image: Image, content: Mapping[str, Path]) -> None:
        final = image.root.parent
        if not final.exists():
            staging = Path(tempfile.mkdtemp(dir=self._folder, prefix=".pushing-"))
            copy_content(content, staging / "root")
            _compile(staging / "root", image.path)
            staging.rename(final)
        # The interpreter's folder is this machine's, not the image's: the newest one counts.
        record = final / "image.json"
        written = record.with_suffix(".new")
        written.write_text(json.dumps(image.as_json(), indent=2))
        written.replace(record)

    def clear(self) -> None:
        """Forget every image (a fresh account)."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)


def _compile(root: Path, path: Sequence[Path]) -> None:
    """Compile the sources with the image's own interpreter, once, as an image's build would.

    What runs in the image writes nothing beside its sources, so each start would compile them.
    """
    interpreter = next((each / "python" for each in path if (each / "python").exists()), None)
    if interpreter is not None:
        subprocess.run(
            [interpreter, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", root],
            check=False,  # a source that does not compile says so when it is run
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
