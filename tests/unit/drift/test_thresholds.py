"""The thresholds are those of the chi-squared distribution."""

import pytest

from drift.thresholds import chi2_quantile, chi2_tail, critical_psi, per_feature


@pytest.mark.parametrize(
    ("tail", "freedom", "quantile"),
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.4
        (0.05, 1, 3.841),
        (0.01, 1, 6.635),
        (0.05, 9, 16.919),
        (0.001, 9, 27.877),
        (0.01, 30, 50.892),
        (0.001, 100, 149.449),
        (0.90, 10, 4.865),
    ],
)
def test_quantiles_are_the_tables(tail: float, freedom: int, quantile: float) -> None:
    assert chi2_quantile(tail, freedom) == pytest.approx(quantile, abs=6e-4)


@pytest.mark.parametrize("tail", [1e-9, 1e-4, 0.3, 0.999])
@pytest.mark.parametrize("freedom", [1, 2, 9, 50])
def test_the_quantile_inverts_the_tail(tail: float, freedom: int) -> None:
    assert chi2_tail(chi2_quantile(tail, freedom), freedom) == pytest.approx(tail, rel=1e-6)


def test_smaller_windows_need_more_evidence() -> None:
    def critical(rows: int) -> float:
        return critical_psi(expected_rows=10_000, observed_rows=rows, bins=10, tail=0.01)

    assert critical(50) > critical(500) > critical(5000)


def test_one_bin_cannot_differ() -> None:
    assert critical_psi(expected_rows=9, observed_rows=9, bins=1, tail=0.01) == 0


def test_looks_share_the_rate() -> None:
    assert 1 - (1 - per_feature(0.01, 8)) ** 8 == pytest.approx(0.01)


@pytest.mark.parametrize(("rate", "features"), [(0.0, 1), (1.0, 1), (0.1, 0)])
def test_an_impossible_rate_is_refused(rate: float, features: int) -> None:
    with pytest.raises(ValueError, match="rate must be between 0 and 1"):
        per_feature(rate, features)
