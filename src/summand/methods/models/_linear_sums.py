"""What a site sums for a linear regression: cross-products, then residuals, then scores for a sandwich of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from summand.methods import _sandwich
from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Layout, Local, length
from summand.methods._sandwich import HC3, Ending, Gathering
from summand.methods.models._linear_update import LinearState, normal_equations
from summand.methods.models._weights import group_weights
from summand.tables import Array, Batch

if TYPE_CHECKING:
    from summand.methods.models._linear import LinearRegression

CHUNK_ROWS = 4096
SLACK = 1.0 + 2.0**-40
LEVERAGE_ROOM = 2.0**-10
"""How near to 1 a leverage may come: there a row decides its own fitted value, and HC3 divides by the rest, squared."""


def layout(method: LinearRegression, state: LinearState) -> Layout:
    """Cross-products first, then residual sums, then squared scores.

    Bounds per row: scaled entries, outcome and weights are at most 1, so products are; a residual is at most
    ``1 + Σ|β|``, and twice that once a site's own mean is taken out.
    """
    if state.round == 0:
        return _products_layout(method)
    return _scores_layout(method, state) if state.ending else _residuals_layout(method, state)


def _products_layout(method: LinearRegression) -> Layout:
    p, fixed, groups = len(method.design), method.site == "fixed", len(method.design.groups)
    blocks = [
        Block("rows", "1", 1, 1.0, "how many people are in the model"),
        Block("outcome sum", "1", 1, SLACK, "the mean of the outcome"),
    ]
    if groups:
        blocks.append(Block("groups", "1", groups, 1.0, "how many people each level has"))
    if method.weights:
        blocks.append(Block("events", "1", 1, 1.0, "how many people have the larger of two values"))
        blocks.append(Block("weights", "1", 1, SLACK, "the sum of the weights"))
        blocks.append(Block("squared weights", "1", 1, SLACK, "how many people the weights leave in effect"))
        if groups:
            blocks.append(Block("weights of groups", "1", groups, SLACK, "how much weight each level has"))
            blocks.append(Block("squared weights of groups", "1", groups, SLACK, "and in how few people it lies"))
    if fixed:
        blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"))
    if p:
        scale = (2.0 if fixed else 1.0) * SLACK
        blocks.append(Block("outcome products", "1", p, scale, "how each column goes with the outcome"))
        blocks.append(Block("products", "1", p * (p + 1) // 2, scale, "how the columns go together"))
    return tuple(blocks)


def _residual_most(method: LinearRegression, state: LinearState) -> float:
    return (1.0 + float(np.abs(state.beta).sum())) * SLACK * (2.0 if method.site == "fixed" else 1.0)


def _residuals_layout(method: LinearRegression, state: LinearState) -> Layout:
    residual, p = _residual_most(method, state), len(method.design)
    blocks = [
        Block("residual squares", "1", 1, residual**2, "how much the model leaves unexplained"),
        Block("outcome squares", "1", 1, 4.0 * SLACK, "the variance of the outcome"),
    ]
    if method.weights:
        blocks.append(Block("logarithms of weights", "nat", 1, 400.0, "a constant of the log-likelihood"))
    if p:
        blocks.append(Block("residual products", "1", p, 2.0 * residual, "rounding left in the coefficients"))
    return tuple(blocks)


def score_blocks(method: LinearRegression, state: LinearState) -> tuple[tuple[Block, ...], float]:
    """The blocks of squared scores, and their scale."""
    score = _residual_most(method, state) * (2.0 if method.site == "fixed" else 1.0)
    score /= LEVERAGE_ROOM if method.errors == HC3 else 1.0
    return _sandwich.blocks(method.errors, len(method.design), score, method.placed.rows_max)


def _scores_layout(method: LinearRegression, state: LinearState) -> Layout:
    decided = Block("full leverage", "1", 1, 1.0, "how many people decide a coefficient alone")
    return (decided, *score_blocks(method, state)[0])


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def tally(method: LinearRegression, batch: Batch, state: LinearState, local: Local) -> Array | Ending:
    """The sums of the state's round, over the rows that have a weight above 0."""
    if method.weights:
        batch = batch.where(np.asarray(method.weight_column(batch)) > 0.0)
    if state.round == 0:
        return _products(method, batch)
    return _scores(method, batch, state, local) if state.ending else _residuals(method, batch, state, local)


def _chunks(rows: int) -> list[slice]:
    return [slice(first, min(first + CHUNK_ROWS, rows)) for first in range(0, rows, CHUNK_ROWS)]


def _products(method: LinearRegression, batch: Batch) -> Array:
    """Rows, outcome sum, groups, where weighted their effective sizes, ``x y``, ``x x'``; with ``fixed`` sums of x."""
    p = len(method.design)
    products, with_outcome, sums, y_sum = np.zeros((p, p)), np.zeros(p), np.zeros(p), 0.0
    for rows in _chunks(batch.rows):
        x, y, weights = (
            method.design.matrix(batch, rows).T,
            method.outcome(batch, rows),
            method.weight_column(batch, rows),
        )
        weighted = x if weights is None else x * weights
        products += weighted @ x.T
        with_outcome += weighted @ y
        sums += weighted.sum(axis=1)
        y_sum += float(y.sum() if weights is None else weights @ y)
    groups = method.design.group_counts(batch) if batch.rows else np.zeros(len(method.design.groups))
    head = np.array([float(batch.rows), y_sum])
    own = [sums] if method.site == "fixed" else []
    return np.concatenate((head, groups, *_effective(method, batch), with_outcome, upper(products), *own))


def _effective(method: LinearRegression, batch: Batch) -> list[Array]:
    """Events, weights and their squares, in all and by group; nothing without weights."""
    weights = method.weight_column(batch)
    if weights is None:
        return []
    events = 0.0
    if method.two_values is not None and batch.rows:
        centre, half_width = method.outcome_scale
        events = float(
            np.count_nonzero(method.outcome(batch, slice(None)) > (sum(method.two_values) / 2 - centre) / half_width)
        )
    scalars = np.array([events, float(weights.sum()), float(weights @ weights)])
    return [scalars, *group_weights(method.design, batch, weights)]


def _residuals(method: LinearRegression, batch: Batch, state: LinearState, local: Local) -> Array:
    """``r²``, squares of the outcome about its mean, ``x r``; with ``fixed`` also weights (or rows), sum of r."""
    alpha = own_intercept(state, local) if method.site == "fixed" else 0.0
    products, scalars = np.zeros(len(method.design)), np.zeros(5)
    for rows in _chunks(batch.rows):
        x, y, weights = (
            method.design.matrix(batch, rows).T,
            method.outcome(batch, rows),
            method.weight_column(batch, rows),
        )
        residual = y - state.beta @ x - alpha
        deviation = y - state.outcome_mean
        if weights is None:
            weighted, of_outcome, more = residual, deviation, (0.0, float(len(y)))
        else:
            weighted, of_outcome = weights * residual, weights * deviation
            more = (0.5 * float(np.log(weights).sum()), float(weights.sum()))
        products += x @ weighted
        scalars += (float(weighted @ residual), float(of_outcome @ deviation), *more, float(weighted.sum()))
    logarithm = scalars[2:3] if method.weights else np.zeros(0)
    return np.concatenate((scalars[:2], logarithm, products, scalars[3:] if method.site == "fixed" else []))


def _scores(method: LinearRegression, batch: Batch, state: LinearState, local: Local) -> Ending:
    """How many rows have a leverage of 1, and scores ``w x r``, where each site has its own intercept about its means.

    For ``HC3`` a residual is divided by ``1 - h`` with the leverage ``h = w x' inverse(X'WX) x``, and ``w / sum of w`` more
    for a site's own intercept.

    Source: MacKinnon & White (1985), J. Econometrics 29(3), 305-325; Long & Ervin (2000), The American Statistician 54(3).
    """
    fixed, p = method.site == "fixed", len(method.design)
    alpha = own_intercept(state, local) if fixed else 0.0
    mean = np.asarray(local["x_mean"], dtype=np.float64)[:, None] if fixed else 0.0
    inverse = normal_equations(state, method.design, method.site).inverse if method.errors == HC3 else np.zeros((p, p))
    scores, decided = Gathering(method.errors, p, batch.rows), 0.0
    for rows in _chunks(batch.rows):
        x, y, weights = (
            method.design.matrix(batch, rows).T,
            method.outcome(batch, rows),
            method.weight_column(batch, rows),
        )
        residual, centred = y - state.beta @ x - alpha, x - mean
        if method.errors == HC3:
            leverage = ((inverse @ centred) * centred).sum(axis=0) + (1.0 / local["weight"][0] if fixed else 0.0)
            left = 1.0 - (leverage if weights is None else leverage * weights)
            decided += float(np.count_nonzero(left < LEVERAGE_ROOM))
            residual = residual / np.maximum(left, LEVERAGE_ROOM)
        scores.add(centred, residual if weights is None else weights * residual)
    return Ending(np.array([decided]), scores.end(batch))


# ── a site ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def condense(
    method: LinearRegression, partial: Array | Ending, state: LinearState, local: Local
) -> tuple[Array, Local]:
    """The sums of a site; with ``fixed``, about the site's own means, which stay there."""
    if isinstance(partial, Ending):
        scale = score_blocks(method, state)[1]
        return np.concatenate((partial.sums, partial.scores.squares(scale))), local
    if method.site == "pooled":
        return partial, {}
    if state.round == 0:
        return _condense_products(method, partial)
    weight, p, head = partial[-2], len(method.design), 2 + bool(method.weights)
    if weight == 0.0:
        return np.zeros(head + p), local
    mean = partial[-1] / weight
    squares = max(float(partial[0] - weight * mean * mean), 0.0)
    x_mean = np.asarray(local["x_mean"], dtype=np.float64)
    about = partial[head : head + p] - partial[-1] * x_mean
    return np.concatenate(([squares], partial[1:head], about)), local


def _condense_products(method: LinearRegression, partial: Array) -> tuple[Array, Local]:
    p, groups = len(method.design), len(method.design.groups)
    top = 2 + groups + (3 + 2 * groups if method.weights else 0)
    weight = partial[3 + groups] if method.weights else partial[0]
    if weight == 0.0:
        means = {"x_mean": np.zeros(p), "y_mean": np.zeros(1), "weight": np.ones(1)}
        return np.zeros(length(method.layout(method.start()))), means
    with_outcome = partial[top : top + p]
    products = symmetric(partial[top + p : len(partial) - p], p)
    x_mean, y_mean = partial[len(partial) - p :] / weight, partial[1] / weight
    summand = (
        partial[:top],
        [1.0],
        with_outcome - partial[1] * x_mean,
        upper(products - weight * np.outer(x_mean, x_mean)),
    )
    means = {"x_mean": x_mean, "y_mean": np.array([y_mean]), "weight": np.array([weight])}
    return np.concatenate(summand), means


def own_intercept(state: LinearState, local: Local) -> float:
    """The intercept that is best for the site at the coefficients so far: mean outcome less mean prediction."""
    x_mean = np.asarray(local["x_mean"], dtype=np.float64)
    return float(np.asarray(local["y_mean"])[0] - x_mean @ state.beta)
