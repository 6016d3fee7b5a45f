"""Tests of one table of counts: independence, trend, and agreement of pairs.

Source: Agresti (2013), Categorical Data Analysis, 3rd ed.: sections 3.2 (Pearson, likelihood ratio), 3.5 (exact),
    5.3.5 (Cochran-Armitage), 11.1 (McNemar), 11.5 (kappa); Yates (1934), JRSS Suppl. 1(2); Bowker (1948), JASA 43(244).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.methods.description._fisher import exact_p_value
from summand.tables import Array


def chi_square_row(test: str, statistic: float, degrees_of_freedom: int) -> dict[str, Any]:
    """One test that is referred to chi-square."""
    from scipy.special import chdtrc

    p_value = float(chdtrc(degrees_of_freedom, statistic))
    return {"test": test, "statistic": statistic, "degrees_of_freedom": degrees_of_freedom, "p_value": p_value}


def expected(table: Array) -> Array:
    """What independence would put in every cell, shape as the table's."""
    fitted: Array = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return fitted


def residuals(table: Array) -> Array:
    """Adjusted residuals: standard normal in a large table if rows and columns are independent."""
    n = float(table.sum())
    away = np.outer(1.0 - table.sum(axis=1) / n, 1.0 - table.sum(axis=0) / n)
    return (table - expected(table)) / np.sqrt(expected(table) * away)


def independence(table: Array) -> list[dict[str, Any]]:
    """Pearson, with Yates' correction where it is 2 x 2, likelihood ratio, and Fisher's exact test.

    Args:
        table: Counts without an empty row or column, shape (r, c), r and c at least 2.
    """
    fitted = expected(table)
    away = np.abs(table - fitted)
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    rows = [chi_square_row("Pearson chi-square", float((away**2 / fitted).sum()), degrees)]
    if table.shape == (2, 2):
        corrected = away - np.minimum(0.5, away)
        rows.append(chi_square_row("Pearson chi-square, Yates", float((corrected**2 / fitted).sum()), degrees))
    some = table > 0
    ratio = 2.0 * float((table[some] * np.log(table[some] / fitted[some])).sum())
    rows.append(chi_square_row("Likelihood ratio", max(ratio, 0.0), degrees))
    exact = exact_p_value(table)
    rows.append({"test": "Fisher's exact", "statistic": None, "degrees_of_freedom": None, "p_value": exact})
    return rows


def trend(table: Array, scores: Array) -> dict[str, Any]:
    """Cochran-Armitage: whether the share of the second column rises with the scores of the rows.

    Args:
        table: Shape (r, 2), no empty row or column.
        scores: Shape (r,).
    """
    people, events = table.sum(axis=1), table[:, 1]
    n = float(people.sum())
    share = float(events.sum()) / n
    centred = scores - float(scores @ people) / n
    statistic = float(centred @ events) ** 2 / (share * (1.0 - share) * float(people @ centred**2))
    return chi_square_row("Cochran–Armitage trend", statistic, 1)


def agreement(table: Array) -> list[dict[str, Any]]:
    """McNemar's tests of a table of pairs; Bowker's symmetry where it has more than two levels.

    Args:
        table: Square, rows and columns in the same order.
    """
    upper = np.triu_indices(len(table), 1)
    one, other = table[upper], table.T[upper]
    both = one + other
    some = both > 0
    if not some.any():
        return []
    difference = np.abs(one - other)[some]
    if len(table) > 2:
        return [chi_square_row("Bowker symmetry", float((difference**2 / both[some]).sum()), len(both))]
    from scipy.special import bdtr

    pairs, least = float(both[0]), float(min(one[0], other[0]))
    corrected = max(float(difference[0]) - 1.0, 0.0)
    exact = 1.0 if one[0] == other[0] else 2.0 * float(bdtr(least, int(pairs), 0.5))
    return [
        chi_square_row("McNemar", float(difference[0]) ** 2 / pairs, 1),
        chi_square_row("McNemar, corrected", corrected**2 / pairs, 1),
        {"test": "McNemar, exact", "statistic": None, "degrees_of_freedom": None, "p_value": min(1.0, exact)},
    ]


def kappa(table: Array) -> dict[str, Any] | None:
    """Cohen's kappa of a square table, with the large-sample error of Fleiss, Cohen & Everitt (1969); None if 0 / 0.

    Source: Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72(5), equation 13.
    """
    shares = table / table.sum()
    row, column = shares.sum(axis=1), shares.sum(axis=0)
    agreed, chance = float(np.trace(shares)), float(row @ column)
    if chance >= 1.0:
        return None
    estimate = (agreed - chance) / (1.0 - chance)
    on = float(np.diag(shares) @ (1.0 - (row + column) * (1.0 - estimate)) ** 2)
    weights = (column[:, None] + row[None, :]) ** 2 * (1.0 - np.eye(len(table)))
    off = (1.0 - estimate) ** 2 * float((shares * weights).sum())
    variance = on + off - (estimate - chance * (1.0 - estimate)) ** 2
    error = math.sqrt(max(variance, 0.0) / float(table.sum())) / (1.0 - chance)
    width = NORMAL_975 * error
    return {
        "measure": "kappa", "estimate": estimate, "std_error": error,
        "conf_low": estimate - width, "conf_high": estimate + width,
    }  # fmt: skip
