"""Gray's test whether the cumulative incidence of a cause is the same in several groups."""

from __future__ import annotations

import numpy as np

from summand.tables import Array


def gray_test(exits: Array, kind: int) -> tuple[float, int, float] | None:
    """The statistic, its degrees of freedom, and the p-value; None if fewer than two groups can be compared.

    In group r with Y at risk, let S be the probability to be free of all events, F the cumulative incidence, and
    R = Y (1 - F(t-)) / S(t-) the size of the risk set in which who had another event stays. The score of a group is its
    events minus those that fall on it in proportion to R. Its covariance under the hypothesis, with h = Y / S(t-),
    dF0 = dN / sum of h, G0 = 1 - F0, and for groups k, r

        e_kr(t) = 1[k = r] - h_k / sum of h        c_kr(t) = sum over u <= t of e_kr h_r dF0 / G0(u-)
        a_kr = e_kr + (1 - G0 / S_r) (c_kr(end) - c_kr) / h_r      b_kr = -(G0 / S_r) (c_kr(end) - c_kr) / h_r,

    is the sum over r and t of a_kr a_jr h_r dF0 and b_kr b_jr times the other events of r; several events at a time
    have the variance of draws without replacement.

    Args:
        exits: By kind (0 is censored), group and time, shape (kinds, groups, times).
        kind: The cause of interest.

    Source: Gray (1988), Annals of Statistics 16(3), 1141-1154, section 2, with rho = 0.
    """
    from scipy.special import chdtrc

    at_risk = np.cumsum(exits.sum(axis=0)[:, ::-1], axis=1)[:, ::-1]
    events, others = exits[kind], exits[1:].sum(axis=0) - exits[kind]
    risk = np.maximum(at_risk, 1.0)
    free = np.cumprod(1.0 - (events + others) / risk, axis=1)
    free_before = _before(free, 1.0)
    incidence_before = _before(np.cumsum(free_before * events / risk, axis=1), 0.0)
    h = _ratio(at_risk, free_before)
    risk_set = h * (1.0 - incidence_before)
    expected = _ratio(risk_set, np.broadcast_to(risk_set.sum(axis=0), risk_set.shape)) * events.sum(axis=0)
    variance = _variance(events, others, at_risk, free, free_before, h)
    compared = np.flatnonzero(np.diag(variance) > 1e-12)
    if len(compared) < 2:
        return None
    kept = compared[:-1]  # the scores add up to 0: one group follows from the others
    score, within = (events - expected).sum(axis=1)[kept], variance[np.ix_(kept, kept)]
    statistic = float(score @ np.linalg.pinv(within, hermitian=True) @ score)
    rank = int(np.linalg.matrix_rank(within, hermitian=True))
    return statistic, rank, float(chdtrc(rank, statistic))


def _variance(events: Array, others: Array, at_risk: Array, free: Array, free_before: Array, h: Array) -> Array:
    """The covariance of the scores under the hypothesis, shape (groups, groups); all arguments (groups, times)."""
    groups, h_sum = len(h), h.sum(axis=0)
    happened = events.sum(axis=0)
    step = _ratio(happened, h_sum)
    g = 1.0 - np.cumsum(step)
    g_before = g + step
    share = _ratio(h, np.broadcast_to(h_sum, h.shape))
    variance = np.zeros((groups, groups))
    for r in range(groups):
        e = -share + (np.arange(groups) == r)[:, None]
        c = np.cumsum(e * _ratio(h[r] * step, g_before), axis=1)
        left = (c[:, -1:] - c) * _ratio(np.ones_like(step), h[r])
        g_ratio = _ratio(g, free[r])
        in_set = h[r] > 0.0
        a, b = np.where(in_set, e + (1.0 - g_ratio) * left, 0.0), np.where(in_set, -g_ratio * left, 0.0)
        of_events = h[r] * step * _without_replacement(happened, h_sum * free_before[r])
        of_others = others[r] * _without_replacement(others[r], at_risk[r])
        variance += (a * of_events) @ a.T + (b * of_others) @ b.T
    return variance


def _without_replacement(drawn: Array, size: Array) -> Array:
    """The variance of so many draws without replacement, relative to that with it."""
    return 1.0 - np.where(drawn > 1.0, (drawn - 1.0) / np.maximum(size - 1.0, 1e-9), 0.0)


def _before(values: Array, first: float) -> Array:
    """Each group's value just before each time, shape (groups, times)."""
    return np.concatenate([np.full((len(values), 1), first), values[:, :-1]], axis=1)


def _ratio(above: Array, below: Array) -> Array:
    """The quotient, 0 where the denominator is not positive."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)
