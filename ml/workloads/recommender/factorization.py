"""Matrix factorization in PyTorch: users and items as embeddings, row 0 for whoever is unknown."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .export import Tables
from .settings import Settings

SMALL = 0.1
"""The spread of the first factors: all 0 would have no slope to follow."""


@contextmanager
def exact() -> Generator[None]:
    """Compute in one thread and only by algorithms that give the same sums each time."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Rated pairs as rows of the tables."""

    users: NDArray[np.int64]
    """The users' numbers, ascending: the first has row 1."""
    items: NDArray[np.int64]
    places: Tensor
    """(rows, 2): each pair's row of the users and of the items."""
    ratings: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float32], labels: NDArray[np.float64]) -> "Pairs":
        numbers = features.astype(np.int64)
        users, items = np.unique(numbers[:, 0]), np.unique(numbers[:, 1])
        return cls(
            users=users,
            items=items,
            places=_places(numbers, users, items),
            ratings=torch.from_numpy(labels.astype(np.float32)),
        )

    def rows(self, features: NDArray[np.float32]) -> Tensor:
        """Return where asked pairs stand; 0 stands for a user or an item that is unknown."""
        return _places(features.astype(np.int64), self.users, self.items)


def _places(
    numbers: NDArray[np.int64], users: NDArray[np.int64], items: NDArray[np.int64]
) -> Tensor:
    return torch.from_numpy(
        np.column_stack([_row(numbers[:, 0], users), _row(numbers[:, 1], items)])
    )


def _row(numbers: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    return np.where(known[place] == numbers, place + 1, 0)


class Factorization(nn.Module):
    """``mean + bias of the user + bias of the item + dot product of their factors``.

    Row 0 is 0 and stays 0, since no rating is of it and the penalty wants it there: an unknown user
    gets what the item usually gets, an unknown item what the user usually gives, and both unknown
    the mean.
    """

    def __init__(self, pairs: Pairs, settings: Settings) -> None:
        super().__init__()
        # Drawn by NumPy, whose numbers depend on no CPU's instructions.
        draw = np.random.default_rng([settings.seed, 0])
        self.mean = float(pairs.ratings.to(torch.float64).mean())
        self.user_factors = _drawn(len(pairs.users), settings.factors, draw)
        self.item_factors = _drawn(len(pairs.items), settings.factors, draw)
        self.user_biases = _embedding(np.zeros((len(pairs.users), 1)))
        self.item_biases = _embedding(np.zeros((len(pairs.items), 1)))

    def forward(self, places: Tensor) -> Tensor:
        users, items = places[:, 0], places[:, 1]
        agreement = (self.user_factors(users) * self.item_factors(items)).sum(dim=1)
        biases = self.user_biases(users)[:, 0] + self.item_biases(items)[:, 0]
        return self.mean + biases + agreement

    def penalty(self, settings: Settings) -> Tensor:
        """Return how far all tables are from 0, which is what is believed before any rating."""
        factors = self.user_factors.weight.square().sum() + self.item_factors.weight.square().sum()
        biases = self.user_biases.weight.square().sum() + self.item_biases.weight.square().sum()
        return settings.factor_prior * factors + settings.bias_prior * biases

    def answers(self, places: Tensor, settings: Settings) -> NDArray[np.float64]:
        """Return the ratings foretold, on the scale."""
        with torch.no_grad():
            answers = self(places).clamp(settings.lowest, settings.highest)
        return answers.numpy().astype(np.float64)

    def tables(self) -> Tables:
        """Return what was learned, as plain arrays."""
        return Tables(
            mean=self.mean,
            user_factors=self.user_factors.weight.detach().numpy(),
            item_factors=self.item_factors.weight.detach().numpy(),
            user_biases=self.user_biases.weight.detach().numpy(),
            item_biases=self.item_biases.weight.detach().numpy(),
        )


def _drawn(count: int, factors: int, draw: np.random.Generator) -> nn.Embedding:
    return _embedding(draw.normal(0, SMALL, (count, factors)))


def _embedding(values: NDArray[np.float64]) -> nn.Embedding:
    """Return a table of ``values`` below a row of zeros."""
    table = np.vstack([np.zeros(values.shape[1]), values]).astype(np.float32)
    return nn.Embedding.from_pretrained(torch.from_numpy(table), freeze=False)
