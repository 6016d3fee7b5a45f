"""A generalized linear mixed model: what a site adds at broadcast coefficients and standard deviation.

A site tallies once a round, so its groups' maxima ẑ are found over the rounds: at new coefficients each is placed by
one step of iteratively reweighted least squares from the sums of the round before, and the spread of the nodes by the
derivative of their weights. Placed so, both are off by the square of the step, and what is left vanishes as the fit
converges; how much is left is one of the sums.
"""

from __future__ import annotations

import math

import numpy as np

from summand.methods._newton import upper
from summand.methods._protocol import Block, Layout, Local
from summand.methods.formulas._design import Design
from summand.methods.models._mixed_family import Family
from summand.methods.models._mixed_groups import ByGroup, Grouping
from summand.methods.models._mixed_quadrature import (
    CHUNK_ROWS,
    Centre,
    centre_width,
    marginal,
    node_width,
    nodes_of,
    packed,
    sums_of_rows,
)
from summand.methods.models._mixed_state import MixedState
from summand.tables import Array, Batch

SHIFT_MAX = 3.0
"""A group's intercept moves at most so far in a round."""
Z_MAX = 30.0
"""A group further from the mean than so many standard deviations is none."""
SCORE_MAX, INFORMATION_MAX = 50.0, 5000.0
"""What a row may add, in units of the family's largest residual: a column is at most 1, and z rarely above 6."""


def joint_layout(state: MixedState, p: int, family: Family) -> Layout:
    """What a site contributes: a summand beyond these bounds is not sent, and counted as out of range."""
    factor = family.factor
    eta_max = float(np.abs(state.theta[:p]).sum()) + Z_MAX * abs(float(state.theta[p]))
    blocks = [
        Block("log-likelihood", "nat", 1, family.log_likelihood_max(eta_max) + 50.0, "how well the model fits"),
        Block("score", "1", p + 1, SCORE_MAX * factor, "which way each coefficient and the spread should move"),
        Block("information", "1", packed(p + 1), INFORMATION_MAX * factor, "how precisely they are known"),
        Block("centres", "1", 1, 1.0, "how far the groups' own intercepts are from the end"),
        Block("out of range", "1", 1, 1.0, "how many sites' sums are out of range"),
    ]
    if state.round == 0:
        blocks.append(Block("weights", "1", 1, factor, "how unevenly the groups are informative"))
    return tuple(blocks)


def places(state: MixedState, local: Local, keys: Array, p: int) -> tuple[Array, Array]:
    """Centre z and spread τ of the nodes of some groups, shape (g,) each, from what the site kept."""
    g = len(keys)
    if "keys" not in local or not g:
        return np.zeros(g), np.ones(g)
    known = np.asarray(local["keys"], dtype=np.float64)
    found = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    is_known = known[found] == keys if len(known) else np.zeros(g, dtype=bool)
    at = {
        name: np.where(is_known, np.asarray(local[name])[found], 0.0)
        for name in ("shift", "residual", "weight", "bend")
    }
    beta, sigma = state.theta[:p], float(state.theta[p])
    moved = beta - np.asarray(local["beta"])
    by_x, bend_x = (np.where(is_known, (np.asarray(local[name]) @ moved)[found], 0.0) for name in ("by_x", "bend_x"))
    target = sigma**2 * (at["residual"] + at["weight"] * at["shift"] - by_x) / (1.0 + sigma**2 * at["weight"])
    shift = np.clip(target, at["shift"] - SHIFT_MAX, at["shift"] + SHIFT_MAX)
    weight = at["weight"] + at["bend"] * (shift - at["shift"]) + bend_x
    weight = np.clip(weight, 0.2 * at["weight"], 5.0 * at["weight"])
    z = np.zeros(g) if sigma == 0.0 else np.clip(shift / sigma, -Z_MAX, Z_MAX)
    return z, 1.0 / np.sqrt(1.0 + sigma**2 * weight)


def joint_tally(
    batch: Batch, state: MixedState, local: Local, design: Design, grouping: Grouping, family: Family, count: int
) -> ByGroup:
    """The sums that a group's quadrature needs, of one batch."""
    p = len(design)
    keys, starts, order = grouping.order(batch)
    sums = np.zeros((len(keys), count * node_width(p) + centre_width(p)))
    if not batch.rows:
        return ByGroup(np.zeros(2), keys, sums)
    beta, sigma = state.theta[:p], float(state.theta[p])
    z, tau = places(state, local, keys, p)
    shifts = sigma * (z[:, None] + tau[:, None] * nodes_of(count)[0])
    x, y = design.matrix(batch).T, family.outcome(batch, slice(None))
    known = np.broadcast_to(family.offset(batch), (batch.rows,))
    if order is not None:
        x, y, known = np.ascontiguousarray(x[:, order]), y[order], known[order]
    group_of = np.repeat(np.arange(len(keys)), np.diff(np.append(starts, batch.rows)))
    out_of_range = 0
    for first in range(0, batch.rows, CHUNK_ROWS):
        rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
        groups = group_of[rows]
        present, begins = np.unique(groups, return_index=True)
        own, out = sums_of_rows(
            x[:, rows], y[rows], beta @ x[:, rows] + known[rows], shifts[groups].T, sigma * z[groups], begins, family
        )
        sums[present] += own
        out_of_range += out
    return ByGroup(np.array([float(batch.rows), float(out_of_range)]), keys, sums)


def joint_condense(
    partial: ByGroup, state: MixedState, local: Local, p: int, family: Family, count: int, rows_max: int
) -> tuple[Array, Local]:
    """The groups' marginal likelihoods with their derivatives, added; where each group stands is kept."""
    layout = joint_layout(state, p, family)
    size = sum(block.size for block in layout)
    if not len(partial.keys):
        return np.zeros(size), local
    sigma = float(state.theta[p])
    z, tau = places(state, local, partial.keys, p)
    at_nodes, at_centre = np.split(partial.sums, [count * node_width(p)], axis=1)
    centre = Centre.of(at_centre, z, sigma, p)
    found = marginal(at_nodes, z, tau, sigma, centre, count, p)
    left = centre.slope**2 / centre.curvature + np.log(tau**2 * centre.curvature) ** 2
    summand = np.concatenate([
        [found.value.sum()], found.score.sum(axis=0), upper(-found.hessian.sum(axis=0)),
        [np.minimum(left, 1.0).sum(), 0.0],
        [(at_centre[:, 1] ** 2).sum() / (max(rows_max, 1) * family.factor)] if state.round == 0 else [],
    ])  # fmt: skip
    most = partial.head[0] * np.repeat([block.bound for block in layout], [block.size for block in layout])
    if partial.head[1] > 0.0 or not np.isfinite(summand).all() or bool((np.abs(summand) > most).any()):
        outside = np.zeros(size)
        outside[3 + p + packed(p + 1)] = 1.0
        return outside, local
    return summand, _kept(partial.keys, at_centre, sigma * z, state.theta[:p], p)


def _kept(keys: Array, sums: Array, shift: Array, beta: Array, p: int) -> Local:
    """Of each group its intercept, and the sums there from which the next place follows."""
    third = 2 + p
    return {
        "keys": keys, "shift": shift, "residual": sums[:, 0], "weight": sums[:, 1], "by_x": sums[:, 2:third],
        "bend": sums[:, third], "bend_x": sums[:, third + 1 : third + 1 + p], "beta": np.array(beta),
    }  # fmt: skip


def start_of_sigma(information: float, weights: float) -> float:
    """A first standard deviation: by how much more the groups' residuals vary than they would without one."""
    return min(max(math.sqrt(max(-information, 0.0) / max(weights, 1e-300)), 0.5), 2.0)
