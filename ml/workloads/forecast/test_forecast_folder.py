"""The folder keeps the workload protocol, and its golden examples come out as they should."""

from pathlib import Path

from ml.workload_check import check


def test_the_folder_is_a_model() -> None:
    check(Path(__file__).parent)
