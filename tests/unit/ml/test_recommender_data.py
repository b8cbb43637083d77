"""What the recommender learns from: made-up ratings, MovieLens' formats, and what counts when."""

import doctest
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.card import load
from ml.workload_check import check
from ml.workloads.recommender import features, generation, history, movielens
from ml.workloads.recommender.generation import World, expected, generate

FOLDER = Path(features.__file__).parent
SMALL = World(users=60, items=40, months=4)

MOVIELENS = {
    "ratings.csv": (
        "userId,movieId,rating,timestamp\n1,31,2.5,1072914000\n7,1029,3.0,946684799\n"
        "1,2,4.0,1072914001\n"
    ),
    "ratings.dat": "1::31::2.5::1072914000\n7::1029::3::946684799\n1::2::4::1072914001\n",
    "u.data": "1\t31\t2.5\t1072914000\n7\t1029\t3\t946684799\n1\t2\t4\t1072914001\n",
}


def rated(*rows: tuple[int, int, float, str]) -> dict[str, pd.DataFrame]:
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "date"])
    return {"ratings": table.assign(date=pd.to_datetime(table["date"]))}


def test_the_folder_is_a_model() -> None:
    check(FOLDER)


def test_the_window_of_the_code_is_that_of_the_card() -> None:
    assert load(FOLDER / "card.toml").label_window_days == features.WINDOW_DAYS


def test_a_month_is_a_snapshot_once_the_ratings_reach_across_its_four_weeks() -> None:
    until_the_27th = rated((1, 1, 3, "2022-01-15"), (1, 2, 3, "2022-03-27"))
    until_the_28th = rated((1, 1, 3, "2022-01-15"), (1, 2, 3, "2022-03-28"))
    assert features.snapshots(until_the_27th) == [date(2022, 2, 1)]
    assert features.snapshots(until_the_28th) == [date(2022, 2, 1), date(2022, 3, 1)]
    assert features.snapshots(rated()) == []


def test_ratings_of_four_weeks_from_the_snapshot_count() -> None:
    tables = rated(
        (1, 1, 1, "2022-01-31"),
        (1, 2, 2, "2022-02-01"),
        (1, 3, 3, "2022-02-28"),
        (1, 4, 4, "2022-03-01"),
    )
    outcomes = features.outcomes(tables, date(2022, 2, 1))
    assert outcomes.to_dict() == {(1, 2): 2.0, (1, 3): 3.0}


def test_a_pair_rated_twice_counts_with_its_last_rating() -> None:
    tables = rated(
        (1, 1, 5, "2022-02-09"),
        (1, 1, 1, "2022-02-03"),
        (2, 1, 2, "2022-02-03"),
        (2, 1, 4, "2022-02-03"),
    )
    assert features.outcomes(tables, date(2022, 2, 1)).to_dict() == {(1, 1): 5.0, (2, 1): 4.0}


def test_made_up_ratings_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    one, again, other = (
        generate(SMALL),
        generate(SMALL),
        generate(World(seed=1, users=60, items=40)),
    )
    pd.testing.assert_frame_equal(one, again)
    assert not one["rating"].head(100).equals(other["rating"].head(100))


def test_made_up_ratings_are_half_stars_of_pairs_that_had_joined() -> None:
    ratings = generate(SMALL)
    assert set(ratings["rating"] * 2) <= set(range(1, 11))
    first = ratings[ratings["date"] < "2022-02-01"]
    assert first["user_id"].max() <= 30 < ratings["user_id"].max()
    assert not ratings.duplicated(["user_id", "item_id", "date"]).any()
    assert ratings.duplicated(["user_id", "item_id"]).any()


def test_nothing_known_is_better_than_what_was_expected() -> None:
    """The floor: close to the noise, plus what half stars add, and below any other answer's."""
    ratings = generate(World(users=300, items=100, months=6))
    errors = ratings["rating"] - ratings["expected"]
    assert abs(errors.mean()) < 0.01
    floor = float(np.sqrt((errors**2).mean()))
    assert 0.42 < floor < 0.5
    shifted = ratings["rating"] - (ratings["expected"] + 0.05)
    assert np.sqrt((shifted**2).mean()) > floor


def test_expected_ratings_are_the_mean_of_many_draws() -> None:
    draw = np.random.default_rng(1)
    for opinion in (0.2, 2.1, 4.9):
        noisy = opinion + draw.normal(0, 0.45, 200_000)
        stars = np.clip(np.round(noisy * 2) / 2, 0.5, 5)
        assert expected(np.array([opinion]), 0.45)[0] == pytest.approx(stars.mean(), abs=0.005)
    assert doctest.testmod(generation).failed == 0


@pytest.mark.parametrize("name", MOVIELENS)
def test_each_of_movielens_formats_gives_the_same_ratings(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(MOVIELENS[name])
    ratings = movielens.read(tmp_path / name)
    assert ratings.to_dict("list") == {
        "user_id": [7, 1, 1],
        "item_id": [1029, 31, 2],
        "rating": [3.0, 2.5, 4.0],
        "date": [pd.Timestamp("1999-12-31"), *[pd.Timestamp("2003-12-31")] * 2],
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("user,item,rating\n1,2,3\n", "must begin with 'userId,movieId,rating,timestamp'"),
        ("1::2::3::4\n1::x::3::4\n", "not MovieLens' format throughout"),
        ("1\t16777217\t3\t4\n", "item_id must be between 1 and 16777216, got 16777217"),
        ("1\t2\t7\t4\n", "rating must be between 0.5 and 5, got 7"),
        ("", "must begin with"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "mine.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"mine\.txt.*{problem}"):
        movielens.read(tmp_path / "mine.txt")


def test_history_lands_a_month_when_it_is_over_and_asks_about_what_was_rated(
    tmp_path: Path,
) -> None:
    source = tmp_path / "u.data"
    # 1, 3 and 31 January and 28 February 2000.
    moments = (946684800, 946857600, 949276800, 951696000)
    source.write_text("".join(f"{n}\t{10 * n}\t4\t{moments[n - 1]}\n" for n in (1, 2, 3, 4)))
    history.write(str(source), tmp_path)
    landing = tmp_path / "landing"
    assert sorted(str(path.relative_to(landing)) for path in landing.rglob("*.csv")) == [
        "2000-02-01/ratings/2000-01.csv",
        "2000-03-01/ratings/2000-02.csv",
    ]
    assert (landing / "2000-03-01/ratings/2000-02.csv").read_text() == (
        "user_id,item_id,rating,date\n4,40,4.0,2000-02-28\n"
    )
    assert (tmp_path / "requests/2000-01-01.csv").read_text() == (
        "entity,user_id,item_id\n1:10,1,10\n2:20,2,20\n"
    )
    assert (tmp_path / "truth/2000-02-01.csv").read_text() == "entity,label\n4:40,4.0\n"


@pytest.mark.slow
def test_what_is_made_up_goes_through_the_same_split(tmp_path: Path) -> None:
    history.write(history.GENERATED, tmp_path)
    header = "user_id,item_id,rating,date"
    files = sorted((tmp_path / "landing").rglob("*.csv"))
    assert len(files) == World().months
    assert {path.read_text().partition("\n")[0] for path in files} == {header}
    assert (tmp_path / "requests" / "2023-12-01.csv").is_file()
    assert (tmp_path / "truth" / "2023-12-01.csv").is_file()
