"""Local images: their digests, and what ECR's tags say about them."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.images import Image, Images
from emulator.manifests import content_of, manifest_of

REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"


class NotThere(Exception):
    pass


class TagExists(Exception):
    pass


class FakeEcr:
    """ECR with immutable tags: hashes manifests as the real one does."""

    exceptions = SimpleNamespace(
        ImageNotFoundException=NotThere, RepositoryNotFoundException=NotThere
    )

    def __init__(self, *repositories: str) -> None:
        self.images: dict[str, dict[str, str]] = {name: {} for name in repositories}

    def describe_images(self, *, repositoryName: str, imageIds: list[dict[str, str]]) -> Any:
        tags = self.images.get(repositoryName, {})
        wanted = imageIds[0]
        digest = tags.get(wanted.get("imageTag", "")) or wanted.get("imageDigest")
        if digest not in tags.values():
            raise NotThere(repositoryName)
        return {"imageDetails": [{"imageDigest": digest}]}

    def put_image(self, *, repositoryName: str, imageTag: str, imageManifest: str) -> None:
        import hashlib

        if imageTag in self.images[repositoryName]:
            raise TagExists(imageTag)
        digest = "sha256:" + hashlib.sha256(imageManifest.encode()).hexdigest()
        self.images[repositoryName][imageTag] = digest


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "sources"
    (root / "ml" / "__pycache__").mkdir(parents=True)
    (root / "ml" / "train.py").write_text("print('trained')\n")
    (root / "ml" / "__pycache__" / "train.cpython-311.pyc").write_bytes(b"\0")
    (root / "uv.lock").write_text("numpy==2.4.0\n")
    return root


def _store(folder: Path, ecr: FakeEcr) -> Images:
    return Images(folder, account_id="000000000000", region="us-east-1", ecr=lambda: ecr)


def _push(images: Images, root: Path, tag: str = "v1", **changes: Any) -> Image:
    options: dict[str, Any] = {
        "repository": "ml",
        "tag": tag,
        "root": root,
        "sources": [Path("ml")],
        "entrypoint": ["python", "-m", "ml.train"],
        "path": [Path("/opt/ml/bin")],
    }
    return images.register(**options | changes)


def test_an_image_resolves_by_tag_and_by_digest(tmp_path: Path, sources: Path):
    images = _store(tmp_path / "images", FakeEcr("ml"))
    pushed = _push(images, sources)
    assert images.resolve(f"{REGISTRY}/ml:v1") == pushed
    assert images.resolve(f"{REGISTRY}/ml@{pushed.digest}") == pushed
    assert pushed.uri == f"{REGISTRY}/ml@{pushed.digest}"
    assert pushed.entrypoint == ("python", "-m", "ml.train")
    assert pushed.path == (Path("/opt/ml/bin"),)


def test_the_digest_that_ecr_shows_is_the_image_s(tmp_path: Path, sources: Path):
    ecr = FakeEcr("ml")
    pushed = _push(_store(tmp_path / "images", ecr), sources)
    assert ecr.images["ml"]["v1"] == pushed.digest


@pytest.mark.parametrize(
    "uri",
    [
        f"{REGISTRY}/ml:v2",
        f"{REGISTRY}/other:v1",
        f"{REGISTRY}/ml@sha256:{'0' * 64}",
        "111111111111.dkr.ecr.us-east-1.amazonaws.com/ml:v1",
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/ml:v1",
        "python:3.12",
    ],
)
def test_what_was_not_pushed_does_not_resolve(tmp_path: Path, sources: Path, uri: str):
    images = _store(tmp_path / "images", FakeEcr("ml", "other"))
    _push(images, sources)
    assert images.resolve(uri) is None


def test_pushing_the_same_content_again_changes_nothing(tmp_path: Path, sources: Path):
    images = _store(tmp_path / "images", FakeEcr("ml"))
    assert _push(images, sources) == _push(images, sources)
    assert len(images.all()) == 1


def test_other_content_under_an_immutable_tag_is_refused(tmp_path: Path, sources: Path):
    images = _store(tmp_path / "images", FakeEcr("ml"))
    _push(images, sources)
    (sources / "ml" / "train.py").write_text("print('retrained')\n")
    with pytest.raises(TagExists):
        _push(images, sources)
    assert len(images.all()) == 1


def test_an_image_keeps_its_sources_when_they_change(tmp_path: Path, sources: Path):
    images = _store(tmp_path / "images", FakeEcr("ml"))
    pushed = _push(images, sources)
    (sources / "ml" / "train.py").write_text("changed\n")
    assert (pushed.root / "ml" / "train.py").read_text() == "print('trained')\n"
    assert not (pushed.root / "ml" / "__pycache__").exists()


def test_images_are_there_after_a_restart(tmp_path: Path, sources: Path):
    ecr = FakeEcr("ml")
    pushed = _push(_store(tmp_path / "images", ecr), sources)
    assert _store(tmp_path / "images", ecr).resolve(pushed.uri) == pushed


def test_the_digest_does_not_depend_on_where_the_sources_are(tmp_path: Path, sources: Path):
    images = _store(tmp_path / "images", FakeEcr("ml"))
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(sources, elsewhere)
    here = _push(images, sources, "here", path=[Path("/a/bin")])
    there = _push(images, elsewhere, "there", path=[Path("/b/bin")])
    assert here.digest == there.digest


def test_whatever_makes_an_image_different_changes_its_digest(sources: Path):
    content = content_of(sources, [Path("ml")])
    base = {"entrypoint": ["python"], "environment": {}, "lock": None}
    changed: list[dict[str, Any]] = [
        {"entrypoint": ["python", "-O"]},
        {"environment": {"A": "1"}},
        {"lock": sources / "uv.lock"},
    ]
    digests = {manifest_of(content, **base | change)[1] for change in [{}, *changed]}
    (sources / "ml" / "train.py").rename(sources / "ml" / "fit.py")
    digests.add(manifest_of(content_of(sources, [Path("ml")]), **base)[1])
    assert len(digests) == 5


def test_bytecode_is_not_part_of_an_image(sources: Path):
    assert list(content_of(sources, [Path("ml")])) == ["ml/train.py"]


def test_a_source_outside_the_root_is_refused(tmp_path: Path, sources: Path):
    (tmp_path / "secret.py").write_text("")
    with pytest.raises(ValueError, match=r"must be below its root .*secret\.py"):
        content_of(sources, [Path("../secret.py")])


def test_a_missing_source_is_named(sources: Path):
    with pytest.raises(FileNotFoundError, match=r"does not exist: .*absent"):
        content_of(sources, [Path("absent")])
