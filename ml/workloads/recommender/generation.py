"""Ratings made up from factors that are known, so that the best possible answer is known, too.

No data set of ratings with a permissive licence was found (MovieLens forbids redistribution), so
these are generated, and whoever shows figures of them has to say so. Users have a mood, items a
quality, and both have factors whose dot product is how well they suit each other; factors and
qualities wander from month to month, users and items join over the months, and a rating is what
comes of it, with noise, in half stars.
"""

from dataclasses import dataclass
from datetime import date
from math import erf, sqrt
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

LOWEST, HIGHEST, STEP = 0.5, 5.0, 0.5
_EVERYBODY = 0.5
"""The share of users and items that are there from the first month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the ratings are made of; spreads are standard deviations, in stars."""

    seed: int = 20261124
    first_month: date = date(2022, 1, 1)
    months: int = 24
    users: int = 1500
    items: int = 400
    factors: int = 6
    mean: float = 3.4
    user_spread: float = 0.35
    item_spread: float = 0.45
    taste_spread: float = 0.75
    """Of the dot product over all pairs."""
    noise: float = 0.45
    wander: float = 0.2
    """How far factors and qualities go in a month, as a share of their spread."""
    active: float = 0.3
    """The share of users who rate in a month."""
    ratings_each: float = 15.0
    """How many items such a user rates in a month, the mean."""
    changed_mind: float = 0.02
    """The share of ratings that are given again, later in the month."""


def generate(world: World) -> pd.DataFrame:
    """Return user_id, item_id, rating, date and ``expected``: the mean of all ratings that the same
    pair could have given at that moment, which no model can do better than answer.

    The same world gives the same rows, on every machine with the same NumPy.
    """
    draw = np.random.default_rng(world.seed)
    tastes = _Tastes(world, draw)
    user_joins = _joins(world.users, world.months, draw)
    item_joins = _joins(world.items, world.months, draw)
    seen = np.zeros((world.users, world.items), dtype=bool)
    months: list[pd.DataFrame] = []
    for month in range(world.months):
        if month:
            tastes.wander()
        here = np.flatnonzero(user_joins <= month)
        on_offer = item_joins <= month
        new = user_joins[here] == month
        rating = here[(draw.random(len(here)) < world.active) | (new & (month > 0))]
        pairs = [_choose(user, on_offer & ~seen[user], world, draw) for user in rating]
        users, items = (np.concatenate(each) for each in zip(*pairs, strict=True))
        seen[users, items] = True
        months.append(_month(world, tastes.of(users, items), users, items, month, draw))
    return pd.concat(months, ignore_index=True)


class _Tastes:
    """Where everybody's factors are now."""

    def __init__(self, world: World, draw: np.random.Generator) -> None:
        self._world, self._draw = world, draw
        # A dot product of k pairs of such numbers has the spread of the tastes.
        each = sqrt(world.taste_spread / sqrt(world.factors))
        self._spread = (each, each, world.user_spread, world.item_spread)
        shapes = ((world.users, world.factors), (world.items, world.factors))
        sizes = (*shapes, (world.users, 1), (world.items, 1))
        self._state = [
            draw.normal(0, spread, size) for spread, size in zip(self._spread, sizes, strict=True)
        ]

    def wander(self) -> None:
        """Move each number a step, and back towards 0 by as much as keeps the spread."""
        step = self._world.wander
        for spread, values in zip(self._spread, self._state, strict=True):
            values *= sqrt(1 - step**2)
            values += self._draw.normal(0, step * spread, values.shape)

    def of(self, users: NDArray[np.int64], items: NDArray[np.int64]) -> Floats:
        """Return what each user thinks of each item, before noise and half stars."""
        theirs, its, mood, quality = self._state
        suits = (theirs[users] * its[items]).sum(axis=1)
        return self._world.mean + mood[users, 0] + quality[items, 0] + suits


def _joins(count: int, months: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Return the month that each joins in: half of them in the first, the others evenly; numbers
    are given in the order of joining."""
    founders = int(count * _EVERYBODY)
    later = np.sort(draw.integers(1, max(months, 2), count - founders))
    return np.concatenate([np.zeros(founders, dtype=np.int64), later])


def _choose(
    user: np.int64, may: NDArray[np.bool_], world: World, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that a user rates: items not rated before, all as likely."""
    left = np.flatnonzero(may)
    count = min(len(left), 1 + draw.poisson(world.ratings_each - 1))
    items = draw.choice(left, size=count, replace=False)
    return np.full(count, user, dtype=np.int64), items


def _month(
    world: World,
    opinions: Floats,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    month: int,
    draw: np.random.Generator,
) -> pd.DataFrame:
    """Return the ratings of one month by day, with those given again after them."""
    start = pd.Timestamp(world.first_month) + pd.DateOffset(months=month)
    days = draw.integers(0, start.days_in_month, len(users))
    rows = pd.DataFrame(
        {
            "user_id": users + 1,
            "item_id": items + 1,
            "rating": _stars(opinions + draw.normal(0, world.noise, len(users))),
            "date": start + pd.to_timedelta(days, unit="D"),
            "expected": expected(opinions, world.noise),
        }
    )
    twice = (draw.random(len(rows)) < world.changed_mind) & (days < start.days_in_month - 1)
    again = rows[twice].assign(
        rating=_stars(opinions[twice] + draw.normal(0, world.noise, int(twice.sum()))),
        date=start + pd.to_timedelta(days[twice] + 1, unit="D"),
    )
    return pd.concat([rows, again]).sort_values(["date", "user_id", "item_id"], kind="stable")


def _stars(opinions: Floats) -> Floats:
    return np.clip(np.round(opinions / STEP) * STEP, LOWEST, HIGHEST)


def expected(opinions: Floats, noise: float) -> Floats:
    """Return the mean rating of each opinion over the noise, in half stars as they are given.

    >>> expected(np.array([2.75, 9.0]), 0.5).tolist()
    [2.75, 5.0]
    """
    stars = np.arange(LOWEST, HIGHEST + STEP / 2, STEP)
    edges = (stars[:-1] + STEP / 2)[:, None]
    below = np.vectorize(erf)((edges - opinions) / (noise * sqrt(2))) / 2 + 0.5
    # A rating is its lowest value and a step for each edge that it lies above.
    return np.round(LOWEST + STEP * (1 - below).sum(axis=0), 9)
