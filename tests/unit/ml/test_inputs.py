"""What a job is given is checked before it is used: code archive, snapshot, files."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from job_folders import Files, code_archive, snapshot_of

from contracts.card import ModelCard
from ml import code_archive as archives
from ml.data import load_snapshot, typed_tables, verified_files
from ml.refusal import Refusal


def test_the_code_is_imported_from_its_archive(tmp_path: Path) -> None:
    code_archive(
        tmp_path / "code" / "a.zip",
        {"greeting.py": "from .words import WORD\n", "words.py": "WORD = 'hello'\n"},
    )
    workload = archives.unpack(tmp_path / "code", tmp_path / "room")
    assert workload.card.name == "churn"
    assert workload.module("greeting").WORD == "hello"


def test_code_without_a_needed_module_is_refused_by_name(tmp_path: Path) -> None:
    code_archive(tmp_path / "code" / "a.zip")
    workload = archives.unpack(tmp_path / "code", tmp_path / "room")
    with pytest.raises(Refusal, match=r"the model's code has no tuning\.py"):
        workload.module("tuning")


def zipped(path: Path, name: str, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)


def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "code" / "a.zip", "../escaped.py")
    with pytest.raises(Refusal, match=r"a\.zip names a file outside itself: '\.\./escaped\.py'"):
        archives.unpack(tmp_path / "code", tmp_path / "room")
    assert not list(tmp_path.rglob("escaped.py"))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "code" / "a.zip", "big.py", b"0" * (archives.MAX_BYTES + 1))
    with pytest.raises(Refusal, match=r"1 files of 52428801 bytes; allowed are"):
        archives.unpack(tmp_path / "code", tmp_path / "room")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(Refusal, match=r"the input 'code' must hold one \*\.zip file, got 0"):
        archives.unpack(tmp_path / "code", tmp_path / "room")
    (tmp_path / "code" / "a.zip").write_bytes(b"x")
    with pytest.raises(Refusal, match=r"a\.zip is not a zip archive"):
        archives.unpack(tmp_path / "code", tmp_path / "other")


def test_a_snapshot_whose_digest_does_not_fit_is_refused(tmp_path: Path, shop: Files) -> None:
    document = snapshot_of(shop).document()
    document["files"][0]["sha256"] = "0" * 64
    (tmp_path / "snapshot.json").write_text(json.dumps(document))
    with pytest.raises(Refusal, match=r"the snapshot names digest .*, its files give"):
        load_snapshot(tmp_path)


def test_a_listed_file_that_was_not_delivered_is_refused(tmp_path: Path, shop: Files) -> None:
    code_archive(tmp_path / "code" / "a.zip")
    card = archives.unpack(tmp_path / "code", tmp_path / "room").card
    folders = {dataset.name: tmp_path / dataset.name for dataset in card.datasets}
    with pytest.raises(Refusal, match="is in the snapshot and was not delivered to the job"):
        list(verified_files(snapshot_of(shop), card, folders))


def test_a_listed_file_of_an_unknown_dataset_is_refused(tmp_path: Path) -> None:
    code_archive(tmp_path / "code" / "a.zip")
    card = archives.unpack(tmp_path / "code", tmp_path / "room").card
    with pytest.raises(Refusal, match=r"is of dataset 'prices'; the card has purchases"):
        list(verified_files(snapshot_of({"prices/a.csv": b""}), card, {"purchases": tmp_path}))


def delivered(folder: Path, shop: Files) -> tuple[ModelCard, dict[str, Path]]:
    code_archive(folder / "code" / "a.zip")
    card = archives.unpack(folder / "code", folder / "room").card
    for name, content in shop.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return card, {dataset.name: folder / dataset.name for dataset in card.datasets}


def test_rows_that_were_set_aside_are_not_read_even_when_they_are_wrong(
    tmp_path: Path, shop: Files
) -> None:
    name = "purchases/1997-01.csv"
    header, first, rest = shop[name].split(b"\n", 2)
    wrong = {**shop, name: b"\n".join([header, b"x,1997-01-01,1,1", first, rest])}
    card, folders = delivered(tmp_path, wrong)
    listed = snapshot_of(wrong)
    with pytest.raises(Refusal, match=r"purchases/1997-01\.csv was not validated: .* row 1: 'x'"):
        typed_tables(listed, card, folders)
    files = tuple(replace(f, set_aside=(1,)) if f.key.endswith(name) else f for f in listed.files)
    table = typed_tables(replace(listed, files=files), card, folders)["purchases"]
    card, folders = delivered(tmp_path / "good", shop)
    pd.testing.assert_frame_equal(
        table, typed_tables(snapshot_of(shop), card, folders)["purchases"]
    )
