"""Whether a model that was built again is the recorded one, and what is named when it is not."""

import json
from hashlib import sha256
from typing import Any

import pytest

from contracts import artifact
from contracts.archive import Contents
from contracts.record import Record
from perennial.recreation.comparison import Comparison, Outcome, compare, golden_of
from tests.unit.perennial.conftest import provenance, record

ROWS = [[float(number), 1.0] for number in range(8)]


def golden(shift: float = 0.0, *, rows: list[list[float]] = ROWS, scale: float = 1.0) -> bytes:
    scores = [scale * number / 10 + shift for number in range(len(rows))]
    return json.dumps({"rows": rows, "scores": scores}).encode()


def files(**changes: Any) -> dict[str, bytes]:
    made = {name: changes.pop(name) for name in ("model", "golden", "baseline") if name in changes}
    return {
        artifact.MODEL: made.get("model", b"onnx"),
        artifact.GOLDEN: made.get("golden", golden()),
        artifact.BASELINE: made.get("baseline", b"{}"),
        artifact.PROVENANCE: json.dumps(provenance(**changes).document()).encode(),
    }


def digests(content: dict[str, bytes]) -> dict[str, str]:
    return {name: sha256(each).hexdigest() for name, each in content.items()}


RECORDED: Record = record(manifest=digests(files()))


def built(content: dict[str, bytes], *, recorded_golden: bytes | None = golden()) -> Comparison:
    manifest = artifact.Manifest(files=digests(content)).render()
    whole = {**content, artifact.MANIFEST: manifest}
    return compare(
        RECORDED, Contents(sha256="x", files=digests(whole), kept=whole), recorded_golden
    )


def test_the_same_files_are_the_same() -> None:
    found = built(files())
    assert found.outcome is Outcome.SAME
    assert found.manifest == found.recorded_manifest
    assert found.summary == f"the same: sha256 {found.manifest} of the manifest"
    assert (found.files, found.reasons) == ({}, ())


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("lock_sha256", "9" * 64, "lock_sha256"),
        ("image_commit", "9" * 40, "image_commit"),
        ("snapshot_digest", "9" * 64, "snapshot_digest"),
        ("code_sha256", "9" * 64, "code_sha256"),
        ("python", "3.13", "python"),
        ("threads", 2, "threads"),
        ("hyperparameters", {"max_iter": "3", "seed": "1"}, "hyperparameter max_iter"),
        ("hyperparameters", {"max_iter": "2"}, "hyperparameter seed"),
    ],
)
def test_the_input_that_differs_is_named(field: str, value: Any, named: str) -> None:
    found = built(files(**{field: value}))
    assert found.outcome is Outcome.DIFFERENT
    assert [reason.field for reason in found.reasons] == [named]
    assert f"{named} is" in found.summary


def test_an_input_that_differs_is_no_equal_even_when_the_predictions_are() -> None:
    found = built(files(lock_sha256="9", model=b"other"))
    assert found.predictions is not None
    assert found.predictions.same
    assert found.outcome is Outcome.DIFFERENT


def test_other_bytes_with_the_same_predictions_are_said_to_be_that() -> None:
    found = built(files(model=b"other", golden=golden(5e-5)))
    assert found.outcome is Outcome.SAME_PREDICTIONS
    assert "not the same bytes in golden.json, model.onnx" in found.summary
    assert "8 golden requests differ by 5e-05 at most, allowed is 0.0001" in found.summary


def test_predictions_beyond_the_tolerance_are_different() -> None:
    found = built(files(model=b"other", golden=golden(2e-4)))
    assert found.outcome is Outcome.DIFFERENT
    assert "from the same inputs" in found.summary


@pytest.mark.parametrize(("shift", "same"), [(0.05, True), (0.2, False)])
def test_the_tolerance_grows_with_scores_above_one(shift: float, same: bool) -> None:
    """The largest score of the common requests is 1400: 0.14 is allowed."""
    large = files(model=b"other", golden=golden(shift, scale=2000))
    found = built(large, recorded_golden=golden(scale=2000))
    assert (found.outcome is Outcome.SAME_PREDICTIONS) == same


def test_a_baseline_that_differs_is_not_excused_by_the_framework() -> None:
    assert built(files(baseline=b"[]")).outcome is Outcome.DIFFERENT


def test_requests_are_compared_by_what_was_asked_not_by_their_place() -> None:
    document = json.loads(golden())
    turned = {name: document[name][::-1] for name in document}
    found = built(files(model=b"other", golden=json.dumps(turned).encode()))
    assert found.outcome is Outcome.SAME_PREDICTIONS


def test_too_few_common_requests_prove_nothing() -> None:
    others = [[float(number), 2.0] for number in range(5)]
    found = built(files(model=b"other", golden=golden(rows=[*ROWS[:3], *others])))
    assert found.outcome is Outcome.DIFFERENT
    assert "predictions cannot be compared" in found.summary


def test_without_the_recorded_artifact_other_bytes_stay_different() -> None:
    assert built(files(model=b"other"), recorded_golden=None).outcome is Outcome.DIFFERENT


def test_golden_answers_other_than_the_recorded_are_no_witness() -> None:
    good = Contents(sha256="x", files={}, kept={artifact.GOLDEN: golden()})
    spoiled = Contents(sha256="x", files={}, kept={artifact.GOLDEN: golden(0.5)})
    assert golden_of(RECORDED, good) == golden()
    assert golden_of(RECORDED, spoiled) is None
