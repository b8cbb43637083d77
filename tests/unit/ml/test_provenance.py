"""The same inputs make the same artifact anywhere; another input is named in its provenance."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import SETTINGS
from job_folders import IMAGE, ROOT, Files, Job

from contracts import artifact
from contracts.record import parse_provenance
from ml import code_archive as archives
from ml.refusal import Refusal
from ml.training import provenance
from ml.training.settings import chosen

Train = Callable[..., Path]


def provenance_of(base: Path) -> dict[str, object]:
    return json.loads((base / "model" / artifact.PROVENANCE).read_text())


def manifest_of(base: Path) -> artifact.Manifest:
    return artifact.parse_manifest((base / "model" / artifact.MANIFEST).read_bytes())


def image_root(root: Path) -> Path:
    """Lay out what the image holds, as ml/Dockerfile does."""
    for name in ("ml", "contracts", "drift"):
        (root / name).symlink_to(ROOT / name)
    (root / "requirements").mkdir()
    (root / "requirements" / "ml.txt").write_bytes(IMAGE.lock.read_bytes())
    return root


@pytest.mark.slow
def test_two_processes_in_two_folders_write_the_same_bytes(tmp_path: Path, shop: Files) -> None:
    """Python orders sets of texts by a seed of the process: 0 and 6 order the opsets otherwise."""
    manifests = []
    for seed in ("0", "6"):
        base = Job(base=tmp_path / f"somewhere-{seed}").training(shop, SETTINGS).base
        subprocess.run(
            [sys.executable, "-c", f"{PROGRAM}train(Places(base=Path({str(base)!r})), *REST)"],
            cwd=ROOT,
            env={"PATH": os.defpath, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{HERE}"},
            check=True,
        )
        manifests.append(manifest_of(base).files)
    assert manifests[0] == manifests[1]
    assert artifact.PROVENANCE in manifests[0]


HERE = Path(__file__).parent
PROGRAM = (
    "from pathlib import Path;from job_folders import IMAGE;from ml.places import Places;"
    "from ml.training.__main__ import train;REST = (IMAGE, {});"
)


def test_provenance_holds_what_was_used(trained: Path) -> None:
    found = parse_provenance(json.loads((trained / artifact.PROVENANCE).read_text()))
    assert found.run_id == "churn-dev-0123456789ab"
    assert found.as_of == "1997-06-01T00:00:00Z"
    assert found.hyperparameters["seed"] == "20261124"
    assert (found.threads, found.image_commit) == (1, "unknown")
    assert found.python == f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("snapshot_digest", lambda shop, _: {"files": {**shop, "purchases/1997-06.csv": JUNE}}),
        ("code_sha256", lambda _, __: {"changed": {"notes.txt": "another file"}}),
        ("lock_sha256", lambda _, other: {"image": replace(IMAGE, lock=other)}),
        ("image_commit", lambda _, __: {"image": replace(IMAGE, commit="0" * 40)}),
        ("hyperparameters", lambda _, __: {"max_iter": "3"}),
        ("as_of", lambda _, __: {"as_of": "1997-06-01T00:00:01Z"}),
        ("run_id", lambda _, __: {"run_id": "churn-dev-another"}),
    ],
)
def test_another_input_is_another_manifest_and_the_provenance_names_it(
    trained: Path,
    training: Train,
    shop: Files,
    tmp_path: Path,
    named: str,
    change: Callable[[Files, Path], dict[str, object]],
) -> None:
    (tmp_path / "other.txt").write_text("scikit-learn==1.9.1\n")
    other = training(**{"files": shop, **change(shop, tmp_path / "other.txt")})
    before, after = provenance_of(trained.parent), provenance_of(other)
    assert [name for name in before if before[name] != after[name]] == [named]
    assert manifest_of(trained.parent) != manifest_of(other)


JUNE = b"customer_id,date,quantity,amount\n1,1997-06-01,1,9.5\n"


def zipped(path: Path, *names: str) -> Path:
    path.mkdir(parents=True)
    with zipfile.ZipFile(path / "code.zip", "w") as archive:
        for name in names:
            archive.writestr(name, (ROOT / "ml/workloads/churn" / name.split("/")[-1]).read_text())
    return path


def test_the_digest_of_code_is_of_names_and_contents(tmp_path: Path) -> None:
    def digest(folder: str, *names: str) -> str:
        return archives.unpack(
            zipped(tmp_path / folder, *names), tmp_path / f"{folder}-room"
        ).sha256

    one = digest("one", "card.toml", "model.py")
    assert one == digest("reordered", "model.py", "card.toml")
    assert one != digest("moved", "card.toml", "inner/model.py")
    assert one != digest("more", "card.toml", "model.py", "features.py")


def test_the_one_lock_of_the_image_is_found_beside_its_sources(tmp_path: Path) -> None:
    program = "from ml.training.provenance import of_process as image; print(image())"
    root = image_root(tmp_path)
    # Modules are found through links, so that their file lies in this root as in an image's.
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {program}"],
        env={"PATH": os.defpath, "PERENNIAL_COMMIT": "c0ffee"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == f"Image(lock={root / 'requirements' / 'ml.txt'!r}, commit='c0ffee')\n"


def test_an_image_with_several_locks_does_not_train() -> None:
    with pytest.raises(Refusal, match=r"'requirements' must hold one \*\.txt file, got \d+"):
        provenance.of_process()


def test_hyperparameters_always_have_a_seed(trained: Path) -> None:
    from contracts.card import load

    card = replace(load(trained / artifact.CARD), hyperparameters={"depth": "3"})
    assert chosen(card, {"depth": "4", "model": "churn"}) == {"seed": "1", "depth": "4"}
