"""The examples in the image's docstrings, run as they stand."""

import doctest

from ml.evaluation import metrics


def test_examples_give_what_they_say() -> None:
    result = doctest.testmod(metrics)
    assert result.attempted > 0
    assert result.failed == 0
