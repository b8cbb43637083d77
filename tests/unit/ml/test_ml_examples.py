"""The examples in the image's docstrings, run as they stand."""

import doctest
from types import ModuleType

import pytest

from ml.evaluation import calibration, metrics, ranking
from ml.training import parity


@pytest.mark.parametrize("module", [calibration, metrics, parity, ranking])
def test_examples_give_what_they_say(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
