"""The same rows get the same answers from the trainer's pipeline, a transform job, an endpoint."""

from pathlib import Path

import pytest

from benchmarks import parity
from tests.system.integrations.workbench import Workbench

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.mark.parametrize("model", ["churn", "forecast"])
def test_ten_thousand_rows_get_one_answer_whoever_is_asked(
    workbench: Workbench, tmp_path: Path, model: str
) -> None:
    found = parity.measure(Workbench.of(workbench.account, model), tmp_path)
    assert found.rows == 10_000
    assert set(found.off) == {"transform job", "endpoint, CSV", "endpoint, JSON"}
    assert found.holds, found
    assert all(off > 0 for off in found.off.values())  # float32 against float64, not one file read


def test_a_scaler_before_boosted_trees_is_refused_by_training_and_trees_alone_are_not() -> None:
    exports = parity.refusal()
    assert exports["scaler and trees"]["off_by"] > 0.01
    said = exports["scaler and trees"]["training"]
    assert said.startswith("the exported model differs from the trained one by up to 0.05")
    assert exports["trees alone"] == {
        "off_by": pytest.approx(0, abs=parity.ALLOWED),
        "training": "accepted",
    }
