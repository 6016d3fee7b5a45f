"""Observed and expected events of several groups and their hypergeometric variance, summed over event times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Layout
from summand.tables import Array


@dataclass(frozen=True)
class Comparison:
    """One comparison, or the sum of several strata's.

    Attributes:
        people: In each group, shape (groups,).
        observed, expected: Events of each group, and what equal hazards would give; shape (groups,).
        variance: Of observed minus expected, shape (groups, groups).
    """

    people: Array
    observed: Array
    expected: Array
    variance: Array

    def flat(self) -> Array:
        """People, observed, expected and the upper triangle of the variance, shape (3k + k(k+1)/2,)."""
        return np.concatenate([self.people, self.observed, self.expected, upper(self.variance)])

    @classmethod
    def from_flat(cls, total: Array, groups: int) -> Self:
        """The comparison behind the sum of several `flat`."""
        people, observed, expected = total[: 3 * groups].reshape(3, groups)
        return cls(np.rint(people), np.rint(observed), expected, symmetric(total[3 * groups :], groups))

    def test(self) -> tuple[float, int, float]:
        """The statistic, its degrees of freedom, and the p-value.

        A group that is never at risk together with others at an event has no variance and is left out, as in R's
        survdiff.

        Raises:
            FormulaInvalid: if fewer than two groups can be compared.
        """
        from scipy.special import chdtrc

        compared_groups = np.flatnonzero(np.diag(self.variance) > 1e-12)
        if len(compared_groups) < 2:
            raise FormulaInvalid(
                "Fewer than two groups are at risk together when an event happens.",
                remedy="Choose a column by which people differ, or pool the sites (site='pooled').",
            )
        kept = compared_groups[:-1]  # O - E adds up to 0: one group follows from the others
        difference = (self.observed - self.expected)[kept]
        variance = self.variance[np.ix_(kept, kept)]
        statistic = float(difference @ np.linalg.pinv(variance, hermitian=True) @ difference)
        rank = int(np.linalg.matrix_rank(variance, hermitian=True))
        return statistic, rank, float(chdtrc(rank, statistic))


def comparison_layout(groups: int) -> Layout:
    """The numbers of `Comparison.flat`. An event adds to the variance at most a quarter on the diagonal and off it."""
    return (
        Block("people", "1", groups, 1.0, "how many people each group has"),
        Block("observed events", "1", groups, 1.0, "how many of each group have the event"),
        Block("expected events", "1", groups, 1.0 + 1e-9, "how many would, if the hazards were equal"),
        Block("variance", "1", groups * (groups + 1) // 2, 1.0, "how precisely the difference is known"),
    )


def compared(events: Array, exits: Array) -> Comparison:
    """The comparison of one stratum.

    With d events among n at risk, n_j of them in group j: the expected events of j are d n_j / n, and the covariance of
    j and k is d (n - d) / (n - 1) times (n_j / n) (1[j = k] - n_k / n).

    Args:
        events, exits: By group and time, shape (groups, times).
    """
    at_risk = np.cumsum(exits[:, ::-1], axis=1)[:, ::-1]
    d, n = events.sum(axis=0), at_risk.sum(axis=0)
    happens = d > 0
    share = at_risk[:, happens] / n[happens]
    d, n = d[happens], n[happens]
    factor = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(share @ factor) - (share * factor) @ share.T
    return Comparison(exits.sum(axis=1), events.sum(axis=1), share @ d, variance)
