"""The round after a Cox model's fit: what only its coefficients, and the hazards they give, allow to sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.methods._newton import upper
from summand.methods._protocol import Block, Layout
from summand.methods._sandwich import BY_SITE, HC0, MODEL
from summand.methods.survival._concordance import NUMBERS, concordance_sums
from summand.methods.survival._cox_foresight import products
from summand.methods.survival._cox_proportionality import factor_max
from summand.methods.survival._cox_residuals import RESIDUAL_MAX, Hazards, score_residuals
from summand.methods.survival._cox_rows import CoxRows
from summand.methods.survival._follow_up import TimeTable
from summand.tables import Array

TOTAL_MAX = 2.0**60
"""A quarter of what a Q63.64 number holds."""


@dataclass(frozen=True, eq=False)
class After:
    """A partial: numbers that add, sums by cluster, and rows that are compared with each other.

    Attributes:
        sums: As many numbers as the layout has, those of clusters and pairs left at 0.
        clusters: Score residuals by cluster; empty unless persons or a column make the clusters.
        pairs: What `concordance_sums` takes, shape (6, rows); no rows where a site compares nobody by itself.
    """

    sums: Array
    clusters: TimeTable
    pairs: Array

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, After) or not np.array_equal(self.sums, other.sums):
            return False
        return self.clusters == other.clusters and np.array_equal(self.pairs, other.pairs)

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: After) -> After:
        pairs = np.concatenate([self.pairs, other.pairs], axis=1)
        return After(self.sums + other.sums, self.clusters + other.clusters, pairs)


@dataclass(frozen=True)
class Asked:
    """What is asked for after the fit, and where its numbers stand.

    Attributes:
        p: How many coefficients there are.
        errors: ``model``, ``HC0``, or which clusters.
        proportionality: The transform of time whose test is asked for; None if none is.
        concordance: Whether concordance is asked for.
        at_sites: Whether every site has its own baseline hazard, and its people are compared there.
        rows_max, site_count: The most rows there may be, and how many sites.
    """

    p: int
    errors: str
    proportionality: str | None
    concordance: bool
    at_sites: bool
    rows_max: int
    site_count: int

    def _fitting(self, row_bound: float) -> float:
        """A factor of at most 1 with which totals of such a bound stay below 2^60: it is taken out again in `read`."""
        return min(1.0, TOTAL_MAX / (row_bound * self.rows_max * self.site_count))

    @property
    def _products(self) -> tuple[float, float]:
        """The bound of products of residuals, and their factor."""
        # of rows added before they are squared, each may add its bound times that of all others
        bound = RESIDUAL_MAX**2 * (1.0 if self.errors == HC0 else self.rows_max)
        return bound, self._fitting(bound)

    @property
    def _pairs(self) -> Array:
        """The factors of the six numbers of concordance: a row is in at most ``rows_max`` pairs."""
        return np.repeat([self._fitting(self.rows_max), self._fitting(self.rows_max**2)], NUMBERS // 2)

    @property
    def anything(self) -> bool:
        """Whether there is such a round at all."""
        return self.residuals or self.proportionality is not None or self.concordance

    @property
    def residuals(self) -> bool:
        """Whether score residuals are needed."""
        return self.errors != MODEL

    @property
    def hazards(self) -> bool:
        """Whether the hazards of the last evaluation are needed."""
        return self.residuals or self.proportionality is not None

    def layout(self, cells: int) -> Layout:
        """What a site contributes; ``cells`` are the event times of a shared grid times the classes of predictors."""
        packed = self.p * (self.p + 1) // 2
        blocks: list[Block] = []
        if self.residuals:
            bound, factor = self._products
            what = "how much people, clusters or sites differ in what they say about the coefficients"
            blocks += [
                Block("hazards out of range", "1", 1, 1.0, "how many people's hazard is beyond any plausible ratio"),
                Block("products of score residuals", "1", packed, 1.001 * bound * factor, what),
            ]
        if self.proportionality is not None:
            most = factor_max(self.proportionality)
            what = "whether the covariates of those with the event change with time"
            blocks.append(Block("covariates of events by transformed time", "1", self.p, 2.1 * most, what))
            names = ("information by transformed time", "information by its square")
            if not self.at_sites:
                names = ("products of covariates by hazard and transformed time", "the same by its square")
            each, reveals = 1.1 if self.at_sites else 4.4, "how precisely such changes are known"
            blocks += [Block(n, "1", packed, each * most**k, reveals) for k, n in enumerate(names, start=1)]
        if self.concordance and not self.at_sites:
            what = "how many people of each class of predicted risk leave at each time, with and without the event"
            blocks.append(Block("exits by time and class of risk", "1", 2 * cells, 1.0, what))
        if self.concordance and self.at_sites:
            what = "of how many pairs of a site's people the model foresees who has the event first"
            first, second = self._pairs[0] * self.rows_max, self._pairs[-1] * self.rows_max**2
            blocks.append(Block("pairs of people", "1", NUMBERS // 2, first, what))
            blocks.append(Block("squared pairs by person", "1", NUMBERS // 2, second, "how precisely that is known"))
        return tuple(blocks)

    def tally(
        self, rows: CoxRows, beta: Array, hazards: Hazards | None, lived: Hazards | None, events: float,
        strata: int, furthest: float, factor: Array, cluster: Array | None, pairs: Array,
    ) -> After:  # fmt: skip
        """One batch's numbers.

        Args:
            beta: Where ``hazards`` were found.
            hazards: None where no residuals are asked for.
            lived: Hazards of a shared grid, where its test of proportionality is asked for.
            events: The case weight of all events, by which products are divided.
            factor: The transform of each time, of one stratum.
            cluster: The cluster of each row; None unless persons or a column make the clusters.
            pairs: The rows as `concordance_sums` takes them, or over a shared grid their `class_table`.
        """
        packed = self.p * (self.p + 1) // 2
        none = np.zeros(0) if cluster is None else cluster[:0]
        clusters = TimeTable(none, np.zeros((0, self.p)))
        parts: list[Array] = []
        if hazards is not None:
            residuals, beyond = score_residuals(rows, beta, hazards, strata, furthest)
            own = np.zeros(packed)
            if self.errors == HC0:
                own = upper(residuals @ residuals.T)
            elif self.errors == BY_SITE:
                own[: self.p] = residuals.sum(axis=1)  # condense squares what all batches add up to
            elif cluster is not None:
                clusters = TimeTable.of(cluster, tuple(residuals))  # by the number of a cluster, not by time
            parts += [np.array([float(beyond)]), own]
        if self.proportionality is not None:
            of_events = rows.event_weights()
            of_events[rows.events] *= factor[rows.reached[rows.events] - 1]
            parts += [of_events @ rows.x, self._timed_products(rows, beta, lived, events, strata, furthest, factor)]
        if self.concordance:
            parts.append(np.zeros(NUMBERS) if self.at_sites else pairs)
        return After(np.concatenate(parts), clusters, pairs if self.at_sites else np.zeros((6, 0)))

    def _timed_products(
        self,
        rows: CoxRows,
        beta: Array,
        lived: Hazards | None,
        events: float,
        strata: int,
        furthest: float,
        factor: Array,
    ) -> Array:
        """Products by hazard times the transform of time, and times its square; shape (p(p+1),)."""
        if lived is None:
            return np.zeros(self.p * (self.p + 1))
        risk = rows.weighted(np.exp(np.clip(rows.x @ beta, -furthest, furthest))) / events
        most = 1.1 * factor_max(str(self.proportionality))
        return np.concatenate(
            [
                products(rows, risk, lived.step * by_time, lived.tied * by_time, strata, most**power)
                for power in (1, 2)
                for by_time in [np.tile(factor, strata) ** power]
            ]
        )

    def condense(self, partial: After, timed: Array) -> Array:
        """A site's summand.

        Args:
            timed: What `timed_sums` gave for the site's own risk sets; unused where these are shared.
        """
        out, at, packed = partial.sums.copy(), 0, self.p * (self.p + 1) // 2
        if self.residuals:
            if self.errors == BY_SITE:
                total = out[1 : 1 + self.p].copy()
                out[1 : 1 + packed] = upper(np.outer(total, total))
            if self.errors not in (HC0, BY_SITE):
                sums = partial.clusters.sums
                out[1 : 1 + packed] = upper(sums.T @ sums)
            out[1 : 1 + packed] *= self._products[1]
            at = 1 + packed
        if self.proportionality is not None:
            if self.at_sites:
                out[at : at + self.p] -= timed[: self.p]
                out[at + self.p : at + self.p + 2 * packed] = timed[self.p :]
            at += self.p + 2 * packed
        if self.concordance and self.at_sites:
            out[at:] = concordance_sums(partial.pairs) * self._pairs
        return out

    def read(self, total: Array) -> Found:
        """The parts of a total."""
        at, packed = 0, self.p * (self.p + 1) // 2
        beyond, products, timed, pairs = 0, np.zeros(0), np.zeros(0), np.zeros(0)
        if self.residuals:
            beyond, at = round(float(total[0])), 1 + packed
            products = total[1:at] / self._products[1]
        if self.proportionality is not None:
            size = self.p + 2 * packed
            timed, at = total[at : at + size], at + size
        if self.concordance:
            pairs = total[at:] / self._pairs if self.at_sites else total[at:]
        return Found(beyond, products, timed, pairs)


@dataclass(frozen=True)
class Found:
    """What a total of this round holds.

    Attributes:
        beyond: Rows whose hazard is out of range.
        products: The packed sum of products of their score residuals.
        timed: The score of coefficients that change with time and, with strata at the sites, its information; over a
            shared grid sums over events, and products by hazard.
        pairs: The numbers of `concordance_sums`, or over a shared grid those of `class_table`.
    """

    beyond: int
    products: Array
    timed: Array
    pairs: Array
