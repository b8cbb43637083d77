"""The same checks as a run's, on files of this machine."""

import json
from pathlib import Path

import pytest
from job_folders import WORKLOADS

from contracts.card import load
from ml.validation import local, sample

SAMPLED = sorted(folder.parent for folder in WORKLOADS.glob("*/samples"))


@pytest.mark.parametrize("workload", SAMPLED, ids=lambda path: path.name)
def test_the_samples_in_the_repository_are_what_the_card_gives_and_are_small(
    workload: Path,
) -> None:
    folder = workload / "samples"
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    again = f"make them anew: python -m ml.validation.sample --model {workload.name}"
    assert found == sample.made_up(load(workload / "card.toml")), again
    assert sum(map(len, found.values())) < 20_000


def test_every_model_s_samples_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert local.main([]) == 0
    assert capsys.readouterr().out.count("verdict=accepted;") == len(SAMPLED) >= 2


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.fixture
def churn(tmp_path: Path) -> Path:
    labels = "customer_id,snapshot_date,churned\n1,1997-03-01,1\n2,1997-03-01,0\n"
    write(tmp_path, "labels/a.csv", labels)
    purchases = "customer_id,date,quantity,amount\n1,1997-02-01,1,9.5\n"
    write(tmp_path, "purchases/sub/a.csv", purchases)
    return tmp_path


def judged(*arguments: str | Path) -> int:
    return local.main([*map(str, arguments), "--model", "churn"])


def test_a_folder_is_judged_as_of_the_day_on_which_all_of_it_can_be_known(
    churn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(churn) == 0
    assert "churn, as of 1997-04-30T00:00:00Z:" in capsys.readouterr().out
    assert judged(churn, "--as-of", "1997-04-29T00:00:00Z") == 1
    assert "before its window closed (rule: label_window_closed)" in capsys.readouterr().out


def test_what_is_wrong_is_said_and_written_down(
    churn: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path_factory.mktemp("report")
    write(churn, "purchases/b.csv", "customer_id,date,quantity,amount\n1,1997-02-01,0,9.5\n")
    assert judged(churn, "--report", report) == 1
    assert "purchases/b.csv: column 'quantity', row 1: 0 is out of range" in capsys.readouterr().out
    written = json.loads((report / "report.json").read_text())
    assert written["verdict"] == "accepted_in_part"
    assert (report / "report.html").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stray.csv", "must lie in a folder named after a dataset: purchases, labels"),
        ("orders/a.csv", "must lie in a folder named after a dataset: purchases, labels"),
    ],
)
def test_a_file_of_no_dataset_is_named(
    churn: Path, name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(churn, name, "x\n")
    assert judged(churn) == 1
    assert message in capsys.readouterr().err


def test_a_folder_or_a_model_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path / "nothing") == 1
    assert "there is no folder" in capsys.readouterr().err
    assert local.main(["--model", "nobody"]) == 1
    assert "nobody" in capsys.readouterr().err
    assert local.main([str(tmp_path)]) == 2
