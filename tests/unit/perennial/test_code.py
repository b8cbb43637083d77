"""Code is known by its files, as training knows it."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ml import code_archive
from perennial import code
from perennial.refusal import Refused
from tests.unit.perennial.conftest import put

CHURN = Path(__file__).parents[3] / "ml" / "workloads" / "churn"


def zipped(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def test_a_folder_has_the_digest_that_training_gives_its_archive(tmp_path: Path, s3: Any) -> None:
    found = code.of_place(s3, str(CHURN))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "code.zip").write_bytes(found.archive)

    trained = code_archive.unpack(tmp_path / "code", tmp_path / "room")

    assert found.sha256 == trained.sha256
    assert "card.toml" in found.files


def test_the_order_and_the_compression_of_an_archive_change_nothing() -> None:
    files = {"b.py": b"2", "a.py": b"1", "__pycache__/a.pyc": b"0"}
    one = code.of_archive(zipped(files), "one")
    other = code.of_archive(zipped(dict(reversed(files.items()))), "other")
    assert one.sha256 == other.sha256
    assert set(one.files) == {"a.py", "b.py"}
    assert code.of_archive(zipped({**files, "a.py": b"3"}), "x").sha256 != one.sha256


def test_code_in_s3_and_on_this_machine_is_the_same(s3: Any, tmp_path: Path) -> None:
    archive = zipped({"a.py": b"1"})
    put(s3, "assets", "code.zip", archive)
    (tmp_path / "code.zip").write_bytes(archive)
    assert code.of_place(s3, "s3://assets/code.zip") == code.of_place(
        s3, str(tmp_path / "code.zip")
    )


@pytest.mark.parametrize("place", ["s3://assets/none.zip", "/nowhere/at/all"])
def test_code_that_is_not_there_is_named(s3: Any, place: str) -> None:
    with pytest.raises(Refused, match=f"there is no code at {place}"):
        code.of_place(s3, place)


def test_what_is_no_archive_is_named() -> None:
    with pytest.raises(Refused, match="x is not a zip archive"):
        code.of_archive(b"text", "x")


def test_an_archive_beyond_what_a_job_takes_is_refused() -> None:
    many = {f"{number}.py": b"" for number in range(code.MAX_FILES + 1)}
    with pytest.raises(Refused, match="holds 1001 files"):
        code.of_archive(zipped(many), "x")
