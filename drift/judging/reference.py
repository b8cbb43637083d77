"""The baseline as judging needs it: mean sums per row, how they vary from block to block."""

import hashlib
import io
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

from drift.judging.cells import Cells, FeatureCells, Floats

KEPT_BLOCKS = 2_000
"""Blocks kept for resampling small windows; the covariance is of all blocks."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What training saw, made by :func:`reference_of`.

    ``covariance`` is per row: sums of ``m`` rows divided by ``m`` vary by ``covariance / m`` around
    ``shares``. It comes from blocks, so that rows of one request or customer that resemble each
    other count for less (the design effect of survey statistics).
    """

    model: str
    version: str
    cells: Cells
    rows: float
    shares: Floats
    covariance: Floats
    blocks: Floats
    block_rows: Floats
    block_count: int
    """Of all blocks that the covariance is of."""

    @property
    def mean_block(self) -> float:
        return float(self.block_rows.mean())

    @cached_property
    def fingerprint(self) -> str:
        """What a state that was kept between checks must match."""
        digest = hashlib.sha256(self.shares.tobytes())
        digest.update(f"{self.model} {self.version} {self.rows} {self.cells}".encode())
        return digest.hexdigest()[:16]

    def redrawn(self, generator: np.random.Generator) -> "Reference":
        """Return the reference that training might as well have made, from other blocks.

        Where fewer blocks are kept than there were, they vary more than all would.
        """
        count = len(self.block_rows)
        taken = generator.integers(count, size=count)
        blocks, rows = self.blocks[taken], self.block_rows[taken]
        center = self.blocks.sum(axis=0) / self.block_rows.sum()
        less = np.sqrt(count / self.block_count)
        moved = blocks.sum(axis=0) / rows.sum() - center
        varied = _covariance(blocks, rows) - _covariance(self.blocks, self.block_rows)
        return replace(
            self, shares=self.shares + moved * less, covariance=self.covariance + varied * less
        )

    def to_bytes(self) -> bytes:
        """Return the reference as a compressed numpy archive without pickled objects."""
        head = {
            "model": self.model,
            "version": self.version,
            "rows": self.rows,
            "block_count": self.block_count,
            "features": [asdict(feature) for feature in self.cells.features],
            "multivariate": self.cells.multivariate,
        }
        target = io.BytesIO()
        np.savez_compressed(
            target,
            head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
            shares=self.shares,
            covariance=self.covariance.astype(np.float32),
            blocks=self.blocks.astype(np.float32),
            block_rows=self.block_rows,
        )
        return target.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> "Reference":
        """Read :meth:`to_bytes`; ValueError for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as found:
                head = json.loads(found["head"].tobytes())
                arrays = {
                    name: found[name].astype(np.float64)
                    for name in ("shares", "covariance", "blocks", "block_rows")
                }
            features = [
                FeatureCells(**(one | {"labels": tuple(one["labels"])})) for one in head["features"]
            ]
            cells = Cells(tuple(features), multivariate=head["multivariate"])
            names = {name: head[name] for name in ("model", "version", "rows", "block_count")}
        except Exception as error:
            raise ValueError(f"the reference can't be read: {error}") from error
        return Reference(cells=cells, **names, **arrays)


def reference_of(
    blocks: Floats,
    block_rows: Floats,
    cells: Cells,
    *,
    model: str,
    version: str,
    whole: tuple[float, Floats] | None = None,
    seed: int = 0,
) -> Reference:
    """Sum up training's blocks.

    Parameters
    ----------
    blocks
        One line per block, its sums in the order of ``cells``. A block is what is drawn
        independently: a request with many rows, a customer, an hour; a single row where rows are
        independent.
    block_rows
        Rows of each block.
    whole
        Rows and sums of all training data, where ``blocks`` are a sample of it.

    Returns
    -------
    Reference
        With the cluster-robust covariance of the ratio means (Rao and Scott, "The analysis of
        categorical data from complex sample surveys", JASA 76, 1981; Cochran, Sampling Techniques,
        chapter 9A).
    """
    rows = float(block_rows.sum())
    if blocks.ndim != 2 or blocks.shape != (len(block_rows), cells.total) or rows < 1:
        raise ValueError(
            f"{len(block_rows)} blocks of {rows:g} rows need sums of shape "
            f"({len(block_rows)}, {cells.total}), got {blocks.shape}"
        )
    covariance = _covariance(blocks, block_rows)
    all_rows, sums = whole or (rows, blocks.sum(axis=0))
    kept = np.arange(len(block_rows))
    if len(kept) > KEPT_BLOCKS:
        kept = np.random.default_rng(seed).choice(len(kept), KEPT_BLOCKS, replace=False)
    return Reference(
        model=model,
        version=version,
        cells=cells,
        rows=all_rows,
        shares=np.asarray(sums, dtype=np.float64) / all_rows,
        covariance=covariance,
        blocks=np.asarray(blocks[kept], dtype=np.float64),
        block_rows=np.asarray(block_rows[kept], dtype=np.float64),
        block_count=len(block_rows),
    )


def _covariance(blocks: Floats, block_rows: Floats) -> Floats:
    rows = float(block_rows.sum())
    influence = blocks - np.outer(block_rows, blocks.sum(axis=0) / rows)
    free = len(block_rows) / max(1, len(block_rows) - 1)
    found: Floats = (influence.T @ influence).astype(np.float64) * (free / rows)
    return found
