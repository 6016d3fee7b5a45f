"""One association over many strata: sums over strata that each stratum, or each site, can make by itself.

For a stratum of n people with row sums ``n_i.`` and column sums ``n_.j``: cells minus their expectation
``n_i. n_.j / n`` and their covariance when rows and columns are independent given the margins,
``n_i. (1[i = i'] n - n_i'.) n_.j (1[j = j'] n - n_.j') / (n² (n - 1))``; and for 2 x 2 tables with a exposed cases, b
exposed others, c cases and d others not exposed, the products of Mantel & Haenszel. All are of the size of n at most, so
that each row adds at most 1.

Source: Mantel & Haenszel (1959), JNCI 22(4); Landis, Heyman & Koch (1978), International Statistical Review 46(3), for
    larger tables; Robins, Breslow & Greenland (1986), Biometrics 42(2), for the variance of the odds ratio; Greenland &
    Robins (1985), Biometrics 41(1), for risk ratio and difference; Breslow & Day (1980), IARC 32, section 4.4; Tarone
    (1985), Biometrika 72(1).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block
from summand.methods.description._contingency import chi_square_row
from summand.methods.description._two_by_two import difference_row, ratio_row
from summand.tables import Array

CELLS_MAX = 64
RATIO_SUMS = 11
# The most that one person can add to the homogeneity statistic; a stratum beyond it is counted instead.
HOMOGENEITY_MAX = 1e6


def strata_blocks(cells: int, is_two_by_two: bool) -> list[Block]:
    """What `strata_sums` holds, for tables with so many cells."""
    blocks = [
        Block("strata: informative", "1", 1, 1.0, "how many strata have people in two rows and two columns"),
        Block("strata: differences", "1", cells, 1.0, "cells less their expectation, summed over strata"),
        Block("strata: covariance", "1", cells * (cells + 1) // 2, 1.0, "how precisely these are known"),
    ]
    if is_two_by_two:
        blocks.append(Block("strata: ratios", "1", RATIO_SUMS, 1.0, "the common odds ratio, risk ratio and difference"))
    return blocks


def strata_sums(tables: Array) -> Array:
    """The sums over some strata, shape (length of `strata_blocks`,).

    Args:
        tables: Counts, shape (strata, r, c).
    """
    _, r, c = tables.shape
    informative, away, covariance = 0.0, np.zeros(r * c), np.zeros((r * c, r * c))
    for table in tables:
        n = float(table.sum())
        rows, columns = table.sum(axis=1), table.sum(axis=0)
        if np.count_nonzero(rows) < 2 or np.count_nonzero(columns) < 2:
            continue
        informative += 1.0
        away += (table - np.outer(rows, columns) / n).ravel()
        by_row = (np.diag(rows) - np.outer(rows, rows) / n) / n
        by_column = np.diag(columns) - np.outer(columns, columns) / n
        covariance += np.kron(by_row, by_column) * (n / (n - 1.0))
    ratios = [_ratio_sums(tables)] if (r, c) == (2, 2) else []
    return np.concatenate([[informative], away, upper(covariance), *ratios])


def _ratio_sums(tables: Array) -> Array:
    """The eleven sums behind odds ratio, risk ratio and risk difference."""
    d, c, b, a = (tables[:, i, j] for i in (0, 1) for j in (0, 1))
    n = np.maximum(a + b + c + d, 1.0)
    one, other, cases = a + b, c + d, a + c
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    weight = one * other / n
    spread = np.zeros(len(n))
    both = (one > 0) & (other > 0)
    spread[both] = ((a * b * other**3 + c * d * one**3) / np.where(both, one * other, 1.0) / n**2)[both]
    parts = (
        r, s, p * r, p * s + q * r, q * s,
        a * other / n, c * one / n, (cases * one * other - a * c * n) / n**2,
        (a * other - c * one) / n, weight, spread,
    )  # fmt: skip
    return np.array([float(part.sum()) for part in parts])


class Strata:
    """Sums over strata, read.

    Attributes:
        informative: How many strata say anything.
        away: Cells less their expectation, shape (r, c).
        covariance: Of these in order, shape (rc, rc).
        ratios: The eleven sums of 2 x 2 tables; empty otherwise.
    """

    def __init__(self, sums: Array, r: int, c: int) -> None:
        cells = r * c
        self.informative = round(float(sums[0]))
        self.away = sums[1 : 1 + cells].reshape(r, c)
        packed = cells * (cells + 1) // 2
        self.covariance = symmetric(sums[1 + cells : 1 + cells + packed], cells)
        self.ratios = sums[1 + cells + packed :]

    @property
    def odds_ratio(self) -> float | None:
        """Mantel and Haenszel's common odds ratio; None where it is 0 or infinite."""
        if not len(self.ratios) or min(self.ratios[0], self.ratios[1]) <= 0.0:
            return None
        return float(self.ratios[0] / self.ratios[1])

    def tests(self) -> list[dict[str, Any]]:
        """The Cochran-Mantel-Haenszel test, in 2 x 2 tables also with continuity correction.

        Rows and columns that nobody has vary nowhere and are left out.
        """
        r, c = self.away.shape
        variance = np.diag(self.covariance).reshape(r, c)
        rows, columns = (np.flatnonzero(variance.max(axis=axis) > 1e-12)[:-1] for axis in (1, 0))
        if not len(rows) or not len(columns):
            return []
        kept = (rows[:, None] * c + columns).ravel()
        difference, matrix = self.away.ravel()[kept], self.covariance[np.ix_(kept, kept)]
        statistic = float(difference @ np.linalg.pinv(matrix, hermitian=True) @ difference)
        rank = int(np.linalg.matrix_rank(matrix, hermitian=True))
        found = [chi_square_row("Cochran–Mantel–Haenszel", max(statistic, 0.0), rank)]
        if (r, c) == (2, 2):
            corrected = max(abs(float(difference[0])) - 0.5, 0.0) ** 2 / float(matrix[0, 0])
            found.append(chi_square_row("Cochran–Mantel–Haenszel, corrected", corrected, 1))
        return found

    def measures(self) -> list[dict[str, Any]]:
        """The common odds ratio, risk ratio and risk difference of 2 x 2 tables."""
        if not len(self.ratios):
            return []
        r, s, pr, mixed, qs, x, y, risk_spread, gap, weight, spread = self.ratios.tolist()
        odds = risk = None
        if min(r, s) > 0.0:
            odds = (r / s, math.sqrt(pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s)))
        if min(x, y) > 0.0:
            risk = (x / y, math.sqrt(max(risk_spread, 0.0) / (x * y)))
        found = [ratio_row("common odds ratio", odds), ratio_row("common risk ratio", risk)]
        if weight > 0.0:
            found.append(difference_row("common risk difference", gap / weight, math.sqrt(max(spread, 0.0)) / weight))
        return found


# ── homogeneity ──────────────────────────────────────────────────────────────────────────────────────────────────────
HOMOGENEITY_BLOCKS = [
    Block("homogeneity: statistic", "1", 1, HOMOGENEITY_MAX, "how far the strata's odds ratios are apart"),
    Block("homogeneity: correction", "1", 2, 1.0, "Tarone's correction of it"),
    Block("homogeneity: beyond", "1", 1, 1.0, "how many strata are too far apart for a number"),
]


def homogeneity_sums(tables: Array, odds_ratio: float) -> Array:
    """Breslow and Day's sum, and those of Tarone's correction, given the common odds ratio: shape (4,).

    With the fitted cell A, which has the stratum's margins and the common odds ratio, and the variance
    ``V = 1 / (1/A + 1/B + 1/C + 1/D)``: ``(a - A)² / V``, ``a - A`` and V.
    """
    total = np.zeros(4)
    for (d, c), (b, a) in tables.tolist():
        if min(a + b, c + d, a + c, b + d) == 0.0:
            continue
        fitted = _fitted(a + b, c + d, a + c, odds_ratio)
        cells = (fitted, a + b - fitted, a + c - fitted, d - a + fitted)
        variance = 1.0 / sum(1.0 / cell for cell in cells) if min(cells) > 0.0 else 0.0
        distance = (a - fitted) ** 2 / variance if variance > 0.0 else math.inf
        n = a + b + c + d
        total += (distance, a - fitted, variance, 0.0) if distance <= HOMOGENEITY_MAX * n else (0.0, 0.0, 0.0, 1.0)
    return total


def _fitted(exposed: float, others: float, cases: float, odds_ratio: float) -> float:
    """The exposed cases A with ``A (others - cases + A) = odds ratio (exposed - A) (cases - A)``."""
    square = 1.0 - odds_ratio
    linear = others - cases + odds_ratio * (exposed + cases)
    constant = -odds_ratio * exposed * cases
    # linear is positive wherever the odds ratio is at most 1; the root between the margins in a form without cancellation
    root = math.sqrt(max(linear * linear - 4.0 * square * constant, 0.0))
    if linear >= 0.0:
        return -2.0 * constant / (linear + root)
    return (-linear + root) / (2.0 * square) if square else -constant / linear


def homogeneity(sums: Array, informative: int) -> list[dict[str, Any]]:
    """The two tests that all strata have one odds ratio; none where a single stratum says anything."""
    statistic, distance, variance, beyond = sums.tolist()
    if informative < 2 or round(beyond) or variance <= 0.0:
        return []
    corrected = max(statistic - distance * distance / variance, 0.0)
    degrees = informative - 1
    return [
        chi_square_row("Breslow–Day homogeneity", statistic, degrees),
        chi_square_row("Breslow–Day homogeneity, Tarone", corrected, degrees),
    ]
