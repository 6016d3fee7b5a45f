"""One batch of a generalized linear model: counts, then sums at a point, then what is told of the fit there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from summand.methods._newton import upper
from summand.methods._protocol import Local
from summand.methods._sandwich import CLUSTERED, MODEL, Ending, Gathering
from summand.methods.models._glm_counts import NegativeBinomial
from summand.methods.models._glm_family import Family
from summand.methods.models._glm_state import END, SURVEY, GlmState
from summand.methods.models._weights import group_weights
from summand.tables import Array, Batch

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel

# Rows whose design, weighted design and temporaries stay in a core's second-level cache.
CHUNK_ROWS = 2048
PEARSON_MAX = 2.0**24
"""A row's Pearson statistic is cut off here, and counted: then the dispersion is not told."""


def tally(
    method: GeneralizedLinearModel, batch: Batch, state: GlmState, alpha: float | None, local: Local
) -> Array | Ending:
    """The sums of the state's phase; ``alpha`` is the site's own intercept, None if it has none."""
    if state.phase == SURVEY:
        return _survey(method, batch)
    if state.phase == END:
        return _at_end(method, batch, state, alpha, local)
    return _at_point(method, batch, state, alpha)


def _survey(method: GeneralizedLinearModel, batch: Batch) -> Array:
    """Rows, events, outcomes that are not positive, groups, sums for the start; effective sizes where weighted."""
    scaled = method.weight_column(batch)
    kept = batch if scaled is None else batch.where(scaled > 0.0)
    weights = np.ones(kept.rows) if scaled is None else np.asarray(method.weight_column(kept))
    y, kind = method.outcome(kept), method.family_type.outcome
    events = float(method.outcome.events(y).sum()) if method.outcome.two_values or kind == "count" else 0.0
    sums = [float(kept.rows), events, float(np.count_nonzero(y <= 0.0)) if kind == "positive" else 0.0]
    groups = method.design.group_counts(kept) if kept.rows else np.zeros(len(method.design.groups))
    family = method.family_type
    offset = method.offset_column.start_sum(kept, weights, is_exponential=family.has_log_link)
    start = [float(weights.sum()), float(weights @ y), offset, float(weights @ (y * y))]
    effective = (
        [] if scaled is None else [np.array([float(weights @ weights)]), *group_weights(method.design, kept, weights)]
    )
    return np.concatenate((sums, groups, start, *effective))


@dataclass(frozen=True)
class _Chunk:
    """Some rows: design with the site's own constant first, shape (q, rows); outcome, weights and eta, shape (rows,)."""

    x: Array
    y: Array
    weights: Array | None
    eta: Array
    offset: Array | float
    scratch: Array

    def weigh(self, values: Array) -> Array:
        """Values times prior weights."""
        return values if self.weights is None else values * self.weights

    def products(self, values: Array) -> Array:
        """``sum of values x x'``, shape (q, q)."""
        np.multiply(self.x, values, out=self.scratch)
        return np.asarray(self.scratch @ self.x.T, dtype=np.float64)


def _chunks(method: GeneralizedLinearModel, batch: Batch, state: GlmState, alpha: float | None) -> Iterator[_Chunk]:
    design = method.design_at(state.phase)
    own = 0 if alpha is None else 1
    beta = np.concatenate(([] if alpha is None else [alpha], state.beta[: len(design)]))
    x = np.ones((len(beta), min(CHUNK_ROWS, batch.rows)))
    scratch = np.empty_like(x)
    for first in range(0, batch.rows, CHUNK_ROWS):
        rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
        width = rows.stop - rows.start
        design.matrix(batch, rows, out=x[own:, :width])
        offset = method.offset_column(batch, rows)
        eta = beta @ x[:, :width] + offset
        y, weights = method.outcome(batch, rows), method.weight_column(batch, rows)
        yield _Chunk(x[:, :width], y, weights, eta, offset, scratch[:, :width])


def _at_point(method: GeneralizedLinearModel, batch: Batch, state: GlmState, alpha: float | None) -> Array:
    """Rows cut off, log-likelihood (up to a constant), score, upper triangle of the observed information, rows.

    With the overdispersion estimated, score and information end with that of its logarithm. Without an intercept of the
    site's own nobody needs the rows, and they are left out.
    """
    family = method.family_at(state)
    q = len(method.design_at(state.phase)) + (alpha is not None)
    size = q + method.joint
    head, score, information = np.zeros(2), np.zeros(size), np.zeros((size, size))
    for chunk in _chunks(method, batch, state, alpha):
        rows = family.rows(chunk.y, chunk.eta)
        head += (rows.cut_off, -float(chunk.weigh(rows.half_deviance).sum()))
        score[:q] += chunk.x @ chunk.weigh(rows.score)
        information[:q, :q] += chunk.products(chunk.weigh(rows.weight))
        if method.joint and isinstance(family, NegativeBinomial):
            part, own_score, cross, own = map(chunk.weigh, family.size_rows(chunk.y, chunk.eta))
            head[1] += float(part.sum())
            score[q] += float(own_score.sum())
            information[:q, q] += chunk.x @ cross
            information[q, q] += float(own.sum())
    return np.concatenate((head, score, upper(information), [] if alpha is None else [float(batch.rows)]))


def _at_end(
    method: GeneralizedLinearModel, batch: Batch, state: GlmState, alpha: float | None, local: Local
) -> Array | Ending:
    """Half deviance, that of the null model, Pearson's statistic, rows cut off there, constants; expected information.

    Where it is asked for the observed information follows; with a sandwich, scores come beside.
    """
    if method.errors in CLUSTERED and method.weight_column.column:  # who has no weight is no cluster
        batch = batch.where(np.asarray(method.weight_column(batch)) > 0.0)
    family = method.family_at(state)
    q = len(method.design) + (alpha is not None)
    start = state.start if alpha is None else float(np.asarray(local["start"])[0])
    sums, expected = np.zeros(5), np.zeros((q, q))
    scores = Gathering(method.errors, q, batch.rows)
    for chunk in _chunks(method, batch, state, alpha):
        rows = family.rows(chunk.y, chunk.eta)
        null = family.rows(chunk.y, np.broadcast_to(start + chunk.offset, chunk.y.shape))
        pearson = family.pearson(chunk.y, chunk.eta)
        sums += (
            float(chunk.weigh(rows.half_deviance).sum()),
            float(chunk.weigh(null.half_deviance).sum()),
            float(chunk.weigh(np.minimum(pearson, PEARSON_MAX)).sum()),
            float(np.count_nonzero(pearson > PEARSON_MAX)),
            float(_constants(family, chunk).sum()),
        )
        expected += chunk.products(chunk.weigh(family.expected(chunk.eta)))
        if method.errors != MODEL:
            scores.add(chunk.x, chunk.weigh(rows.score))
    observed = np.zeros(0)
    if method.sums_observed:
        size = q + method.joint
        observed = _at_point(method, batch, state, alpha)[2 + size : 2 + size + size * (size + 1) // 2]
    every = np.concatenate((sums, upper(expected), observed))
    return every if method.errors == MODEL else Ending(every, scores.end(batch))


def _constants(family: Family, chunk: _Chunk) -> Array:
    """What the log-likelihood has beside the deviance; by weights only where that is a sum."""
    if chunk.weights is None or family.outcome not in ("number", "positive"):
        return chunk.weigh(family.saturated(chunk.y))
    if family.outcome == "positive":
        return family.saturated(chunk.y)
    return np.asarray(0.5 * np.log(np.maximum(chunk.weights, 1e-300)) * (chunk.weights > 0.0), dtype=np.float64)
