"""Training learns only from what was known by as_of, and leaves a complete artifact."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from job_folders import IMAGE, Files, Job

from contracts import artifact
from contracts.baseline import parse_baseline
from contracts.card import load
from contracts.drift_report import DriftVerdict
from drift.verdict import judge
from ml.places import Places
from ml.refusal import Refusal, run
from ml.serving.predictor import load_verified
from ml.training.__main__ import train
from ml.training.parity import check_parity

Train = Callable[..., Path]
APRIL = "labels/1997-04-01.csv"
LEARNED = (artifact.MODEL, artifact.BASELINE, artifact.GOLDEN, artifact.METRICS)
"""What the rows that were learned from make; other files of data are another provenance."""


def metrics(base: Path) -> dict[str, object]:
    return json.loads((base / "model" / artifact.METRICS).read_text())


def test_the_manifest_names_the_sha256_of_every_other_file(trained: Path) -> None:
    manifest = artifact.parse_manifest((trained / artifact.MANIFEST).read_bytes())
    assert set(manifest.files) | {artifact.MANIFEST} == {path.name for path in trained.iterdir()}
    for name, digest in manifest.files.items():
        assert sha256((trained / name).read_bytes()).hexdigest() == digest


def test_the_same_inputs_give_the_same_bytes(trained: Path, training: Train, shop: Files) -> None:
    again = training(shop) / "model"
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in trained.iterdir()
    }


def test_the_newest_closed_month_is_held_out(training: Train, shop: Files) -> None:
    assert metrics(training(shop))["snapshot_date"] == "1997-04-01"
    earlier = {name: content for name, content in shop.items() if name != APRIL}
    assert metrics(training(earlier, as_of="1997-05-01T00:00:00Z"))["snapshot_date"] == "1997-03-01"


def test_a_label_is_used_from_the_second_its_window_has_closed(
    training: Train, shop: Files
) -> None:
    open_until = training(shop, as_of="1997-05-30T23:59:59Z")
    closed = training(shop, as_of="1997-05-31T00:00:00Z")
    assert metrics(open_until)["snapshot_date"] == "1997-03-01"
    assert metrics(closed)["snapshot_date"] == "1997-04-01"


def test_a_label_file_that_is_too_early_changes_nothing(training: Train, shop: Files) -> None:
    """A planted leak: April's outcome claimed to be known a month before it can be."""
    honest = {name: content for name, content in shop.items() if name != APRIL}
    with_leak = training(shop, as_of="1997-05-01T00:00:00Z")
    without = training(honest, as_of="1997-05-01T00:00:00Z")
    for name in LEARNED:
        assert (with_leak / "model" / name).read_bytes() == (without / "model" / name).read_bytes()


def test_purchases_after_a_snapshot_do_not_reach_its_features(training: Train, shop: Files) -> None:
    """A planted leak: what customers bought within the label window, thrice."""
    later = shop["purchases/1997-04.csv"]
    rows = later.partition(b"\n")[2]
    with_leak = training({**shop, "purchases/1997-04.csv": later + rows * 2})
    without = training(shop)
    for name in LEARNED:
        assert (with_leak / "model" / name).read_bytes() == (without / "model" / name).read_bytes()


def test_features_made_from_uncut_purchases_are_refused() -> None:
    import pandas as pd

    from ml.workloads.churn.features import prepare

    purchases = pd.DataFrame(
        {"customer_id": [1], "date": [pd.Timestamp("1997-02-01")], "quantity": [1], "amount": [1.0]}
    )
    with pytest.raises(ValueError, match=r"purchases up to 1997-02-01 would leak into features"):
        prepare({"purchases": purchases}, pd.Timestamp("1997-02-01").date(), pd.Index([1]))


def test_replaying_the_training_month_is_no_drift(trained: Path, shop: Files) -> None:
    from ml.tables import read

    card = load(trained / artifact.CARD)
    baseline = parse_baseline(json.loads((trained / artifact.BASELINE).read_text()))
    assert baseline.snapshot_date == "1997-03-01"
    import pandas as pd

    from ml.workloads.churn.features import prepare

    purchases = pd.concat(
        [read(shop[f"purchases/1997-0{month}.csv"], card.datasets[0]).frame for month in (1, 2)]
    )
    asked = pd.Index(purchases["customer_id"].unique())
    requests = prepare({"purchases": purchases}, pd.Timestamp("1997-03-01").date(), asked)
    judged = judge(baseline, requests.to_numpy(float).tolist(), card.drift)
    assert judged.verdict is DriftVerdict.NO_DRIFT
    assert max(feature.psi for feature in judged.features) == 0


def test_golden_answers_span_the_scores(trained: Path) -> None:
    golden = json.loads((trained / artifact.GOLDEN).read_text())
    assert len(golden["rows"]) == len(golden["scores"]) >= 20
    assert golden["scores"] == sorted(golden["scores"])
    again = load_verified(trained).score(np.array(golden["rows"]))
    assert np.abs(again - golden["scores"]).max() <= 1e-6


def test_an_export_that_answers_differently_is_refused_with_the_difference() -> None:
    with pytest.raises(
        Refusal,
        match=r"by up to 0\.05 on 1 of 3 hold-out rows, allowed is 1e-05",
    ):
        check_parity(np.array([0.5, 0.5, 0.5]), np.array([0.5, 0.55, 0.5]))


def test_an_export_without_a_number_is_refused() -> None:
    with pytest.raises(Refusal, match=r"by up to nan"):
        check_parity(np.array([0.5]), np.array([np.nan]))


def one_class(files: Files) -> dict[str, bytes]:
    return {
        name: content.replace(b",1\n", b",0\n") if name == APRIL else content
        for name, content in files.items()
    }


def test_a_hold_out_of_one_class_is_refused(training: Train, shop: Files) -> None:
    with pytest.raises(
        Refusal, match=r"1997-04-01 has 0 rows with churned = 1 .* each class needs 50"
    ):
        training(one_class(shop))


def test_a_small_hold_out_is_refused(training: Train, shop: Files) -> None:
    lines = shop[APRIL].splitlines(keepends=True)[:300]
    with pytest.raises(Refusal, match=r"hold-out of 1997-04-01 has 299 rows, evaluation needs 500"):
        training({**shop, APRIL: b"".join(lines)})


def test_too_few_closed_months_are_refused(training: Train, shop: Files) -> None:
    with pytest.raises(
        Refusal, match=r"two labelled snapshots whose 60 days ended by 1997-04-15, got 1 of 3"
    ):
        training(shop, as_of="1997-04-15T00:00:00Z")


def test_a_setting_that_the_card_lacks_is_refused_by_name(training: Train, shop: Files) -> None:
    with pytest.raises(Refusal, match=r"hyperparameters that the card does not have: learnig_rate"):
        training(shop, learnig_rate="0.5")


def test_a_file_that_changed_under_the_run_is_refused(tmp_path: Path, shop: Files) -> None:
    job = Job(base=tmp_path).training(shop, {"as_of": "1997-06-01T00:00:00Z", "run_id": "r"})
    (tmp_path / "input" / "data" / APRIL).write_bytes(b"changed\n")
    code = run(lambda: train(Places(base=job.base), IMAGE, {}), Places(base=tmp_path).failure)
    assert code == 1
    reason = (tmp_path / "output" / "failure").read_text()
    assert reason.startswith(f"churn/incoming/{APRIL} changed under the run: sha256 ")


def test_a_later_label_file_corrects_an_earlier_one(training: Train, shop: Files) -> None:
    corrected = {**shop, "labels/1997-04-01b.csv": one_class(shop)[APRIL]}
    with pytest.raises(Refusal, match=r"1997-04-01 has 0 rows with churned = 1"):
        training(corrected)
