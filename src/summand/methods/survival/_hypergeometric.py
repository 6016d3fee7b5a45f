"""Observed and expected events of several groups and their hypergeometric variance, summed over event times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Layout
from summand.tables import Array

Weights = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Comparison:
    """One comparison, or the sum of several strata's.

    Attributes:
        people: In each group, shape (groups,).
        observed, expected: Events of each group, and what equal hazards would give; shape (groups,).
        variance: Of the difference, shape (groups, groups).
        difference: Observed minus expected events, weighted by time; shape (groups,).
    """

    people: Array
    observed: Array
    expected: Array
    variance: Array
    difference: Array

    def flat(self, *, weighted: bool = False) -> Array:
        """People, observed, expected and the upper triangle of the variance, shape (3k + k(k+1)/2,).

        With weights the difference does not follow from observed and expected, and comes last: k numbers more.
        """
        numbers = [self.people, self.observed, self.expected, upper(self.variance)]
        return np.concatenate([*numbers, self.difference] if weighted else numbers)

    @classmethod
    def from_flat(cls, total: Array, groups: int, *, weighted: bool = False) -> Self:
        """The comparison behind the sum of several `flat`."""
        people, observed, expected = total[: 3 * groups].reshape(3, groups)
        people, observed = np.rint(people), np.rint(observed)
        cut = 3 * groups + groups * (groups + 1) // 2
        difference = total[cut:] if weighted else observed - expected
        return cls(people, observed, expected, symmetric(total[3 * groups : cut], groups), difference)

    def trend(self, scores: Array) -> tuple[float, float]:
        """The statistic of a trend over the groups, one degree of freedom, and the p-value.

        With D the difference, V its variance and c the scores: ``(c'D)^2 / c'Vc`` (Tarone 1975, Biometrika 62(3)).

        Args:
            scores: One for each group, shape (groups,).

        Raises:
            FormulaInvalid: if no groups with different scores are at risk together at an event.
        """
        from scipy.special import chdtrc

        variance = float(scores @ self.variance @ scores)
        if not variance > 1e-12 * float(scores**2 @ np.diag(self.variance)):
            raise _nothing_to_compare()
        statistic = float(scores @ self.difference) ** 2 / variance
        return statistic, float(chdtrc(1, statistic))

    def test(self) -> tuple[float, int, float]:
        """The statistic, its degrees of freedom, and the p-value.

        A group that is never at risk together with others at an event has no variance and is left out, as in R's
        survdiff.

        Raises:
            FormulaInvalid: if fewer than two groups can be compared.
        """
        from scipy.special import chdtrc

        diagonal = np.diag(self.variance)
        compared_groups = np.flatnonzero(diagonal > 1e-12 * min(1.0, float(diagonal.max())))
        if len(compared_groups) < 2:
            raise _nothing_to_compare()
        kept = compared_groups[:-1]  # O - E adds up to 0: one group follows from the others
        difference = self.difference[kept]
        variance = self.variance[np.ix_(kept, kept)]
        statistic = float(difference @ np.linalg.pinv(variance, hermitian=True) @ difference)
        rank = int(np.linalg.matrix_rank(variance, hermitian=True))
        return statistic, rank, float(chdtrc(rank, statistic))


def _nothing_to_compare() -> FormulaInvalid:
    return FormulaInvalid(
        "Fewer than two groups are at risk together when an event happens.",
        remedy="Choose a column by which people differ, or pool the sites (site='pooled').",
    )


def comparison_layout(groups: int, weight_max: float | None = None) -> Layout:
    """The numbers of `Comparison.flat`. An event adds to the variance at most a quarter on the diagonal and off it.

    Args:
        weight_max: The most that a time may weigh; None if all weigh 1.
    """
    most = 1.0 if weight_max is None else max(1.0, weight_max)
    blocks = (
        Block("people", "1", groups, 1.0, "how many people each group has"),
        Block("observed events", "1", groups, 1.0, "how many of each group have the event"),
        Block("expected events", "1", groups, 1.0 + 1e-9, "how many would, if the hazards were equal"),
        Block("variance", "1", groups * (groups + 1) // 2, most**2, "how precisely the difference is known"),
    )
    if weight_max is None:
        return blocks
    what = "observed minus expected events, weighted by time"
    return (*blocks, Block("weighted difference", "1", groups, most * (1.0 + 1e-9), what))


def compared(events: Array, at_risk: Array, people: Array, weigh: Weights | None = None) -> Comparison:
    """The comparison of one stratum.

    With d events among n at risk, n_j of them in group j: the expected events of j are d n_j / n, and the covariance of
    j and k is d (n - d) / (n - 1) times (n_j / n) (1[j = k] - n_k / n). A weight w multiplies the difference at its
    time, and w^2 the covariance.

    Args:
        events, at_risk: By group and time, shape (groups, times).
        people: In each group, shape (groups,).
        weigh: The weight of each time with events, from d and n, shape (times,); None: 1.
    """
    d, n = events.sum(axis=0), at_risk.sum(axis=0)
    happens = d > 0
    share = at_risk[:, happens] / n[happens]
    d, n = d[happens], n[happens]
    factor = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    expected = share @ d
    difference = events.sum(axis=1) - expected
    if weigh is not None:
        weight = weigh(d, n)
        difference = events[:, happens] @ weight - share @ (weight * d)
        factor = factor * weight**2
    variance = np.diag(share @ factor) - (share * factor) @ share.T
    return Comparison(people, events.sum(axis=1), expected, variance, difference)
