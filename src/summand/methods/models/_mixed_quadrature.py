"""A group's marginal likelihood by adaptive Gauss-Hermite quadrature, with its exact first two derivatives.

For a group with random intercept σ z, z standard normal, and ``h(z) = Σ log f(y | x β + σ z) - z²/2``, the marginal
log-likelihood is ``log ∫ exp h(z) dz / √(2π)``. With the maximum ẑ of h, ``τ = (-h''(ẑ))^(-1/2)`` and Gauss-Hermite
nodes x and weights w, it is approximated by ::

    L = -log(2π)/2 + log(2)/2 + log τ + log Σ w exp(x²) exp h(ẑ + √2 τ x)

(one node is Laplace's approximation). Both ẑ and τ depend on θ = (β, σ). The derivatives here are those of L itself:
with G(θ, ẑ, τ) the right side, ``∇L = J' G₁`` and ``∇²L = J' G₂ J + G_ẑ ∇²ẑ + G_τ ∇²τ``, where J = (I, ∇ẑ, ∇τ) follows
from ``h'(ẑ) = 0`` and the definition of τ by implicit differentiation.

Source: Pinheiro & Bates (1995), J. Comput. Graph. Stat. 4(1), 12-35, §2; Liu & Pierce (1994), Biometrika 81, 624-629.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.methods.models._mixed_family import Family
from summand.methods.models._mixed_groups import Places, add_within
from summand.tables import Array

CHUNK_ROWS = 4096


def packed(p: int) -> int:
    """How many numbers a symmetric matrix of p columns has."""
    return p * (p + 1) // 2


def node_width(p: int) -> int:
    """How many sums each node needs: log-likelihood, residuals, weights, with columns and their products."""
    return 3 + 2 * p + packed(p)


def centre_width(p: int) -> int:
    """How many sums the centre needs: residuals, weights, and two derivatives of these."""
    return 4 + 3 * p + 2 * packed(p)


def nodes_of(count: int) -> tuple[Array, Array]:
    """``√2 x`` and ``log(w exp(x²))`` of Gauss-Hermite quadrature, shape (count,)."""
    x, w = np.polynomial.hermite.hermgauss(count)
    return math.sqrt(2.0) * x, np.log(w) + x * x


def sums_of_rows(
    x: Array, y: Array, eta: Array, shifts: Array, centre: Array, starts: Places, family: Family
) -> tuple[Array, int]:
    """What a group needs of its rows, which lie in the order of their groups.

    Args:
        x: Scaled columns, shape (p, rows).
        y, eta: Outcome and fixed part of the linear predictor, shape (rows,).
        shifts: σ z at every node, by row: shape (nodes, rows).
        centre: σ ẑ by row, shape (rows,).
        starts: Where each group begins.
        family: Of the outcome.

    Returns:
        Shape (g, nodes * node_width + centre_width): see `node_width` and `centre_width`; and rows out of
        range at the centre.
    """
    upper = np.triu_indices(len(x))
    products = x[upper[0]] * x[upper[1]]
    none = products[:0]
    parts = []
    for shift in shifts:  # a node out of range lies far from the data and weighs next to nothing
        found = family.rows(y, eta + shift, higher=False)
        parts.append(add_within(found.log_likelihood[None], starts))
        parts.append(_weighted(found.residual, x, none, starts))
        parts.append(_weighted(found.weight, x, products, starts))
    at = family.rows(y, eta + centre, higher=True)
    parts.append(add_within(at.residual[None], starts))
    parts.append(_weighted(at.weight, x, none, starts))
    parts += [_weighted(bend, x, products, starts) for bend in (at.third, at.fourth)]
    return np.concatenate(parts, axis=1), at.out_of_range


def _weighted(weight: Array, x: Array, products: Array, starts: Places) -> Array:
    """The sums by group of some weights, and of these times columns and products: shape (g, 1 + p + len(products))."""
    if len(starts) == 1:  # all rows of a site: products of matrices and vectors
        return np.concatenate([[weight.sum()], x @ weight, products @ weight])[None, :]
    return add_within(np.concatenate([weight[None], x * weight, products * weight]), starts)


@dataclass(frozen=True)
class Derivatives:
    """Of some weights v over a group's rows: Σ v, Σ v x and Σ v x x', as the extended column x̃ = (x, z) needs them.

    Attributes:
        one: Shape (g,).
        linear: Σ v x̃, shape (g, p + 1).
        square: Σ v x̃ x̃', shape (g, p + 1, p + 1).
    """

    one: Array
    linear: Array
    square: Array

    @classmethod
    def of(cls, one: Array, by_x: Array, by_xx: Array, z: Array) -> Derivatives:
        """From Σ v, Σ v x and the upper triangle of Σ v x x', at z."""
        g, p = by_x.shape
        square = np.zeros((g, p + 1, p + 1))
        rows, columns = np.triu_indices(p)
        square[:, rows, columns] = by_xx
        square[:, columns, rows] = by_xx
        square[:, p, :p] = square[:, :p, p] = z[:, None] * by_x
        square[:, p, p] = z * z * one
        return cls(one, np.concatenate([by_x, (z * one)[:, None]], axis=1), square)


@dataclass(frozen=True)
class Centre:
    """Where a group's nodes lie and how that moves: ẑ and c = 1/τ², with derivatives in θ.

    Attributes:
        slope: h'(ẑ), 0 at the maximum; shape (g,).
        curvature: c = -h''(ẑ), shape (g,).
        z_1, z_2: Shape (g, d) and (g, d, d), d = p + 1.
        c_1, c_2: The same of c.
    """

    slope: Array
    curvature: Array
    z_1: Array
    z_2: Array
    c_1: Array
    c_2: Array

    @classmethod
    def of(cls, sums: Array, z: Array, sigma: float, p: int) -> Centre:
        """From the sums at the centre, see `centre_width`."""
        size = packed(p)
        residual, weight, by_x = sums[:, 0], sums[:, 1], sums[:, 2 : 2 + p]
        rest = sums[:, 2 + p :]
        third = Derivatives.of(rest[:, 0], rest[:, 1 : 1 + p], rest[:, 1 + p : 1 + p + size], z)
        rest = rest[:, 1 + p + size :]
        fourth = Derivatives.of(rest[:, 0], rest[:, 1 : 1 + p], rest[:, 1 + p :], z)
        linear = np.concatenate([by_x, (z * weight)[:, None]], axis=1)
        unit = np.zeros(p + 1)
        unit[p] = 1.0
        h_z_1 = residual[:, None] * unit - sigma * linear
        h_zz = -(sigma**2) * weight - 1.0
        h_zz_1 = -2.0 * sigma * weight[:, None] * unit - sigma**2 * third.linear
        h_zzz = -(sigma**3) * third.one
        h_z_2 = -_both(unit, linear) - sigma * third.square
        h_zz_2 = (
            -2.0 * weight[:, None, None] * np.outer(unit, unit)
            - 2.0 * sigma * _both(unit, third.linear)
            - sigma**2 * fourth.square
        )
        h_zzz_1 = -3.0 * sigma**2 * third.one[:, None] * unit - sigma**3 * fourth.linear
        h_zzzz = -(sigma**4) * fourth.one
        z_1 = -h_z_1 / h_zz[:, None]
        z_11 = z_1[:, :, None] * z_1[:, None, :]
        z_2 = -(h_z_2 + _cross(h_zz_1, z_1) + h_zzz[:, None, None] * z_11) / h_zz[:, None, None]
        c_1 = -(h_zz_1 + h_zzz[:, None] * z_1)
        c_2 = -(h_zz_2 + _cross(h_zzz_1, z_1) + h_zzzz[:, None, None] * z_11 + h_zzz[:, None, None] * z_2)
        return cls(sigma * residual - z, -h_zz, z_1, z_2, c_1, c_2)


def _both(unit: Array, vectors: Array) -> Array:
    """``e v' + v e'`` for each of some vectors, shape (g, d, d)."""
    outer = unit[None, :, None] * vectors[:, None, :]
    return outer + np.swapaxes(outer, 1, 2)


def _cross(one: Array, other: Array) -> Array:
    """``a b' + b a'`` for each pair, shape (g, d, d)."""
    outer = one[:, :, None] * other[:, None, :]
    return outer + np.swapaxes(outer, 1, 2)


@dataclass(frozen=True)
class Marginal:
    """Marginal log-likelihoods of groups, with derivatives in θ = (β, σ): shapes (g,), (g, d), (g, d, d)."""

    value: Array
    score: Array
    hessian: Array


def marginal(sums: Array, z: Array, tau: Array, sigma: float, centre: Centre, count: int, p: int) -> Marginal:
    """The marginal likelihood of every group at nodes about z, spread by τ.

    Args:
        sums: Of every node, shape (g, count * node_width).
        z, tau: Centre and spread of the nodes, shape (g,).
        sigma: The standard deviation.
        centre: How centre and spread move with θ.
        count: Of nodes.
        p: Columns.
    """
    at, log_weight = nodes_of(count)
    g, d, size = len(z), p + 1, packed(p)
    by_node = sums.reshape(g, count, node_width(p))
    z_at = z[:, None] + tau[:, None] * at
    h = by_node[:, :, 0] - 0.5 * z_at**2 + log_weight
    most = h.max(axis=1)
    share = np.exp(h - most[:, None])
    total = share.sum(axis=1)
    share /= total[:, None]
    value = 0.5 * math.log(2.0) - 0.5 * math.log(2.0 * math.pi) + np.log(tau) + most + np.log(total)
    first, second = np.zeros((g, d + 2)), np.zeros((g, d + 2, d + 2))
    for k in range(count):
        u, bend = _node(by_node[:, k], z_at[:, k], float(at[k]), sigma, p, size)
        chance = share[:, k]
        first += chance[:, None] * u
        second += chance[:, None, None] * (bend + u[:, :, None] * u[:, None, :])
    second -= first[:, :, None] * first[:, None, :]
    first[:, d + 1] += 1.0 / tau
    second[:, d + 1, d + 1] -= 1.0 / tau**2
    return Marginal(value, *_through(first, second, centre, d))


def _node(sums: Array, z: Array, at: float, sigma: float, p: int, size: int) -> tuple[Array, Array]:
    """First and second derivatives of h at one node in (θ, ẑ, τ): shapes (g, d + 2) and (g, d + 2, d + 2)."""
    d = p + 1
    residual, by_x = sums[:, 1], sums[:, 2 : 2 + p]
    weights = Derivatives.of(sums[:, 2 + p], sums[:, 3 + p : 3 + 2 * p], sums[:, 3 + 2 * p : 3 + 2 * p + size], z)
    slope = sigma * residual - z
    u = np.concatenate([by_x, (z * residual)[:, None], slope[:, None], (at * slope)[:, None]], axis=1)
    bend = np.zeros((len(z), d + 2, d + 2))
    bend[:, :d, :d] = -weights.square
    mixed = -sigma * weights.linear
    mixed[:, p] += residual
    curvature = -(sigma**2) * weights.one - 1.0
    bend[:, :d, d] = bend[:, d, :d] = mixed
    bend[:, :d, d + 1] = bend[:, d + 1, :d] = at * mixed
    bend[:, d, d] = curvature
    bend[:, d, d + 1] = bend[:, d + 1, d] = at * curvature
    bend[:, d + 1, d + 1] = at * at * curvature
    return u, bend


def _through(first: Array, second: Array, centre: Centre, d: int) -> tuple[Array, Array]:
    """The derivatives in θ once centre and spread follow it."""
    c = centre.curvature
    tau_1 = -0.5 * c[:, None] ** -1.5 * centre.c_1
    tau_2 = 0.75 * c[:, None, None] ** -2.5 * centre.c_1[:, :, None] * centre.c_1[:, None, :]
    tau_2 -= 0.5 * c[:, None, None] ** -1.5 * centre.c_2
    jacobian = np.zeros((len(c), d + 2, d))
    jacobian[:, :d] = np.eye(d)
    jacobian[:, d], jacobian[:, d + 1] = centre.z_1, tau_1
    score = np.einsum("gi,gij->gj", first, jacobian)
    hessian = np.einsum("gki,gkl,glj->gij", jacobian, second, jacobian, optimize=True)
    hessian += first[:, d, None, None] * centre.z_2 + first[:, d + 1, None, None] * tau_2
    return score, hessian
