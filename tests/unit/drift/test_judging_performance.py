import numpy as np
import pytest

from drift.judging.performance import Estimate, Performance, ScoreBins, estimate

CUTS = np.linspace(0.02, 0.98, 49)
HALF = int(np.searchsorted(CUTS, 0.5, side="right"))


def scored(draw: np.random.Generator, rows: int, *, shift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Calibrated scores and labels; ``shift`` changes who asks, not what scores mean."""
    score = 1 / (1 + np.exp(-(draw.normal(size=rows) * 1.5 + shift)))
    return score, draw.random(rows) < score


def counted(score: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(CUTS, score, side="right"), minlength=50)


def held_out(draw: np.random.Generator, rows: int = 10_000) -> ScoreBins:
    score, label = scored(draw, rows)
    return ScoreBins(
        positives=tuple(counted(score[label]).tolist()),
        negatives=tuple(counted(score[~label]).tolist()),
        first_positive=HALF,
    )


def truth(score: np.ndarray, label: np.ndarray) -> dict[str, float]:
    guess = score >= 0.5
    hits = float((guess & label).sum())
    order = np.argsort(score)
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    positives = int(label.sum())
    won = ranks[label].sum() - positives * (positives + 1) / 2
    return {
        "accuracy": float((guess == label).mean()),
        "f1": 2 * hits / float(guess.sum() + label.sum()),
        "auc": float(won / (positives * (len(label) - positives))),
    }


def expected(bins: ScoreBins, counts: np.ndarray) -> Performance:
    found = estimate(bins, counts, draws=1_500)
    assert found is not None
    return found


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_interval_holds_the_truth_that_labels_tell_later(shift: float) -> None:
    draw = np.random.default_rng(17)
    inside = {"accuracy": 0, "f1": 0, "auc": 0}
    for _ in range(60):
        bins = held_out(draw)
        score, label = scored(draw, 1_000, shift=shift)
        found, true = expected(bins, counted(score)), truth(score, label)
        for name in inside:
            one: Estimate = getattr(found, name)
            inside[name] += one.low <= true[name] <= one.high
    assert all(51 <= count <= 60 for count in inside.values()), inside


def test_an_easier_window_is_expected_to_go_better() -> None:
    draw = np.random.default_rng(18)
    bins = held_out(draw)
    usual = expected(bins, counted(scored(draw, 5_000)[0]))
    easy = expected(bins, counted(scored(draw, 5_000, shift=3.0)[0]))
    assert easy.accuracy.low > usual.accuracy.high


def test_a_smaller_window_has_a_wider_interval() -> None:
    draw = np.random.default_rng(19)
    bins = held_out(draw)
    small, large = (expected(bins, counted(scored(draw, rows)[0])) for rows in (100, 10_000))
    widths = [one.accuracy.high - one.accuracy.low for one in (small, large)]
    assert widths[0] > 4 * widths[1]


def test_few_labelled_rows_make_it_wider_as_well() -> None:
    draw = np.random.default_rng(20)
    counts = counted(scored(draw, 10_000)[0])
    few, many = (expected(held_out(draw, rows), counts).accuracy for rows in (200, 20_000))
    assert few.high - few.low > 2 * (many.high - many.low)


def test_a_window_without_rows_has_no_performance() -> None:
    assert estimate(held_out(np.random.default_rng(0)), np.zeros(50)) is None


def test_one_class_alone_has_no_auc() -> None:
    bins = ScoreBins(positives=(0, 1), negatives=(1e12, 1), first_positive=1)
    found = expected(bins, np.array([10, 0]))
    assert found.auc is None
    assert found.f1 is None
    assert found.accuracy.value == pytest.approx(1.0)


def test_bins_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 counts"):
        estimate(ScoreBins(positives=(1, 1), negatives=(1, 1), first_positive=1), np.ones(3))
    with pytest.raises(ValueError, match="first_positive must be 0 to 1, got 2"):
        ScoreBins(positives=(1,), negatives=(1,), first_positive=2)
