"""A search is asked for by the card, is the same each time, and never sees the hold-out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from job_folders import CHURN, Files

from contracts import artifact

Train = Callable[..., Path]
SEARCH = """
[tuning]
trials = 4
ranges = [
    { name = "max_iter", low = 5, high = 60, whole = true },
    { name = "learning_rate", low = 0.02, high = 0.3, log = true },
]
"""
APRIL = "labels/1997-04-01.csv"


def searching() -> dict[str, str]:
    card = (CHURN / "card.toml").read_text().replace("max_iter = 100", "max_iter = 50")
    return {"card.toml": card + SEARCH}


def read(base: Path, name: str) -> dict[str, object]:
    return json.loads((base / "model" / name).read_text())


def search_of(base: Path) -> dict[str, object]:
    return read(base, artifact.METRICS)["search"]  # type: ignore[return-value]


@pytest.fixture
def searched(training: Train, shop: Files) -> Path:
    return training(shop, searching())


def test_a_card_without_a_search_has_none(trained: Path) -> None:
    assert json.loads((trained / artifact.METRICS).read_text())["search"] is None


def test_the_cards_own_values_are_tried_first_and_the_best_are_used(
    searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = search_of(searched)
    trials = search["trials"]
    assert isinstance(trials, list)
    assert len(trials) == 4
    assert trials[0]["hyperparameters"] == {"max_iter": "50", "learning_rate": "0.1"}
    best = max(trials, key=lambda trial: trial["value"])
    assert trials[search["best"]] == best  # type: ignore[call-overload]
    used = read(searched, artifact.PROVENANCE)["hyperparameters"]
    assert isinstance(used, dict)
    assert {name: used[name] for name in best["hyperparameters"]} == best["hyperparameters"]
    assert used["seed"] == "20261124"


def test_each_trial_says_how_far_the_search_is(
    training: Train, shop: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    training(shop, searching())
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("trial ")]
    assert len(lines) == 4
    assert lines[0].startswith("trial 1 of 4: auc 0.")
    assert lines[0].endswith(" with max_iter=50 learning_rate=0.1")


def test_the_same_inputs_find_the_same_values(searched: Path, training: Train, shop: Files) -> None:
    again = training(shop, searching())
    assert read(again, artifact.MANIFEST) == read(searched, artifact.MANIFEST)


def test_the_hold_out_has_no_part_in_the_search(
    searched: Path, training: Train, shop: Files
) -> None:
    """Turn all labels of the hold-out round: the search finds what it found before."""
    turned = (
        shop[APRIL].replace(b",0\n", b",x\n").replace(b",1\n", b",0\n").replace(b",x\n", b",1\n")
    )
    other = training({**shop, APRIL: turned}, searching())
    assert search_of(other) == search_of(searched)
    assert search_of(other)["snapshot_date"] == "1997-03-01"
    before, after = read(searched, artifact.METRICS), read(other, artifact.METRICS)
    assert before["metrics"] != after["metrics"]


def test_one_training_snapshot_is_too_few_to_search_on(
    training: Train, shop: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    base = training(shop, searching(), as_of="1997-05-01T00:00:00Z")
    assert search_of(base) is None
    assert "search: left out, there is one training snapshot and it takes two" in (
        capsys.readouterr().out
    )
