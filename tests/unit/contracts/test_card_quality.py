"""What a card says of quality is read into values, and a wrong one is refused by name."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contracts import card
from contracts.card_quality import LIVE_HIGHER_IS_BETTER, LIVE_OF_TASK, WhenMissing
from contracts.errors import ContractError
from contracts.quality import HIGHER_IS_BETTER

FOLDER = Path(__file__).parents[3] / "ml" / "workloads"
DOCUMENT = tomllib.loads((FOLDER / "churn" / "card.toml").read_text(encoding="utf-8"))
KPI = {"name": "retention", "namespace": "Shop", "metric": "Returning", "min": 0.4}
SLICE = {"name": "new", "feature": "tenure_days", "max": 90}


def read(quality: dict[str, Any], **sections: Any) -> card.Quality:
    document = {**copy.deepcopy(DOCUMENT), "quality": quality, **sections}
    return card.parse(document).quality


def test_a_card_that_says_nothing_of_quality_has_the_defaults_of_its_gate() -> None:
    found = card.load(FOLDER / "churn" / "card.toml").quality

    assert (found.metric, found.min_fall, found.confidence) == ("auc", 0.005, 0.95)
    assert (found.min_coverage, found.min_rows, found.min_class_rows) == (0.8, 500, 25)
    assert (found.false_alarm_rate, found.persistence, found.lateness_hours) == (0.001, 2, 24)
    assert (found.unit, found.slices, found.automatic_slices, found.kpis) == (None, (), (), ())


@pytest.mark.parametrize("name", ["churn", "forecast", "recommender"])
def test_the_cards_that_are_here_stay_valid(name: str) -> None:
    assert card.load(FOLDER / name / "card.toml").quality.schedule == "rate(1 day)"


def test_a_recommenders_rows_are_about_their_user() -> None:
    assert card.load(FOLDER / "recommender" / "card.toml").quality.unit == "user_id"


def test_a_metric_that_the_gate_does_not_know_has_no_smallest_fall() -> None:
    assert read({"metric": "f1"}).min_fall == 0


def test_every_metric_that_can_be_watched_has_a_better_way() -> None:
    watched = {metric for metrics in LIVE_OF_TASK.values() for metric in metrics}
    assert watched == set(LIVE_HIGHER_IS_BETTER)
    assert {name: LIVE_HIGHER_IS_BETTER[name] for name in HIGHER_IS_BETTER} == HIGHER_IS_BETTER


def test_slices_and_guarded_metrics_are_read() -> None:
    found = read({"slices": [SLICE], "automatic_slices": ["spend"], "kpis": [KPI]})

    assert (found.slices[0].name, found.slices[0].minimum, found.slices[0].maximum) == (
        "new",
        None,
        90,
    )
    assert found.automatic_slices == ("spend",)
    (kpi,) = found.kpis
    assert (kpi.minimum, kpi.maximum, kpi.statistic) == (0.4, None, "Average")
    assert (kpi.datapoints, kpi.periods, kpi.when_missing) == (2, 3, WhenMissing.MISSING)
    assert read({"kpis": [{**KPI, "periods": 1}]}).kpis[0].datapoints == 1
    assert read({"kpis": [{**KPI, "dimensions": {"Site": "eu"}}]}).kpis[0].dimensions == {
        "Site": "eu"
    }


FEATURES = (
    "recency_days, tenure_days, purchases_30d, spend_30d, purchases_90d, spend_90d, spend, "
    "got 'age'"
)


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        (
            {"metric": "rmse"},
            "card.quality.metric must be one of auc, log_loss, brier, accuracy, f1 for task "
            "binary_classification, got 'rmse'",
        ),
        ({"min_coverage": 0}, "card.quality.min_coverage must be between 0.01 and 1, got 0"),
        ({"min_rows": 49}, "card.quality.min_rows must be between 50 and any, got 49"),
        (
            {"false_alarm_rate": 0.5},
            "card.quality.false_alarm_rate must be between 1e-06 and 0.2, got 0.5",
        ),
        ({"persistence": 0}, "card.quality.persistence must be between 1 and 10, got 0"),
        ({"min_fall": -1}, "card.quality.min_fall must be between 0 and any, got -1"),
        ({"unit": "age"}, f"card.quality.unit must be one of {FEATURES}"),
        (
            {"automatic_slices": ["age"]},
            f"card.quality.automatic_slices must be one of {FEATURES}",
        ),
        (
            {"automatic_slices": ["spend", "spend"]},
            "card.quality.automatic_slices names one twice: ['spend', 'spend']",
        ),
        (
            {"slices": [{**SLICE, "feature": "age"}]},
            f"card.quality.slices[0].feature must be one of {FEATURES}",
        ),
        (
            {"slices": [{"name": "all", "feature": "spend"}]},
            "card.quality.slices[0] needs min or max",
        ),
        (
            {"slices": [{**SLICE, "min": 90}]},
            "card.quality.slices[0].max must be above min (90.0), got 90.0",
        ),
        ({"slices": [SLICE, SLICE]}, "card.quality.slices names one twice: ['new', 'new']"),
        (
            {
                "slices": [{**SLICE, "name": str(n)} for n in range(61)],
                "automatic_slices": ["spend"],
            },
            "card.quality must have at most 64 slices (four of each automatic one), got 65",
        ),
        (
            {"kpis": [{"name": "k", "namespace": "n", "metric": "m"}]},
            "card.quality.kpis[0] needs min or max",
        ),
        ({"kpis": [KPI, KPI]}, "card.quality.kpis names one twice: ['retention', 'retention']"),
        (
            {"kpis": [{**KPI, "statistic": "p99"}]},
            "card.quality.kpis[0].statistic must be one of Average, Sum, Minimum, Maximum, "
            "SampleCount, got 'p99'",
        ),
        (
            {"kpis": [{**KPI, "datapoints": 4}]},
            "card.quality.kpis[0].datapoints must be between 1 and 3, got 4",
        ),
        (
            {"kpis": [{**KPI, "period_minutes": 30, "periods": 49}]},
            "card.quality.kpis[0].period_minutes times periods must be at most 1440, "
            "got 30 times 49",
        ),
        (
            {"kpis": [{**KPI, "period_minutes": 1440, "periods": 8}]},
            "card.quality.kpis[0].period_minutes times periods must be at most 10080, "
            "got 1440 times 8",
        ),
        (
            {"kpis": [{**KPI, "when_missing": "alarm"}]},
            "card.quality.kpis[0].when_missing must be one of breaching, notBreaching, ignore, "
            "missing, got 'alarm'",
        ),
    ],
)
def test_a_wrong_setting_is_refused_naming_field_value_and_bound(
    quality: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContractError) as error:
        read(quality)
    assert str(error.value) == message
