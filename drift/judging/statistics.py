"""The tests of all features at once, each turned into a surprise (minus log tail probability)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from drift.judging.cells import Floats
from drift.judging.columns import Columns
from drift.judging.quadratic import Joint, joint, matched
from drift.judging.reference import Reference
from drift.judging.scores import linear, smooth
from drift.judging.surprise import binomial_surprises, chi2_surprises


class Test(StrEnum):
    """What a test looks at; a feature has several."""

    __test__ = False
    BINS = "bins"
    """Any change of the shares: Pearson's chi-squared, corrected as by Rao and Scott (1981)."""
    TREND = "trend"
    """A move along ordered bins (one degree of freedom: Cochran and Armitage's test)."""
    SHAPE = "shape"
    """A move or spread along ordered bins: the first two components of Neyman's smooth test."""
    LOCATION = "location"
    """All ordered features move together or one against the others: Hotelling's test of scores."""
    RARE = "rare"
    """More rows in bins that the baseline hardly knows: exact, given their number."""
    MULTIVARIATE = "multivariate"
    """Features together: maximum mean discrepancy, regularised (Harchaoui, Bach, Moulines 2007)."""


_RIDGE = {Test.LOCATION: 0.01, Test.MULTIVARIATE: 0.3}
_RIDGE_PER_BLOCK = 20.0
"""Of the mean eigenvalue: directions that hardly vary are damped, the more the fewer blocks say how
much they vary (what whitens by a badly known covariance finds noise)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One window beside a baseline, or many (leading axes), as shares of the groups."""

    window: Floats
    window_rows: Floats
    baseline: Floats
    baseline_rows: float


class Statistics:
    """All tests of a reference at one window size, prepared once."""

    def __init__(self, reference: Reference, rows: float, columns: Columns | None = None) -> None:
        self.columns = columns or Columns(reference.cells, reference.shares, rows)
        self.rows = reference.rows
        self.shares = self.columns.grouped(reference.shares)
        half = self.columns.grouped(reference.covariance)
        self.covariance = self.columns.grouped(half.T)
        self._bins = [
            matched(number, self._standardised(own))
            for number, own in enumerate(self.columns.common)
            if len(own) > 1
        ]
        membership = [self._member(one.feature) for one in self._bins]
        self._membership = np.array(membership).T.reshape(len(self.shares), len(self._bins))
        shaped = [
            (number, scores)
            for number, own in enumerate(self.columns.ordered)
            if (scores := smooth(self.shares, self.covariance, own)) is not None
        ]
        self._shape = [number for number, _ in shaped]
        self._smooth = np.hstack([s for _, s in shaped]) if shaped else np.zeros((len(half.T), 0))
        self._rare = [n for n, own in enumerate(self.columns.rare) if own is not None]
        self._effects = [self._effect(n, reference) for n in self._rare]
        self._joint = self._joints(reference)
        self.tests = [
            *((one.feature, Test.BINS) for one in self._bins),
            *((number, Test.TREND) for number in self._shape),
            *((number, Test.SHAPE) for number in self._shape),
            *((number, Test.RARE) for number in self._rare),
            *((one.quadratic.feature, test) for test, one in self._joint),
        ]

    def surprises(self, compared: Compared) -> Floats:
        """Return one surprise per test (last axis, in the order of ``tests``)."""
        m, n = compared.window_rows, compared.baseline_rows
        precision = 1 / (1 / m + 1 / n)
        difference = compared.window - compared.baseline
        weight = (m / (m + n))[..., None]
        pooled = compared.window * weight + compared.baseline * (1 - weight)
        squares = difference**2 / np.maximum(pooled, 1e-12)
        bins = (squares @ self._membership) * precision[..., None]
        smooth = (difference @ self._smooth) ** 2 * precision[..., None]
        pairs = smooth.reshape(*smooth.shape[:-1], -1, 2)
        scaled = bins / np.array([one.scale for one in self._bins])
        found = [_by_freedom(scaled, [one.freedom for one in self._bins])]
        found += [chi2_surprises(pairs[..., 0], 1), chi2_surprises(pairs.sum(axis=-1), 2)]
        found += [
            self._rare_surprise(number, effect, compared)[..., None]
            for number, effect in zip(self._rare, self._effects, strict=True)
        ]
        for _, one in self._joint:
            statistic = ((difference @ one.directions) ** 2).sum(axis=-1) * precision
            scaled_down = statistic / one.quadratic.scale
            found.append(chi2_surprises(scaled_down, one.quadratic.freedom)[..., None])
        return np.concatenate(found, axis=-1)

    def together(self, compared: Compared) -> float:
        """Return how far the features together moved, on PSI's scale; 0 without their sums.

        The squared distance of means in units of the rows' own (damped) variance, less what chance
        alone adds; PSI is nearly the same sum over bins.
        """
        difference = compared.window - compared.baseline
        noise = float(1 / compared.window_rows + 1 / compared.baseline_rows)
        return max(
            (
                float(((difference @ one.directions) ** 2).sum())
                - one.quadratic.scale * one.quadratic.freedom * noise
                for _, one in self._joint
            ),
            default=0.0,
        )

    def effect_of_rare(self) -> dict[int, float]:
        """Return the design effect of each column of rare bins."""
        columns = [self.columns.rare[number] for number in self._rare]
        return {
            c: effect for c, effect in zip(columns, self._effects, strict=True) if c is not None
        }

    def _rare_surprise(self, number: int, effect: float, compared: Compared) -> Floats:
        column = self.columns.rare[number]
        hits = compared.window[..., column] * compared.window_rows / effect
        others = compared.baseline[..., column] * compared.baseline_rows / effect
        chance = float(np.mean(compared.window_rows))
        chance /= chance + compared.baseline_rows
        return binomial_surprises(hits, np.rint(hits) + np.rint(others), chance)

    def _standardised(self, own: list[int]) -> Floats:
        root = np.sqrt(self.shares[own])
        scaled = self.covariance[np.ix_(own, own)] / np.outer(root, root)
        values = np.maximum(np.linalg.eigvalsh(scaled).astype(np.float64), 0.0)
        free = len(own) - 1
        if values.sum() < free / 2:
            # Rows more even than chance (each hour once a day): still no proof that they stay so.
            return np.ones(free)
        return values

    def _member(self, feature: int) -> Floats:
        member = np.zeros(len(self.shares))
        member[self.columns.common[feature]] = 1
        return member

    def _effect(self, number: int, reference: Reference) -> float:
        """How many rows of a rare bin say as much as one: at most all of a block's move together.

        Bins that were seen often say how alike a block's rows are; else a block counts as one row.
        """
        own = self.columns.common[number]
        shares, variance = self.shares[own], np.diag(self.covariance)[own]
        inner = shares * (1 - shares)
        if len(own) > 1:
            return max(1.0, float(np.max(variance / np.maximum(inner, 1e-12))))
        return float((reference.block_rows**2).sum() / reference.block_rows.sum())

    def _joints(self, reference: Reference) -> list[tuple[Test, Joint]]:
        own = np.eye(len(self.shares))[:, self.columns.multivariate]
        lines = [linear(self.shares, ordered) for ordered in self.columns.ordered]
        known = [one for one in lines if one is not None]
        scores = np.stack(known, axis=1) if len(known) > 1 else own[:, :0]
        number = len(reference.cells.features)
        found: list[tuple[Test, Joint]] = []
        for test, basis in ((Test.LOCATION, scores), (Test.MULTIVARIATE, own)):
            ridge = _RIDGE[test] + _RIDGE_PER_BLOCK * basis.shape[1] / reference.block_count
            one = joint(number, basis, self.covariance, ridge=ridge)
            if one is not None:
                found.append((test, one))
        return found


def _by_freedom(statistics: Floats, freedoms: list[float]) -> Floats:
    """Look up columns of the same degrees of freedom at once."""
    found = np.empty_like(statistics)
    rounded = np.round(freedoms, 2)
    for freedom in np.unique(rounded):
        own = rounded == freedom
        found[..., own] = chi2_surprises(statistics[..., own], float(freedom))
    return found
