"""The demand forecast learns from before each snapshot, is tested backwards and answers scores."""

import asyncio
import json
import tarfile
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from job_folders import WORKLOADS, Files
from test_serving import call

from contracts import artifact
from contracts.card import load
from contracts.evaluation import parse_evaluation
from ml.refusal import Refusal
from ml.serving.application import build
from ml.serving.predictor import load_verified
from ml.workloads.forecast import history
from ml.workloads.forecast.features import outcomes, prepare, snapshots

FORECAST = WORKLOADS / "forecast"
CARD = load(FORECAST / "card.toml")
AS_OF = "2012-03-01T00:00:00Z"
Train = Callable[..., Path]


def raw() -> pd.DataFrame:
    """Make up a growing demand whose first day begins at noon and whose last ends in an hour."""
    ts = pd.date_range("2010-09-20 12:00", "2012-03-01 00:00", freq="h")
    noise = np.random.default_rng(1).uniform(0.8, 1.2, len(ts))
    level = np.linspace(20, 200, len(ts)) * np.where(ts.day_of_week < 5, 1.0, 0.6)
    shape = 1 + np.sin((ts.hour - 6) / 24 * 2 * np.pi)
    warm = 15 - 10 * np.cos(ts.day_of_year / 365 * 2 * np.pi)
    return pd.DataFrame(
        {
            "date": ts.strftime("%Y-%m-%d"),
            "ts": ts,
            "count": (level * shape * noise).astype(int),
            "tmin": warm.round(1),
            "tmax": (warm + 9).round(1),
            "pn": 0.5,
        }
    )


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forecast")
    raw().to_csv(folder / "raw.csv", index=False)
    history.write(folder / "raw.csv", folder)
    return folder


@pytest.fixture(scope="module")
def city(split: Path) -> Files:
    """Return the files as they lie in S3."""
    return {f"{p.parent.name}/{p.name}": p.read_bytes() for p in split.glob("landing/*/*/*.csv")}


def read(city: Files, dataset: str) -> pd.DataFrame:
    names = sorted(name for name in city if name.startswith(dataset))
    from ml.tables import read as typed

    (declared,) = [each for each in CARD.datasets if each.name == dataset]
    return pd.concat([typed(city[name], declared).frame for name in names], ignore_index=True)


def test_a_month_lands_when_it_is_over_and_an_outlook_when_it_is_issued(split: Path) -> None:
    landed = sorted(
        f"{path.relative_to(split / 'landing')}" for path in split.glob("landing/*/*/*")
    )
    assert landed[0] == "2010-10-01/rentals/2010-09.csv"
    assert landed[-2:] == ["2012-02-01/rentals/2012-01.csv", "2012-03-01/rentals/2012-02.csv"]
    outlook = pd.read_csv(split / "landing" / "2012-02-01" / "outlooks" / "2012-02-01.csv")
    assert outlook["issued"].unique().tolist() == ["2012-01-31"]
    assert outlook["days_ahead"].tolist() == list(range(28))


def test_days_that_are_not_whole_are_left_out(split: Path) -> None:
    first = pd.read_csv(split / "landing" / "2010-10-01" / "rentals" / "2010-09.csv")
    assert first["date"].iloc[0] == "2010-09-21"
    assert first.groupby("date").size().unique().tolist() == [24]


def test_an_outlook_knows_a_week_and_then_only_what_was_usual() -> None:
    days = pd.date_range("2010-09-21", "2012-02-29")
    weather = pd.DataFrame({name: np.arange(len(days)) * 1.0 for name in history.WEATHER}, days)
    outlook = history.outlook(weather, date(2012, 1, 1)).set_index("days_ahead")
    assert outlook.loc[6, "rain_mm"] == weather.loc["2012-01-07", "rain_mm"]
    assert outlook.loc[7, "rain_mm"] == weather.loc["2011-01-08", "rain_mm"]
    other = weather.copy()
    other.loc["2012-01-08":] = 999.0
    pd.testing.assert_frame_equal(
        history.outlook(other, date(2012, 1, 1)), history.outlook(weather, date(2012, 1, 1))
    )


def test_requests_and_truth_are_of_the_same_hours(split: Path) -> None:
    requests = pd.read_csv(split / "requests" / "2012-02-01.csv")
    truth = pd.read_csv(split / "truth" / "2012-02-01.csv")
    assert list(requests.columns) == ["entity", *(feature.name for feature in CARD.features)]
    assert requests["entity"].tolist() == truth["entity"].tolist()
    assert (truth["entity"].iloc[0], len(truth)) == ("2012-02-01T00", 28 * 24)


def test_no_feature_knows_a_rental_from_the_snapshot_on(city: Files) -> None:
    tables = {name: read(city, name) for name in ("rentals", "outlooks")}
    day = date(2012, 2, 1)
    asked = outcomes(tables, day).index
    with pytest.raises(ValueError, match="rentals from 2012-02-01 on would leak"):
        prepare(tables, day, asked)
    known = tables["rentals"][tables["rentals"]["date"] < pd.Timestamp(day)]
    features = prepare({**tables, "rentals": known}, day, asked)
    recent = known[known["date"] >= "2012-01-04"]
    assert features["recent_level"].unique() == [round(recent["rentals"].mean(), 3)]
    at_eight = recent[(recent["hour"] == 8) & (recent["date"].dt.day_of_week == 0)]
    monday = features.loc[pd.Timestamp("2012-02-27 08:00")]
    assert monday["recent_hour"] == round(at_eight["rentals"].mean(), 3)


def test_four_weeks_that_are_not_in_the_data_yet_are_no_snapshot(city: Files) -> None:
    tables = {name: read(city, name) for name in ("rentals", "outlooks")}
    assert snapshots(tables)[-1] == date(2012, 2, 1)
    rentals = tables["rentals"][tables["rentals"]["date"] < "2012-02-28"]
    assert snapshots({**tables, "rentals": rentals})[-1] == date(2012, 1, 1)


@pytest.fixture(scope="module")
def trained(city: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import SETTINGS
    from job_folders import IMAGE, Job

    from ml.places import Places
    from ml.training.__main__ import train

    base = tmp_path_factory.mktemp("trained")
    settings = {**SETTINGS, "model": "forecast", "as_of": AS_OF}
    train(Places(base=Job(base=base, workload=FORECAST).training(city, settings).base), IMAGE, {})
    return base / "model"


def test_a_regressor_answers_scores_without_labels(trained: Path, split: Path) -> None:
    predictor = load_verified(trained)
    lines = (split / "requests" / "2012-02-01.csv").read_text().splitlines()[1:4]
    body = "\n".join(line.partition(",")[2] for line in lines).encode()
    status, answer = asyncio.run(call(build(predictor, "7"), body, b"text/csv"))
    assert status == 200
    assert [set(one) for one in answer["predictions"]] == [{"score"}] * 3  # type: ignore[attr-defined]
    values = np.array([[float(cell) for cell in line.split(",")[1:]] for line in lines])
    assert [one["score"] for one in answer["predictions"]] == predictor.score(values).tolist()  # type: ignore[attr-defined]


def test_half_an_hour_is_refused_by_name(trained: Path) -> None:
    row = b"8.5,1,30,0,100,100,100,100,1,5,14,0"
    status, answer = asyncio.run(call(build(load_verified(trained), "7"), row, b"text/csv"))
    assert status == 400
    assert answer == {"error": "row 1, field 'hour': must be a whole number, got 8.5"}


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(trained: Path, training: Train, city: Files) -> None:
    again = training(city, workload=FORECAST, model="forecast", as_of=AS_OF) / "model"
    assert (again / artifact.MANIFEST).read_bytes() == (trained / artifact.MANIFEST).read_bytes()


def test_origins_roll_back_from_the_hold_out_and_each_is_trained_before_itself(
    trained: Path, training: Train, city: Files
) -> None:
    """The hold-out of an earlier run has the figures that back-testing says it had."""
    document = json.loads((trained / artifact.METRICS).read_text())
    origins = document["rolling_origins"]
    assert document["snapshot_date"] == "2012-02-01"
    assert [origin["snapshot_date"] for origin in origins] == ["2011-12-01", "2012-01-01"]
    then = training(city, workload=FORECAST, model="forecast", as_of="2012-02-01T00:00:00Z")
    earlier = json.loads((then / "model" / artifact.METRICS).read_text())
    assert earlier["snapshot_date"] == "2012-01-01"
    assert earlier["metrics"] == origins[-1]["metrics"]


def test_a_row_that_could_never_be_asked_is_not_learned_from(training: Train, city: Files) -> None:
    card = (FORECAST / "card.toml").read_text()
    narrow = card.replace(
        'name = "recent_level"\nmin = 0\nmax = 10000', 'name = "recent_level"\nmax = 9'
    )
    with pytest.raises(Refusal, match="a row the server would refuse: row 1, field 'recent_level'"):
        training(city, {"card.toml": narrow}, workload=FORECAST, model="forecast", as_of=AS_OF)


def test_evaluation_judges_a_regressor_by_its_error(
    trained: Path, evaluation: Callable[..., Path], city: Files
) -> None:
    def deliver(inputs: Path) -> None:
        (inputs / "candidate").mkdir()
        with tarfile.open(inputs / "candidate" / "model.tar.gz", "w:gz") as archive:
            for path in trained.iterdir():
                archive.add(path, path.name)

    output = evaluation(
        city, deliver, workload=FORECAST, PERENNIAL_MODEL="forecast", PERENNIAL_AS_OF=AS_OF
    )
    report = parse_evaluation(json.loads((output / "evaluation.json").read_text()))
    assert (report.metric, report.holdout.rows, report.holdout.positives) == ("rmse", 672, None)
    metrics = json.loads((trained / artifact.METRICS).read_text())["metrics"]
    assert report.candidate.metrics["rmse"] == pytest.approx(metrics["rmse"], rel=1e-6)
    manifest = sha256((trained / artifact.MANIFEST).read_bytes()).hexdigest()
    assert report.candidate.manifest_sha256 == manifest
