"""Clusters with random effects, fitted to the means of cells by restricted maximum likelihood, after Kenward and Roger.

A cluster's mean in period t over n people has the covariance ``σ² / n`` within, plus ``τ²`` shared over its periods, plus
``γ²`` of its own period where asked for. Treatment and period are the same for all people of a cell, so the means and
the squares within cells tell all that the rows tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.errors import NotConverged, OutcomeConstant
from summand.methods._newton import equations
from summand.tables import Array

ITERATIONS_MAX = 200
DECREMENT_DONE = 1e-22
HALVINGS_MAX = 40
# Variances start here as parts of the total, and end at zero where the likelihood would have them negative.
START = (0.9, 0.1, 0.05)


@dataclass(frozen=True)
class Cells:
    """One cluster's cells with people.

    Attributes:
        x: Its design, shape (cells, p).
        y: Its means, shape (cells,).
        n: Its people, shape (cells,).
    """

    x: Array
    y: Array
    n: Array

    def parts(self, nested: bool) -> list[Array]:
        """The derivatives of its covariance by the variances, each of shape (cells, cells)."""
        size = len(self.n)
        found = [np.diag(1.0 / self.n), np.ones((size, size))]
        return [*found, np.eye(size)] if nested else found


@dataclass(frozen=True)
class RandomFit:
    """A fit.

    Attributes:
        beta: Shape (p,).
        covariance: After Kenward and Roger, shape (p, p).
        plain: Before, ``inverse(x' inverse(V) x)``.
        variances: σ², τ² and, where asked for, γ².
        deviance: Minus twice the restricted log-likelihood, without what does not depend on the fit.
        moved: ``plain P_i plain`` for each variance.
        known: The covariance of the variances.
    """

    beta: Array
    covariance: Array
    plain: Array
    variances: Array
    deviance: float
    moved: tuple[Array, ...]
    known: Array

    def freedom(self, contrast: Array) -> float:
        """Degrees of freedom of one contrast's t, for which Kenward and Roger's equal Satterthwaite's."""
        variance = float(contrast @ self.plain @ contrast)
        along = np.array([float(contrast @ moved @ contrast) for moved in self.moved])
        return 2.0 * variance**2 / float(along @ self.known @ along)


@dataclass(frozen=True)
class _Sums:
    """What the likelihood and its derivatives need, summed over clusters, at some variances."""

    log_determinant: float
    xx: Array
    xy: Array
    yy: float
    traces: Array
    pairs: Array
    p: tuple[Array, ...]
    q: dict[tuple[int, int], Array]
    px: tuple[Array, ...]
    pyy: Array
    qx: dict[tuple[int, int], Array]
    qyy: Array


def _summed(clusters: list[Cells], variances: Array) -> _Sums:
    count, p = len(variances), clusters[0].x.shape[1]
    order = [(i, j) for i in range(count) for j in range(i, count)]
    log_determinant, traces, pairs = 0.0, np.zeros(count), np.zeros((count, count))
    # the design with the outcome as its last column: every product with the outcome comes along
    whole = np.zeros((p + 1, p + 1))
    first = [np.zeros((p + 1, p + 1)) for _ in range(count)]
    second = {pair: np.zeros((p + 1, p + 1)) for pair in order}
    for cluster in clusters:
        parts = cluster.parts(count == 3)
        v = sum(variance * part for variance, part in zip(variances.tolist(), parts, strict=True))
        inverse = np.linalg.inv(v)
        log_determinant += float(np.linalg.slogdet(v)[1])
        z = np.column_stack((cluster.x, cluster.y))
        applied = inverse @ z
        whole += z.T @ applied
        turned = [part @ inverse for part in parts]
        for i in range(count):
            traces[i] += np.trace(turned[i])
            first[i] += applied.T @ parts[i] @ applied
        for i, j in order:
            pairs[i, j] += float((turned[i] * turned[j].T).sum())
            second[i, j] += applied.T @ parts[i] @ inverse @ parts[j] @ applied
    pairs = np.triu(pairs) + np.triu(pairs, 1).T
    qyy = np.zeros((count, count))
    for i, j in order:
        qyy[i, j] = qyy[j, i] = second[i, j][p, p]
    return _Sums(
        log_determinant, whole[:p, :p], whole[:p, p], float(whole[p, p]), traces, pairs,
        tuple(m[:p, :p] for m in first), {pair: (m[:p, :p] + m[:p, :p].T) / 2 for pair, m in second.items()},
        tuple(m[:p, p] for m in first), np.array([m[p, p] for m in first]),
        {pair: (m[:p, p] + m[p, :p]) / 2 for pair, m in second.items()}, qyy,
    )  # fmt: skip


@dataclass(frozen=True)
class _Point:
    """The deviance at some variances with its first and second derivatives, observed and expected."""

    deviance: float
    gradient: Array
    observed: Array
    expected: Array
    beta: Array
    plain: Array
    sums: _Sums


def _point(clusters: list[Cells], variances: Array, within: tuple[float, float], terms: tuple[str, ...]) -> _Point:
    """Everything at some variances.

    Args:
        clusters: Their cells.
        variances: σ², τ², γ².
        within: Squares within cells, and their degrees of freedom.
        terms: The design's columns.
    """
    s = _summed(clusters, variances)
    solver = equations(s.xx, terms, np.eye(len(terms)))
    beta, plain = solver.solve(s.xy), solver.inverse
    count = len(variances)
    squares, freedom = within
    sigma = float(variances[0])
    fitted = s.yy - 2.0 * float(beta @ s.xy) + float(beta @ s.xx @ beta)
    determinant = float(np.linalg.slogdet(s.xx)[1])
    deviance = freedom * math.log(sigma) + squares / sigma + s.log_determinant + fitted + determinant
    # for r = y − xβ and e = inverse(V) r:  a_i = x' inverse(V) V_i e,  and e' V_i e, e' V_i inverse(V) V_j e
    along = [s.px[i] - s.p[i] @ beta for i in range(count)]
    quadratic = np.array([s.pyy[i] - 2.0 * beta @ s.px[i] + beta @ s.p[i] @ beta for i in range(count)])
    trace = np.array([s.traces[i] - float((plain * s.p[i]).sum()) for i in range(count)])
    gradient = trace - quadratic
    expected, cross = np.zeros((count, count)), np.zeros((count, count))
    for i in range(count):
        for j in range(i, count):
            q = s.q[i, j]
            both = float((plain @ s.p[i] @ plain * s.p[j].T).sum())
            expected[i, j] = expected[j, i] = s.pairs[i, j] - 2.0 * float((plain * q).sum()) + both
            second = s.qyy[i, j] - 2.0 * float(beta @ s.qx[i, j]) + float(beta @ q @ beta)
            cross[i, j] = cross[j, i] = second - float(along[i] @ plain @ along[j])
    gradient[0] += freedom / sigma - squares / sigma**2
    observed = 2.0 * cross - expected
    expected[0, 0] += freedom / sigma**2
    observed[0, 0] += 2.0 * squares / sigma**3 - freedom / sigma**2
    return _Point(deviance, gradient, observed, expected, beta, plain, s)


def fit_random(
    clusters: list[Cells], within: tuple[float, float], terms: tuple[str, ...], *, nested: bool
) -> RandomFit:
    """The restricted maximum-likelihood fit.

    Raises:
        SingularInformation: where a term is a combination of others.
        OutcomeConstant: where the outcome does not vary.
        NotConverged: where the variances have no end.

    Source: Harville (1977), JASA 72(358), for the likelihood and its derivatives; Kenward & Roger (1997), Biometrics
        53(3), §2 for the covariance (linear in the variances, so that no second derivatives of V enter).
    """
    n = sum(float(cluster.n.sum()) for cluster in clusters)
    mean = sum(float(cluster.n @ cluster.y) for cluster in clusters) / n
    spread = (within[0] + sum(float(cluster.n @ (cluster.y - mean) ** 2) for cluster in clusters)) / n
    if not spread > 1e-24:
        raise OutcomeConstant("The outcome has one value only.", remedy="Choose an outcome that varies.")
    variances = spread * np.array(START[: 3 if nested else 2])
    point = _point(clusters, variances, within, terms)
    for _ in range(ITERATIONS_MAX):
        step, decrement = _step(point, variances)
        if decrement <= DECREMENT_DONE:
            return _finished(point, variances)
        following, variances_after = point, variances
        for halving in range(HALVINGS_MAX):
            variances_after = variances + step * 0.5**halving
            variances_after = np.maximum(variances_after, np.array([1e-9 * spread, *([0.0] * (len(variances) - 1))]))
            following = _point(clusters, variances_after, within, terms)
            if following.deviance <= point.deviance + 1e-12 * (1.0 + abs(point.deviance)):
                break
        if bool((variances_after == variances).all()):
            return _finished(point, variances)
        point, variances = following, variances_after
    raise NotConverged(
        "The variances of the clusters have not converged.", remedy="Use clusters='fixed', or leave out small clusters."
    )


def _step(point: _Point, variances: Array) -> tuple[Array, float]:
    """A Newton step over the variances that may move, and its squared length in standard errors."""
    free = np.flatnonzero((variances > 0.0) | (point.gradient < 0.0))
    step = np.zeros(len(variances))
    if not len(free):
        return step, 0.0
    hessian = point.observed[np.ix_(free, free)]
    if float(np.linalg.eigvalsh(hessian)[0]) <= 0.0:
        hessian = point.expected[np.ix_(free, free)]
    step[free] = -np.linalg.solve(hessian, point.gradient[free])
    return step, float(-point.gradient[free] @ step[free])


def _finished(point: _Point, variances: Array) -> RandomFit:
    """The covariance after Kenward and Roger."""
    s, plain, count = point.sums, point.plain, len(variances)
    known = np.asarray(np.linalg.inv(point.expected / 2.0), dtype=np.float64)
    more = np.zeros_like(plain)
    for i in range(count):
        for j in range(count):
            more += known[i, j] * (s.q[min(i, j), max(i, j)] - s.p[i] @ plain @ s.p[j])
    moved = tuple(plain @ s.p[i] @ plain for i in range(count))
    covariance = plain + 2.0 * plain @ ((more + more.T) / 2) @ plain
    return RandomFit(point.beta, covariance, plain, variances, point.deviance, moved, known)
