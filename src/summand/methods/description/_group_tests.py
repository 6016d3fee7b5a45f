"""Whether groups differ in a number: by means, by ranks, and by how much.

Source: Welch (1947), Biometrika 34(1/2), and (1951), Biometrika 38(3/4), for unequal variances; Kruskal & Wallis (1952),
    JASA 47(260); Mann & Whitney (1947), with the correction for ties of Lehmann (1975), Nonparametrics, section 1.4;
    Hedges (1981), J. Educational Statistics 6(2), equation 4 (exact factor).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._newton import p_value
from summand.tables import Array


def test_row(
    test: str, statistic: float, degrees_of_freedom: float, p: float, within: float | None = None
) -> dict[str, Any]:  # fmt: skip
    """One test."""
    return {
        "test": test, "statistic": statistic, "degrees_of_freedom": degrees_of_freedom,
        "degrees_of_freedom_within": within, "p_value": p,
    }  # fmt: skip


def mean_tests(n: Array, means: Array, squares: Array) -> list[dict[str, Any]]:
    """Tests that the means are one: Welch's and Student's t of two groups, or both analyses of variance.

    Welch's needs two people who differ in every group; both need somebody who differs from their own group's mean.

    Args:
        n, means, squares: People, mean and squares about it of each group, shape (groups,); n at least 1.
    """
    k, people, within = len(n), float(n.sum()), float(squares.sum())
    if within <= 0.0 or people <= k:
        return []
    unequal = float(n.min()) >= 2.0 and float(squares.min()) > 0.0
    if k > 2:
        return [*([_welch_anova(n, means, squares)] if unequal else []), _anova(n, means, within)]
    rows = []
    if unequal:
        difference, error, degrees = welch(n, means, squares)
        rows.append(test_row("Welch's t", difference / error, degrees, p_value(difference / error, degrees)))
    t = float(means[1] - means[0]) / math.sqrt(within / (people - 2.0) * float((1.0 / n).sum()))
    return [*rows, test_row("Student's t", t, people - 2.0, p_value(t, people - 2.0))]


def _anova(n: Array, means: Array, within: float) -> dict[str, Any]:
    from scipy.special import fdtrc

    k, people = len(n), float(n.sum())
    between = float(n @ (means - float(n @ means) / people) ** 2) / (k - 1)
    f = between / (within / (people - k))
    return test_row("ANOVA", f, k - 1, float(fdtrc(k - 1, people - k, f)), people - k)


def _welch_anova(n: Array, means: Array, squares: Array) -> dict[str, Any]:
    from scipy.special import fdtrc

    k, weights = len(n), n * (n - 1.0) / squares
    spread = float(((1.0 - weights / weights.sum()) ** 2 / (n - 1.0)).sum())
    centre = float(weights @ means) / float(weights.sum())
    top = float(weights @ (means - centre) ** 2) / (k - 1)
    f = top / (1.0 + 2.0 * (k - 2) / (k**2 - 1.0) * spread)
    degrees = (k**2 - 1.0) / (3.0 * spread)
    return test_row("Welch's ANOVA", f, k - 1, float(fdtrc(k - 1, degrees, f)), degrees)


def welch(n: Array, means: Array, squares: Array) -> tuple[float, float, float]:
    """Difference of the second mean from the first, its standard error, and Satterthwaite's degrees of freedom."""
    variances = squares / (n - 1.0) / n
    total = float(variances.sum())
    return float(means[1] - means[0]), math.sqrt(total), total**2 / float((variances**2 / (n - 1.0)).sum())


def rank_tests(n: Array, rank_sums: Array, ties: float) -> list[dict[str, Any]]:
    """Kruskal and Wallis, and of two groups Mann and Whitney with continuity correction, by the normal distribution.

    Args:
        n: People of each group, shape (groups,), at least 1.
        rank_sums: Of their pooled midranks.
        ties: Sum of ``t³ - t`` over ties of t people.
    """
    from scipy.special import chdtrc

    people = float(n.sum())
    untied = 1.0 - ties / (people**3 - people)
    if untied <= 0.0:
        return []
    away = rank_sums / n - (people + 1.0) / 2.0
    h = 12.0 / (people * (people + 1.0)) * float(n @ away**2) / untied
    rows = [test_row("Kruskal–Wallis", h, len(n) - 1, float(chdtrc(len(n) - 1, h)))]
    if len(n) == 2:
        u = superiority(n, rank_sums) * float(n[0] * n[1])
        spread = math.sqrt(float(n[0] * n[1]) / 12.0 * (people + 1.0) * untied)
        distance = u - float(n[0] * n[1]) / 2.0
        z = math.copysign(max(abs(distance) - 0.5, 0.0), distance) / spread
        rows.insert(0, {**test_row("Mann–Whitney, corrected", z, 1, p_value(z)), "degrees_of_freedom": None})
    return rows


def superiority(n: Array, rank_sums: Array) -> float:
    """The chance that one of the second group is above one of the first, ties counting half."""
    return float(rank_sums[1] - n[1] * (n[1] + 1.0) / 2.0) / float(n[0] * n[1])


def hedges_g(n: Array, means: Array, squares: Array) -> float | None:
    """The difference of two means in pooled standard deviations, corrected for small samples."""
    from scipy.special import gammaln

    degrees = float(n.sum()) - 2.0
    pooled = math.sqrt(float(squares.sum()) / degrees)
    if pooled <= 0.0:
        return None
    factor = math.exp(float(gammaln(degrees / 2.0) - gammaln((degrees - 1.0) / 2.0))) / math.sqrt(degrees / 2.0)
    return float(means[1] - means[0]) / pooled * factor


# ── standardised differences, of group pairs ─────────────────────────────────────────────────────────────────────────
def standardised_number(n: Array, means: Array, squares: Array) -> float | None:
    """The mean, over pairs of groups, of ``|difference of means| / sqrt(mean of the two variances)``."""
    if float(n.min()) < 2.0:
        return None
    centres, variances = means.tolist(), (squares / (n - 1.0)).tolist()
    return _over_pairs(len(n), lambda i, j: _ratio(centres[i] - centres[j], (variances[i] + variances[j]) / 2.0))


def _ratio(difference: float, variance: float) -> float | None:
    if variance > 0.0:
        return abs(difference) / math.sqrt(variance)
    return 0.0 if difference == 0.0 else None


def standardised_levels(table: Array) -> float | None:
    """The same for a category: the distance of its shares in the two groups by their mean covariance.

    Args:
        table: People by level and group, shape (levels, groups), each group with people.

    Source: Yang & Dalton (2012), A unified approach to measuring the effect size between two groups using SAS,
        SAS Global Forum, paper 335.
    """
    shares = (table / table.sum(axis=0))[1:]

    def distance(i: int, j: int) -> float | None:
        one, other = shares[:, i], shares[:, j]
        spread = (np.diag(one) - np.outer(one, one) + np.diag(other) - np.outer(other, other)) / 2.0
        difference = one - other
        inverse = np.linalg.pinv(spread, rcond=1e-10, hermitian=True)
        # a difference outside the range of the covariance has no finite distance
        if float(np.abs(spread @ (inverse @ difference) - difference).max(initial=0.0)) > 1e-9:
            return None
        return math.sqrt(max(float(difference @ inverse @ difference), 0.0))

    return _over_pairs(table.shape[1], distance)


def _over_pairs(groups: int, distance: Any) -> float | None:
    found = [distance(i, j) for i in range(groups) for j in range(i)]
    return None if any(each is None for each in found) else float(sum(found)) / len(found)
