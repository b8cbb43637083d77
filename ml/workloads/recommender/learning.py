"""Learn the factors in small batches, epoch by epoch, from a checkpoint on if there is one."""

import io
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from ml.training.checkpoints import Checkpoint, Checkpoints

from .factorization import Factorization, Pairs
from .settings import Settings

LAST_RATE = 0.05
"""The last epoch's learning rate, as a share of the first one's: factors come to rest."""


class Learning:
    """One training: model and optimizer, and how many epochs are behind them.

    Nothing else changes from epoch to epoch: the order of an epoch's rows and its learning rate
    follow from its number, so no state of a random generator can be lost with an interruption.
    """

    def __init__(self, pairs: Pairs, settings: Settings, checkpoints: Path) -> None:
        self._pairs, self._settings = pairs, settings
        self._checkpoints = Checkpoints(folder=checkpoints, training=_digest(pairs, settings))
        self.model = Factorization(pairs, settings)
        self._optimizer = torch.optim.Adam(
            self.model.parameters(), lr=settings.learning_rate, foreach=False
        )
        self.done = 0
        self._resume()

    def epochs(self) -> Iterator[int]:
        """Train epoch by epoch; yield each one's number once its checkpoint is written."""
        while self.done < self._settings.epochs:
            loss = self._epoch()
            self.done += 1
            self._checkpoints.save(Checkpoint(epoch=self.done, content=self._state()))
            print(f"epoch {self.done}: train_rmse={loss**0.5:.4f};", flush=True)
            yield self.done

    def _epoch(self) -> float:
        settings, rows = self._settings, len(self._pairs.ratings)
        for group in self._optimizer.param_groups:
            group["lr"] = self.rate
        draw = np.random.default_rng([settings.seed, 1 + self.done])
        order = torch.from_numpy(draw.permutation(rows))
        total = 0.0
        for batch in order.split(settings.batch_rows):
            self._optimizer.zero_grad()
            errors = self.model(self._pairs.places[batch]) - self._pairs.ratings[batch]
            squares = errors.square()
            # The penalty is of all ratings together, so each batch carries its share.
            loss = squares.mean() + self.model.penalty(settings) / rows
            loss.backward()
            self._optimizer.step()
            total += float(squares.detach().sum())
        return total / rows

    @property
    def rate(self) -> float:
        """The learning rate of the epoch to come."""
        behind = self.done / max(1, self._settings.epochs - 1)
        return self._settings.learning_rate * (1 - (1 - LAST_RATE) * behind)

    def _state(self) -> bytes:
        buffer = io.BytesIO()
        torch.save(
            {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}, buffer
        )
        return buffer.getvalue()

    def _resume(self) -> None:
        checkpoint = self._checkpoints.newest()
        if checkpoint is None:
            return
        # Tensors and numbers alone: nothing in it is run.
        state = torch.load(io.BytesIO(checkpoint.content), weights_only=True, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.done = checkpoint.epoch
        print(f"resumed after epoch {self.done} of {self._settings.epochs}", flush=True)


def _digest(pairs: Pairs, settings: Settings) -> str:
    """Return what tells this training from any other, also one with another PyTorch."""
    digest = sha256(f"{torch.__version__} {sorted(asdict(settings).items())}".encode())
    for values in (pairs.users, pairs.items, pairs.places.numpy(), pairs.ratings.numpy()):
        digest.update(f"{values.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
