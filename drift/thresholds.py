"""What PSI chance alone explains, given the samples' sizes and the wanted false-alarm rate."""

from math import exp, lgamma, log, log1p


def critical_psi(*, expected_rows: int, observed_rows: int, bins: int, tail: float) -> float:
    """Return the PSI that undrifted data exceeds with probability ``tail``.

    Without drift ``psi / (1/n + 1/m)`` follows a chi-squared distribution with ``bins - 1``
    degrees of freedom for samples of ``n`` and ``m`` rows (Yurdakul and Naranjo, 2020). One bin
    cannot differ: 0. The familiar 0.1 is chance in small windows and far above it in large ones:

    >>> round(critical_psi(expected_rows=10_000, observed_rows=100, bins=10, tail=0.01), 3)
    0.219
    >>> round(critical_psi(expected_rows=10_000, observed_rows=10_000, bins=10, tail=0.01), 4)
    0.0043
    """
    if min(expected_rows, observed_rows) < 1:
        raise ValueError(f"samples need rows, got {expected_rows} and {observed_rows}")
    if bins < 2:
        return 0.0
    return chi2_quantile(tail, bins - 1) * (1 / expected_rows + 1 / observed_rows)


def per_feature(rate: float, features: int) -> float:
    """Share a false-alarm ``rate`` among ``features`` looks (Sidak; exact when independent).

    >>> round(per_feature(0.05, 5), 5)
    0.01021
    """
    if not 0 < rate < 1 or features < 1:
        raise ValueError(
            f"rate must be between 0 and 1 and features at least 1, got {rate} and {features}"
        )
    return 1 - (1 - rate) ** (1 / features)


def chi2_tail(x: float, freedom: int) -> float:
    """Probability that a chi-squared variable exceeds ``x``.

    The upper incomplete gamma function Q(freedom/2, x/2), by series or continued fraction as in
    Press et al., Numerical Recipes, section 6.2.

    >>> round(chi2_tail(3.841459, 1), 6)
    0.05
    """
    a, z = freedom / 2, x / 2
    if z <= 0:
        return 1.0
    scale = exp(a * log(z) - z - lgamma(a))
    return 1 - scale * _series(a, z) if z < a + 1 else scale * _fraction(a, z)


def chi2_surprise(x: float, freedom: float) -> float:
    """Return minus the logarithm of the probability that a chi-squared variable exceeds ``x``.

    Finite for all finite ``x``, where the probability itself is long zero, and for fractional
    degrees of freedom.

    >>> round(chi2_surprise(3.841459, 1), 4), round(chi2_surprise(1e6, 9), 1)
    (2.9957, 499956.5)
    """
    a, z = freedom / 2, x / 2
    if z <= 0:
        return 0.0
    power = a * log(z) - z - lgamma(a)
    if z < a + 1:
        return -log1p(-min(exp(power) * _series(a, z), 1 - 1e-16))
    return -power - log(_fraction(a, z))


def binomial_surprise(hits: int, of: int, chance: float) -> float:
    """Return minus the logarithm of the probability of ``hits`` or more in ``of`` trials.

    >>> round(exp(-binomial_surprise(2, 3, 0.5)), 6)
    0.5
    >>> binomial_surprise(0, 3, 0.5)
    0.0
    """
    if hits <= 0:
        return 0.0
    odds = log(chance) - log1p(-chance)
    first = lgamma(of + 1) - lgamma(hits + 1) - lgamma(of - hits + 1)
    first += hits * odds + of * log1p(-chance)
    term = total = 1.0
    for k in range(hits, of):
        term *= (of - k) / (k + 1) * exp(odds)
        total += term
        if term < 1e-17 * total and (of - k) * exp(odds) < k + 1:
            break
    return max(0.0, -first - log(total))


def chi2_quantile(tail: float, freedom: int) -> float:
    """Return the ``x`` that a chi-squared variable exceeds with probability ``tail``.

    >>> round(chi2_quantile(0.05, 9), 3)
    16.919
    >>> round(chi2_quantile(1e-6, 9), 2)
    44.81
    """
    if not 0 < tail < 1 or freedom < 1:
        raise ValueError(
            f"tail must be between 0 and 1 and freedom at least 1, got {tail} and {freedom}"
        )
    low, high = 0.0, float(freedom)
    while chi2_tail(high, freedom) > tail:
        low, high = high, high * 2
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if chi2_tail(middle, freedom) > tail else (low, middle)
    return high


def _series(a: float, z: float) -> float:
    term = total = 1 / a
    step = a
    while abs(term) > 1e-16 * abs(total):
        step += 1
        term *= z / step
        total += term
    return total


def _fraction(a: float, z: float) -> float:
    """Lentz's evaluation of the continued fraction of Q, valid for ``z >= a + 1``."""
    b = z + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for i in range(1, 1000):
        factor = i * (a - i)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
