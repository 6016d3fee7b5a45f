"""Concordance over a grid that sites share: people by event time and by class of the linear predictor.

Pairs are of all people, not only of those at one site. What is compared is the class, of which there are 101 where exact
times are allowed and 11 where they are not: two people of one class count as tied, half a concordant pair.
"""

from __future__ import annotations

import numpy as np

from summand.methods.survival._cox_rows import CoxRows
from summand.tables import Array

CLASSES, COARSE_CLASSES = 101, 11
"""Odd, so that no edge lies at 0, the predictor of a person with mean covariates, where rounding would decide."""


def class_edges(spread: float, classes: int) -> Array:
    """The inner edges of equally probable classes of a normal predictor with mean 0, shape (classes - 1,)."""
    from scipy.special import ndtri

    return np.asarray(spread * ndtri(np.arange(1, classes) / classes), dtype=np.float64)


def class_table(rows: CoxRows, predictor: Array, edges: Array, times: int, strata: int) -> Array:
    """How many rows leave with the event, and how many without, by stratum, event time and class.

    Args:
        predictor: Of each row, shape (rows,).
        edges: The inner edges of the classes, ascending.
        times: How many event times each of the ``strata`` has.

    Returns:
        Shape (2 * strata * times * classes,); who leaves before the first event time is compared with nobody.
    """
    classes, cells, own = len(edges) + 1, strata * times, rows.reached > 0
    place = rows.at(times)[own] * classes + np.searchsorted(edges, predictor[own])
    cell = np.where(rows.events[own], 0, cells * classes) + place
    return np.bincount(cell, minlength=2 * cells * classes).astype(np.float64)


def grid_concordance_sums(table: Array, strata: int, classes: int) -> Array:
    """The six numbers of `concordance_sums`, from the total of `class_table` over all sites."""
    events, others = np.rint(table).reshape(2, strata, -1, classes)
    leaving = events + others
    later = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1] - events  # at risk, and no event at the same time
    whole = later.sum(axis=2, keepdims=True)
    foreseen = np.cumsum(later, axis=2) - later / 2.0  # of a smaller class, and half of the same one
    happened = np.cumsum(events.sum(axis=2, keepdims=True), axis=1)
    larger = np.cumsum(events[:, :, ::-1], axis=2)[:, :, ::-1] - events / 2.0
    foretold = np.cumsum(larger, axis=1)
    # as the one who has the event first, and as the one who is at risk then: an event is no partner of its own time
    concordant = foreseen + foretold - larger, foretold
    comparable = whole + happened - events.sum(axis=2, keepdims=True), happened
    sums = np.zeros(3)
    for count, a, b in zip((events, others), concordant, comparable, strict=True):
        sums += [(count * a * a).sum(), (count * a * b).sum(), (count * b * b).sum()]
    tied = float((events * later).sum())
    pairs = [float((events * whole).sum()), float((events * foreseen).sum()) - tied / 2.0, tied]
    return np.concatenate([pairs, sums])
