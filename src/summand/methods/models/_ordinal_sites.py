"""A site's own shift of all thresholds in an ordinal regression: eliminated at the site, never sent.

With ``P(y ≤ j) = F(θ_j - α - x @ beta)`` and ``θ_1 = 0``, α is the site's own. What comes in beside it are the other
thresholds and the coefficients. A site whose people all have the lowest level, or all the highest, has its maximum at an
infinite α, where it adds nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from summand.methods._newton import symmetric, upper
from summand.methods._own_intercept import OwnIntercept, eliminate
from summand.methods._protocol import Block, Local
from summand.methods.models._ordinal_rows import RowTerms
from summand.methods.models._ordinal_state import OrdinalState
from summand.tables import Array

SITE_BLOCKS = (
    Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"),
    Block("sites at an end", "1", 1, 1.0, "how many sites have the lowest or the highest level only"),
)


def is_increasing(thresholds: Array) -> bool:
    """Whether every threshold lies above the one before."""
    return bool((np.diff(thresholds) > 0.0).all())


def quantiles(counts: Array, link: str) -> Array:
    """The thresholds at which the levels' shares are their probabilities, shape (k - 1,)."""
    shares = np.cumsum(counts)[:-1] / counts.sum()
    if link == "logit":
        return np.asarray(np.log(shares / (1.0 - shares)))
    from scipy.special import ndtri

    return np.asarray(ndtri(shares))


def own_shift(state: OrdinalState, local: Local, link: str) -> OwnIntercept:
    """The shift that belongs to a state; at first that of the pooled levels."""
    if "curvature" not in local:
        return OwnIntercept(-float(quantiles(state.counts, link)[0]), 0.0)
    return OwnIntercept.at(state, local)


def shifted_sums(row: RowTerms, x: Array, levels: NDArray[np.intp], cuts: int) -> Array:
    """Log-likelihood, score and information (packed) of shift, upper thresholds and coefficients.

    Args:
        row: The rows' derivatives by the thresholds around them.
        x: The design, its constant first: the shift's column. Shape (1 + p, rows).
        levels: Each row's level, shape (rows,).
        cuts: How many thresholds there are, the lowest included.
    """
    is_above = np.arange(cuts)[:, None] == levels
    is_below = np.arange(cuts)[:, None] == levels - 1
    slopes = is_above * row.above + is_below * row.below
    curvatures = is_above * row.curvature_above + is_below * row.curvature_below
    mixed = (is_above[1:] * row.between).sum(axis=1)
    crossed = curvatures.copy()
    crossed[:-1] -= is_above[1:] * row.between
    crossed[1:] -= is_above[1:] * row.between
    whole = np.diag(curvatures.sum(axis=1)) - np.diag(mixed, 1) - np.diag(mixed, -1)
    across = -(crossed @ x.T)  # thresholds by shift and coefficients
    shared = (x * crossed.sum(axis=0)) @ x.T
    score = np.concatenate((-(x @ slopes.sum(axis=0)), slopes[1:].sum(axis=1)))
    p = len(x)
    information = np.zeros((p + cuts - 1, p + cuts - 1))
    information[:p, :p] = shared
    information[p:, p:] = whole[1:, 1:]
    information[p:, :p] = across[1:]
    information[:p, p:] = across[1:].T
    order = [0, *range(p, p + cuts - 1), *range(1, p)]  # shift, thresholds, coefficients
    return np.concatenate(([row.log_likelihood.sum()], score[order], upper(information[np.ix_(order, order)])))


def condense_counts(partial: Array, levels: int) -> tuple[Array, Local]:
    """The survey's summand: whether the site has rows, and whether they are all at one end."""
    counts = partial[:levels]
    n = counts.sum()
    at_an_end = float(n > 0.0 and max(counts[0], counts[-1]) == n)
    return np.concatenate((partial, [float(n > 0.0), at_an_end])), {"at_an_end": np.array([at_an_end])}


def condense_shift(
    partial: Array, state: OrdinalState, local: Local, q: int, link: str, *, crosses: bool
) -> tuple[Array, Local]:
    """Log-likelihood, rows cut off, decrement, score and information, with the shift eliminated.

    ``|I_βα| ≤ I_αα`` for coefficients, whose columns are at most 1, and for thresholds, whose parts of it are at least 0
    and add up to it: so a condensed score is at most twice what it was, and condensed information shrinks. The decrement
    is kept within the rows: before the maximum its size does not matter.
    """
    rows, end = float(partial[0]), np.asarray(local["at_an_end"])
    nothing = np.zeros(3 + q + q * (q + 1) // 2)
    if rows == 0.0 or end[0] > 0.5:
        return nothing, {"at_an_end": end}
    own = own_shift(state, local, link)
    alpha = own.value(state.step_size)
    score, information = partial[2 : 3 + q], symmetric(partial[3 + q :], 1 + q)
    if crosses or not information[0, 0] > 0.0:
        nothing[1] = rows
        return nothing, {**own.kept(alpha, 0.0, 1.0, np.zeros(q)), "at_an_end": end}
    rest = eliminate(score, information)
    kept = own.kept(alpha, score[0], information[0, 0], information[0, 1:])
    summand = np.concatenate(([partial[1], 0.0, min(rest.decrement, rows)], rest.score, upper(rest.information)))
    return summand, {**kept, "at_an_end": end}
