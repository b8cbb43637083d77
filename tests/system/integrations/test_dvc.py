"""The data bucket as a DVC remote: what was pushed comes back, and a model learns from it."""

import shutil
from pathlib import Path

import pytest

from demo.history import Delivery
from tests.system.integrations.dvc_repository import DvcRepository
from tests.system.integrations.workbench import DATA, MODEL, Workbench

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

REMOTE = f"s3://{DATA}/{MODEL}/dvc"


@pytest.fixture
def dvc(workbench: Workbench, tmp_path: Path) -> DvcRepository:
    """A repository without Git, as docs/guides/data-versioning.md sets one up."""
    root = tmp_path / "repository"
    root.mkdir()
    dvc = DvcRepository(root=root, account=workbench.account.environment())
    dvc("init", "--no-scm")
    dvc("remote", "add", "--default", "data", REMOTE)
    return dvc


def forget(dvc: DvcRepository, folder: str) -> None:
    """Delete what DVC has on this machine; what is left is the small file that names the data."""
    shutil.rmtree(dvc.root / folder)
    shutil.rmtree(dvc.root / ".dvc" / "cache")


def bytes_below(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_model_is_trained_from_what_came_back(
    dvc: DvcRepository, workbench: Workbench, files: list[Delivery]
) -> None:
    data = dvc.root / "data"
    for file in files:
        (data / file.dataset).mkdir(parents=True, exist_ok=True)
        (data / file.dataset / file.name).write_bytes(file.content)
    before = bytes_below(data)
    dvc("add", "data")
    dvc("push")
    forget(dvc, "data")

    dvc("pull")

    assert bytes_below(data) == before
    came_back = sorted(path for path in data.rglob("*.csv"))
    given = workbench.give(
        Delivery(dataset=path.parent.name, name=path.name, content=path.read_bytes())
        for path in came_back
    )
    job = workbench.train("from-dvc", given)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"].startswith("s3://")


def test_an_earlier_version_comes_back_after_a_later_one_was_pushed(dvc: DvcRepository) -> None:
    data = dvc.root / "data"
    data.mkdir()
    (data / "rows.csv").write_text("1\n")
    dvc("add", "data")
    dvc("push")
    earlier = (dvc.root / "data.dvc").read_text()
    (data / "rows.csv").write_text("2\n")
    dvc("add", "data")
    dvc("push")
    forget(dvc, "data")

    (dvc.root / "data.dvc").write_text(earlier)
    dvc("pull")

    assert (data / "rows.csv").read_text() == "1\n"


def test_a_version_aware_remote_names_the_buckets_own_versions(
    dvc: DvcRepository, workbench: Workbench
) -> None:
    dvc("remote", "modify", "data", "version_aware", "true")
    data = dvc.root / "named"
    data.mkdir()
    (data / "rows.csv").write_text("1\n")
    dvc("add", "named")
    dvc("push")
    (data / "rows.csv").write_text("2\n")
    forget(dvc, "named")

    dvc("pull")

    assert (data / "rows.csv").read_text() == "1\n"
    key = f"{MODEL}/dvc/named/rows.csv"
    (version,) = workbench.client("s3").list_object_versions(Bucket=DATA, Prefix=key)["Versions"]
    assert f"version_id: {version['VersionId']}" in (dvc.root / "named.dvc").read_text()
