import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import card
from contracts.card import Approval, ColumnType, FeatureType, OnRefusedFile, Task
from contracts.errors import ContractError

PATH = Path(__file__).parents[3] / "ml" / "workloads" / "churn" / "card.toml"
DOCUMENT = tomllib.loads(PATH.read_text(encoding="utf-8"))

Change = Callable[[dict[str, Any]], object]


def test_the_churn_card_is_read_into_values() -> None:
    churn = card.load(PATH)

    assert (churn.name, churn.task, churn.label) == (
        "churn",
        Task.BINARY_CLASSIFICATION,
        "churned",
    )
    assert [dataset.name for dataset in churn.datasets] == ["purchases", "labels"]
    assert churn.datasets[1].unique == ("customer_id", "snapshot_date")
    assert churn.datasets[0].columns[1].type is ColumnType.DATE
    assert churn.gate.approval is Approval.AUTOMATIC
    assert churn.hyperparameters["seed"] == "20261124"


def test_what_a_card_leaves_out_has_its_default() -> None:
    read = card.parse(DOCUMENT)

    assert (read.image, read.tuning, read.ingestion) == ("standard", None, None)
    assert read.datasets[0].unique == ()
    assert (read.datasets[0].min_rows, read.datasets[0].max_rows) == (1, None)
    assert (read.datasets[1].time, read.datasets[1].max_age_days) == (None, None)
    assert read.features[0].type is FeatureType.NUMBER
    assert read.training == read.processing
    assert read.training.instance_types == ("ml.m5.large",)
    assert (read.training.spot, read.training.max_runtime_seconds) == (False, 1800)
    assert (read.evaluation.metric, read.evaluation.rolling_origins) == ("auc", 0)
    assert (read.gate.confidence, read.gate.slices) == (0.95, ())
    assert read.gate.approval is Approval.AUTOMATIC
    assert read.gate.max_latency_ms is None
    assert read.validation.on_refused_file is OnRefusedFile.GO_ON
    assert (read.admission.daily_cap, read.admission.max_rejected) == (3, 5)
    assert (read.drift.bins, read.rollout.max_5xx, read.triggers.on_drift) == (10, 0, True)


def test_a_metric_where_less_is_better_has_a_ceiling() -> None:
    document = changed(
        lambda d: d.update(
            model={**d["model"], "task": "regression"}, gate={"ceiling": 120}, evaluation={}
        )
    )
    read = card.parse(document)
    assert (read.evaluation.metric, read.gate.limit) == ("rmse", 120)


def test_a_whole_number_is_one_that_float32_holds() -> None:
    def bounds(**given: object) -> tuple[float | None, float | None]:
        feature = {"name": "user_id", "type": "integer", **given}
        read = card.parse(changed(lambda d: d.update(features=[feature])))
        return read.features[0].minimum, read.features[0].maximum

    assert bounds() == (-(2**24), 2**24)
    assert bounds(min=1, max=9) == (1, 9)


def changed(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


def put(path: str, value: object) -> Change:
    """Return what sets ``datasets.1.unique`` and the like; tables on the way are made."""

    def change(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = document
        for step in way:
            at = at[int(step)] if step.isdecimal() else at.setdefault(step, {})
        at[last] = value

    return change


SLICE = {"name": "new", "feature": "tenure_days", "max": 90, "tolerance": 0.02}
RANGE = {"name": "learning_rate", "low": 0.01, "high": 0.3, "log": True}
SOURCE = {"dataset": "purchases", "kind": "prefix", "prefix": "purchases/{day}.csv"}


def a_slice(**given: object) -> Change:
    return put("gate.slices", [{**SLICE, **given}])


def tuning(**given: object) -> Change:
    return put("tuning", {"trials": 8, "ranges": [{**RANGE, **given}]})


def source(**given: object) -> Change:
    return put("ingestion", {"sources": [{**SOURCE, **given}]})


def test_slices_tuning_and_sources_are_read() -> None:
    read = card.parse(changed(lambda d: [change(d) for change in (a_slice(), tuning(), source())]))
    (part,) = read.gate.slices
    assert (part.feature, part.minimum, part.maximum, part.min_rows) == (
        "tenure_days",
        None,
        90,
        100,
    )
    assert read.tuning is not None
    assert (read.tuning.trials, read.tuning.ranges[0].log, read.tuning.ranges[0].whole) == (
        8,
        True,
        False,
    )
    assert read.ingestion is not None
    assert (read.ingestion.schedule, read.ingestion.catch_up_days) == ("rate(1 day)", 7)
    assert read.ingestion.sources[0].prefix == "purchases/{day}.csv"


NAME_RULE = (
    "must be lower-case letters, digits and hyphens, beginning with a letter, at most 24, got "
)
MISTAKES: list[tuple[str, Change, str]] = [
    ("a table is missing", lambda d: d.pop("gate"), "card lacks the field 'gate'"),
    ("a field is missing", lambda d: d["gate"].pop("floor"), "card.gate lacks the field 'floor'"),
    (
        "a misspelt field",
        put("gate.flor", 0.5),
        "card.gate has an unknown field 'flor'; allowed: floor, min_gain, confidence, approval, "
        "slices, max_calibration_error, max_latency_ms, max_artifact_mib",
    ),
    (
        "an unknown table",
        put("tests", {}),
        "card has an unknown field 'tests'; allowed: model, datasets, features, hyperparameters, "
        "tuning, training, processing, validation, ingestion, evaluation, gate, admission, "
        "triggers, drift, quality, serving, rollout",
    ),
    (
        "a text for a number",
        put("gate.floor", "0.6"),
        "card.gate.floor must be a finite number, got '0.6'",
    ),
    (
        "a flag for a number",
        put("gate.floor", True),
        "card.gate.floor must be a finite number, got True",
    ),
    (
        "not a number",
        put("gate.floor", float("nan")),
        "card.gate.floor must be a finite number, got nan",
    ),
    (
        "a ceiling where more is better",
        put("gate.ceiling", 1),
        "card.gate has an unknown field 'ceiling'; allowed: floor, min_gain, confidence, approval, "
        "slices, max_calibration_error, max_latency_ms, max_artifact_mib",
    ),
    (
        "an unknown choice",
        put("gate.approval", "nobody"),
        "card.gate.approval must be one of automatic, person, got 'nobody'",
    ),
    (
        "a gain below zero",
        put("gate.min_gain", -0.1),
        "card.gate.min_gain must be between 0 and any, got -0.1",
    ),
    (
        "a certain gain",
        put("gate.confidence", 1),
        "card.gate.confidence must be between 0.5 and 0.9999, got 1",
    ),
    (
        "a negative calibration error",
        put("gate.max_calibration_error", -1),
        "card.gate.max_calibration_error must be between 0 and any, got -1",
    ),
    (
        "a latency as text",
        put("gate.max_latency_ms", "5ms"),
        "card.gate.max_latency_ms must be a finite number, got '5ms'",
    ),
    (
        "a size below zero",
        put("gate.max_artifact_mib", -5),
        "card.gate.max_artifact_mib must be between 0 and any, got -5",
    ),
    (
        "a slice of no feature",
        a_slice(feature="age"),
        "card.gate.slices[0].feature must be one of recency_days, tenure_days, purchases_30d, "
        "spend_30d, purchases_90d, spend_90d, spend, got 'age'",
    ),
    (
        "a slice without bounds",
        put("gate.slices", [{"name": "all", "feature": "spend", "tolerance": 0}]),
        "card.gate.slices[0] needs min or max",
    ),
    (
        "an empty slice",
        a_slice(min=90),
        "card.gate.slices[0].max must be above min (90.0), got 90.0",
    ),
    (
        "a slice twice",
        put("gate.slices", [SLICE, SLICE]),
        "card.gate.slices names one twice: ['new', 'new']",
    ),
    (
        "a negative tolerance",
        a_slice(tolerance=-0.1),
        "card.gate.slices[0].tolerance must be between 0 and any, got -0.1",
    ),
    (
        "a metric of another task",
        put("evaluation.metric", "rmse"),
        "card.evaluation.metric must be one of auc, log_loss, brier for task "
        "binary_classification, got 'rmse'",
    ),
    (
        "too many origins",
        put("evaluation.rolling_origins", 53),
        "card.evaluation.rolling_origins must be between 0 and 52, got 53",
    ),
    (
        "an unknown task",
        put("model.task", "ranking"),
        "card.model.task must be one of binary_classification, regression, recommendation, "
        "got 'ranking'",
    ),
    (
        "one instance",
        put("serving.instance_count", 1),
        "card.serving.instance_count must be between 2 and 100, got 1",
    ),
    (
        "a canary above half",
        put("rollout.step_percent", 60),
        "card.rollout.step_percent must be between 1 and 50, got 60",
    ),
    (
        "a fraction of an instance",
        put("serving.instance_count", 2.0),
        "card.serving.instance_count must be a whole number, got 2.0",
    ),
    (
        "a text for a flag",
        put("triggers.on_drift", "yes"),
        "card.triggers.on_drift must be true or false, got 'yes'",
    ),
    ("a capital in the name", put("model.name", "Churn"), f"card.model.name {NAME_RULE}'Churn'"),
    ("a long name", put("model.name", "x" * 25), f"card.model.name {NAME_RULE}'{'x' * 25}'"),
    (
        "a blank in the image",
        put("model.image", "my image"),
        f"card.model.image {NAME_RULE}'my image'",
    ),
    ("no owner", put("model.owner", ""), "card.model.owner must be a text, got ''"),
    (
        "a feature twice",
        lambda d: d.update(features=d["features"][:1] * 2),
        "card.features names one twice: ['recency_days', 'recency_days']",
    ),
    (
        "a dataset twice",
        lambda d: d.update(datasets=d["datasets"][:1] * 2),
        "card.datasets names one twice: ['purchases', 'purchases']",
    ),
    (
        "uniqueness of nothing",
        put("datasets.1.unique", ["nobody"]),
        "card.datasets[1].unique names columns that do not exist: ['nobody']",
    ),
    (
        "an unknown type",
        put("datasets.0.columns.0.type", "blob"),
        "card.datasets[0].columns[0].type must be one of integer, number, date, text, got 'blob'",
    ),
    (
        "bounds that nothing fits",
        put("datasets.0.columns.2.max", 0),
        "card.datasets[0].columns[2].max must be between 1.0 and any, got 0",
    ),
    (
        "categories of a number",
        put("datasets.0.columns.0.allowed", ["1"]),
        "card.datasets[0].columns[0].allowed needs type = text, got integer",
    ),
    (
        "a time that is no date",
        put("datasets.0.time", "amount"),
        "card.datasets[0].time must be a date column (['date']), got 'amount'",
    ),
    (
        "an age without a time",
        put("datasets.1.max_age_days", 3),
        "card.datasets[1].max_age_days needs card.datasets[1].time",
    ),
    (
        "fewer rows than the fewest",
        lambda d: d["datasets"][0].update(min_rows=5, max_rows=4),
        "card.datasets[0].max_rows must be between 5 and any, got 4",
    ),
    (
        "an unknown type of feature",
        put("features.0.type", "text"),
        "card.features[0].type must be one of number, integer, got 'text'",
    ),
    (
        "a number too large for float32",
        lambda d: d["features"][0].update(type="integer", max=2**24 + 1),
        "card.features[0].max must be between 0.0 and 16777216, got 16777217",
    ),
    (
        "a feature whose bounds nothing fits",
        put("features.0.max", -1),
        "card.features[0].max must be between 0.0 and any, got -1",
    ),
    (
        "an instance twice",
        put("training.fallback_instance_types", ["ml.m5.large"]),
        "card.training.fallback_instance_types repeats one: ['ml.m5.large', 'ml.m5.large']",
    ),
    (
        "one fall-back as text",
        put("training.fallback_instance_types", "ml.m4.large"),
        "card.training.fallback_instance_types must be a list of texts, got 'ml.m4.large'",
    ),
    (
        "spot as text",
        put("training.spot", "yes"),
        "card.training.spot must be true or false, got 'yes'",
    ),
    (
        "a wait shorter than the run",
        put("training.max_wait_seconds", 60),
        "card.training.max_wait_seconds must be between 1800 and any, got 60",
    ),
    (
        "spot for processing",
        put("processing.spot", True),
        "card.processing has an unknown field 'spot'; allowed: instance_type, "
        "fallback_instance_types, volume_gib, max_runtime_seconds",
    ),
    (
        "an unknown answer to a refused file",
        put("validation.on_refused_file", "ignore"),
        "card.validation.on_refused_file must be one of go_on, stop, got 'ignore'",
    ),
    (
        "most rows set aside",
        put("validation.max_bad_row_share", 0.9),
        "card.validation.max_bad_row_share must be between 0 and 0.5, got 0.9",
    ),
    (
        "a class of more than half",
        put("validation.min_class_share", 0.6),
        "card.validation.min_class_share must be between 0 and 0.5, got 0.6",
    ),
    (
        "a difference that is always there",
        put("validation.max_psi", 0),
        "card.validation.max_psi must be between 0.01 and any, got 0",
    ),
    (
        "a comparison of a handful",
        put("validation.min_psi_rows", 10),
        "card.validation.min_psi_rows must be between 50 and any, got 10",
    ),
    (
        "no rejection allowed",
        put("admission.max_rejected", 0),
        "card.admission.max_rejected must be between 1 and any, got 0",
    ),
    (
        "a source of no dataset",
        source(dataset="sales"),
        "card.ingestion.sources[0].dataset must be one of purchases, labels, got 'sales'",
    ),
    (
        "an unknown kind of source",
        source(kind="ftp"),
        "card.ingestion.sources[0].kind must be one of prefix, query, code, got 'ftp'",
    ),
    (
        "a prefix without a day",
        source(prefix="purchases.csv"),
        "card.ingestion.sources[0].prefix must be a text with {day}, got 'purchases.csv'",
    ),
    (
        "a query that is missing",
        source(kind="query"),
        "card.ingestion.sources[0].query must be a text with {day}, got None",
    ),
    (
        "a catch-up of no day",
        put("ingestion", {"catch_up_days": 0, "sources": [SOURCE]}),
        "card.ingestion.catch_up_days must be between 1 and 366, got 0",
    ),
    (
        "a search of one trial",
        put("tuning", {"trials": 1, "ranges": [RANGE]}),
        "card.tuning.trials must be between 2 and 1000, got 1",
    ),
    (
        "a search of nothing",
        put("tuning", {"trials": 8, "ranges": []}),
        "card.tuning.ranges must name one or more, each once, got []",
    ),
    (
        "a search of what is not there",
        tuning(name="depth"),
        "card.tuning.ranges[0].name must be one of the card's hyperparameters "
        "(training_snapshots, max_iter, max_leaf_nodes, learning_rate, min_samples_leaf), "
        "got 'depth'",
    ),
    (
        "a search of the seed",
        tuning(name="seed"),
        "card.tuning.ranges[0].name must be one of the card's hyperparameters "
        "(training_snapshots, max_iter, max_leaf_nodes, learning_rate, min_samples_leaf), "
        "got 'seed'",
    ),
    (
        "a range upside down",
        tuning(high=0.001),
        "card.tuning.ranges[0].high must be between 0.01 and any, got 0.001",
    ),
    (
        "the logarithm of zero",
        tuning(low=0),
        "card.tuning.ranges[0].low must be above 0 with log = true, got 0.0",
    ),
    (
        "a whole number between fractions",
        tuning(whole=True),
        "card.tuning.ranges[0] has whole = true and the bounds 0.01 and 0.3",
    ),
    (
        "a text for a list",
        put("datasets", "purchases"),
        "card.datasets must be a list of tables, got 'purchases'",
    ),
    ("a list for a table", put("drift", []), "card.drift must be a table, got []"),
]


@pytest.mark.parametrize(
    ("change", "message"), [pytest.param(change, text, id=name) for name, change, text in MISTAKES]
)
def test_a_wrong_card_is_refused_naming_field_value_and_bound(change: Change, message: str) -> None:
    with pytest.raises(ContractError) as error:
        card.parse(changed(change))
    assert str(error.value) == message


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("[model\n", encoding="utf-8")

    with pytest.raises(ContractError, match=r"card\.toml is not TOML: "):
        card.load(path)


def test_an_error_of_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("[model]\n", encoding="utf-8")

    with pytest.raises(ContractError) as error:
        card.load(path)
    assert str(error.value) == f"{path}.model lacks the field 'task'"
