"""Difference in differences: treated groups against untreated ones, before and after."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import UsageError
from summand.methods import _spec
from summand.methods._newton import upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes._adjusted import LEVERAGE_MAX
from summand.methods.causes._differences_state import DifferencesState, comparable, stacked
from summand.methods.causes._differences_update import after_cells, after_errors
from summand.methods.causes._measured import Measured, outcome_columns
from summand.methods.causes._nested import filled
from summand.methods.causes._periods import FirstTreated, Values, cell_sums
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import parse
from summand.tables import Array, Batch

CHUNK_ROWS = 4096
CLUSTERS_MAX = 500
CELLS_MAX = 40_000
DRAWS_MAX = 9_999
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class DifferenceInDifferences(Placed):
    """How much more the outcome of treated groups changed than that of people not treated, period by period.

    A group is everybody treated from the same period on. Its effect in a period is the change of its mean since the
    period before treatment, less the same change among people never (or not yet) treated; effects are joined by time
    since treatment, by group and overall. Estimates before treatment should be zero: they are the check of the
    assumption that without treatment both would have changed alike. No effect is weighted by already treated people.

    Args:
        outcome: A numeric column, or two-valued: ``died``, ``days > 30``.
        period: The column of periods: whole numbers, or levels in order.
        treated_from: The first period of treatment of the row's group.
        never: Its code for "never"; empty where a missing value means never.
        control: ``never``: people never treated; ``not_yet``: also those treated later.
        errors: ``people``: rows are independent; ``site``: those of a site are not; ``cluster``: those of a cluster.
        cluster: With ``cluster``: the column of clusters, such as hospitals; each is treated as a whole.
        draws: With ``cluster``: draws of the wild bootstrap and of treatments dealt anew.
        weights: The bootstrap's: ``webb`` or ``rademacher``.
        seed: Of the draws.
        covariates: Adjusted for, such as ``age + sex``, with the same slopes in every group and period; not with clusters.

    Errors are those of the regression on one indicator for each cell (and the covariates): with ``people`` for unequal variances (HC2); with
    ``site`` and ``cluster`` from the squared sums of scores, times K / (K − 1) for K clusters, and Student's t with
    K − 1 degrees of freedom. With ``site`` only squares leave a site. A bootstrap over sites would need every draw's
    signed total, from which each site's own score follows, so it exists for clusters alone, whose sums are cells of
    enough people like those of any column's levels.

    Reveals: people, sum and squares of the outcome in every group and period, or in every cluster and period with the
        group of each cluster; with ``site``, how many sites each group has, and the squared scores; with covariates, their sums
        by group and period and their products, and those of squared residuals.

    Raises:
        CohortTooSmall: where a cell has too few people, or too few with one of two outcomes; with ``site``, where a group
            has several sites, but fewer than the limits ask, whose squared scores would tell each one's own.
        SingularInformation: where no group can be compared.
        UsageError: where a cluster's people are not all treated from the same period on.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225(2), §2 and §3; MacKinnon & White (1985), Journal of
        Econometrics 29(3), for HC2; Cameron & Miller (2015), Journal of Human Resources 50(2), for clusters.
    """

    outcome: str
    period: str
    treated_from: str
    never: str = ""
    control: str = "never"
    errors: str = "people"
    cluster: str = ""
    draws: int = 999
    weights: str = "webb"
    seed: int = 1
    covariates: str = ""
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "difference_in_differences"
    title: ClassVar[str] = "Difference in differences"
    state_type: ClassVar[type[State]] = DifferencesState

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if the settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        method.measured  # noqa: B018 — both read the dictionary, and say now what does not fit
        method.design  # noqa: B018
        cells = len(method.groups) * (len(method.periods) + len(method.clusters or ()))
        if max(cells, len(method.clusters or ()) * len(method.periods)) > CELLS_MAX:
            raise UsageError(
                f"Groups, clusters and periods make more than {CELLS_MAX:,} cells.",
                remedy="Use longer periods, such as quarters.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = (f.name for f in dataclasses.fields(self) if f.name != "setting")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = tuple(f.name for f in dataclasses.fields(cls) if f.name != "setting")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "outcome"),
            _spec.text(settings, "period"),
            _spec.text(settings, "treated_from"),
            _spec.text(settings, "never", ""),
            _spec.choice(settings, "control", ("never", "not_yet")),
            _spec.choice(settings, "errors", ("people", "site", "cluster")),
            _spec.text(settings, "cluster", ""),
            _spec.whole(settings, "draws", 999, 99, DRAWS_MAX),
            _spec.choice(settings, "weights", ("webb", "rademacher")),
            _spec.whole(settings, "seed", 1, 0, 2**53),
            _spec.text(settings, "covariates", ""),
        )
        if (method.errors == "cluster") is not bool(method.cluster):
            raise UsageError(
                "Errors by cluster need a column of clusters, and only they.",
                remedy="Give errors='cluster' and cluster='hospital', or neither.",
            )
        if method.covariates and method.cluster:
            raise UsageError(
                "Covariates and errors by cluster do not go together.", remedy="Use errors='people' or errors='site'."
            )
        method.columns  # noqa: B018 — parses the outcome and the covariates
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        covariates = parse(f"~ {self.covariates}").columns if self.covariates else ()
        own = (*outcome_columns(self.outcome), self.period, self.treated_from, self.cluster, *covariates)
        return tuple(dict.fromkeys(name for name in own if name))

    @property
    def complete_cases(self) -> bool:
        """Whether a missing value leaves a row out: not where a missing start of treatment means never."""
        return bool(self.never)

    @cached_property
    def measured(self) -> Measured:
        """The outcome over the dictionary."""
        return Measured.of(self.outcome, self.placed.dictionary)

    @cached_property
    def design(self) -> Design | None:
        """The covariates' columns, if there are any."""
        if not self.covariates:
            return None
        return Design.of(parse(f"~ {self.covariates}"), self.placed.dictionary, intercept=False)

    @cached_property
    def periods(self) -> Values:
        """The periods."""
        return Values.of(self.period, self.placed.dictionary)

    @cached_property
    def groups(self) -> FirstTreated:
        """The groups."""
        return FirstTreated.of(self.treated_from, self.never, self.periods, self.placed.dictionary)

    @cached_property
    def clusters(self) -> Values | None:
        """The clusters, if there are any."""
        if not self.cluster:
            return None
        return Values.of(self.cluster, self.placed.dictionary, "clusters", CLUSTERS_MAX)

    @property
    def shape(self) -> tuple[int, int]:
        """Groups or clusters, and periods."""
        return len(self.groups if self.clusters is None else self.clusters), len(self.periods)

    def parameter_count(self) -> int:
        """The covariates' slopes; means of cells, each of enough people, do not count."""
        return 0 if self.design is None else len(self.design)

    def start(self) -> DifferencesState:
        """Nothing known yet."""
        nothing, empty = np.zeros(0), np.zeros((0, 0))
        return DifferencesState("cells", empty, empty, empty, nothing, 0, empty, empty, nothing, nothing)

    def layout(self, state: DifferencesState) -> Layout:
        """Sums by cell; where errors need residuals, then those of their squares, or the sites' squared scores.

        Bounds per row: a squared residual over 1 − leverage, times two covariates about their means; a score's square is
        at most the most that one row adds to it times the most that it can be in all (`Adjustment.site_bound`).
        """
        if state.phase == "errors":
            return self._errors_layout(state)
        cells = self.shape[0] * self.shape[1]
        which = "group" if self.clusters is None else "cluster"
        p, levels = (0, 0) if self.design is None else (len(self.design), len(self.design.groups))
        members = 0 if self.clusters is None else len(self.clusters) * len(self.groups)
        by_site = int(self.errors == "site")
        return filled(
            Block("people", "1", cells, 1.0, f"how many people each {which} has in each period"),
            Block("outcome", "1", cells, SLACK, f"the mean of each {which} in each period"),
            Block("squares", "1", cells, SLACK, f"the variance of each {which} in each period"),
            Block("left out", "1", int(not self.never), 1.0, "how many people lack a value"),
            Block("clusters by group", "1", members, 1.0, "from when on each cluster is treated"),
            Block("levels", "1", levels, 1.0, "how many people each level of the covariates has"),
            Block("covariates", "1", cells * p, SLACK, "their means in each group and period"),
            Block("covariate products", "1", p * (p + 1) // 2, SLACK, "how they go together"),
            Block("covariates with outcome", "1", p, SLACK, "how they go with the outcome"),
            Block("sites by group", "1", by_site * len(self.groups), 1.0, "how many sites have people of each group"),
            Block("sites treated", "1", by_site, 1.0, "how many sites have people of treated groups"),
            Block("sites with rows", "1", by_site, 1.0, "how many sites have anyone"),
        )

    def _errors_layout(self, state: DifferencesState) -> Layout:
        adjustment = state.adjustment
        what = "how precisely the effects are known"
        if self.errors == "site":
            weights = stacked(comparable(state.counts, self.control))
            bound = adjustment.row_bound(weights) * float(adjustment.site_bound(weights).max())
            return (Block("squared scores", "1", len(weights), bound * SLACK, what),)
        cells, p = adjustment.x_means.shape
        size = cells + cells * p + p * (p + 1) // 2
        bound = 4.0 * SLACK * adjustment.residual_bound**2 / (1.0 - LEVERAGE_MAX)
        return (Block("squared residuals", "1", size, bound, what),)

    # ── at a site ────────────────────────────────────────────────────────────────────────────────────────────────────
    def tally(self, batch: Batch, state: DifferencesState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """Sums by cell; later, those of residuals."""
        rows = batch if self.complete_cases else batch.where(batch.complete(self._needed))
        if state.phase == "cells":
            return self._cells(rows, left_out=batch.rows - rows.rows)
        adjustment = state.adjustment
        cells, p = adjustment.x_means.shape
        by_site = self.errors == "site"
        sums = np.zeros(cells + p if by_site else length(self.layout(state)))
        for first in range(0, rows.rows, CHUNK_ROWS):
            part = rows.part(slice(first, min(first + CHUNK_ROWS, rows.rows)))
            place = self.groups(part) * len(self.periods) + self.periods(part)
            x = np.zeros((0, part.rows)) if self.design is None else self.design.matrix(part).T
            u, x = adjustment.residuals(self.measured.scaled(part), x, place)
            found = adjustment.site_sums(u, x, place) if by_site else adjustment.squares(u, x, place)
            sums += found
        return sums

    def _cells(self, rows: Batch, left_out: int) -> Array:
        y, period, group = self.measured.scaled(rows), self.periods(rows), self.groups(rows)
        first, cells = (group if self.clusters is None else self.clusters(rows)), self.shape[0] * self.shape[1]
        place = first * self.shape[1] + period
        parts = [cell_sums(place, y, cells).ravel()]
        if not self.never:
            parts.append(np.array([float(left_out)]))
        if self.clusters is not None:
            size = len(self.clusters) * len(self.groups)
            parts.append(np.bincount(first * len(self.groups) + group, minlength=size).astype(np.float64))
        if self.design is not None:
            x = self.design.matrix(rows).T
            by_cell = [np.bincount(place, weights=row, minlength=cells).astype(np.float64) for row in x]
            parts.append(self.design.group_counts(rows) if rows.rows else np.zeros(len(self.design.groups)))
            parts += [np.stack(by_cell, axis=1).ravel(), upper(x @ x.T), x @ y]
        if self.errors == "site":
            people = np.bincount(group, minlength=len(self.groups)).astype(np.float64)
            parts += [people, np.array([people[1:-1].sum(), people.sum()])]
        return np.concatenate(parts)

    @property
    def _needed(self) -> tuple[str, ...]:
        """The columns in which a missing value leaves a row out."""
        return tuple(name for name in self.columns if self.never or name != self.treated_from)

    def condense(self, partial: Array, state: DifferencesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums; with errors by site, whether it is treated, and later its squared scores."""
        if self.errors != "site":
            return partial, {}
        if state.phase == "cells":
            own = len(partial) - len(self.groups) - 2
            return np.concatenate((partial[:own], partial[own:] > 0.0)), {}
        return state.adjustment.scores(partial, stacked(comparable(state.counts, self.control))) ** 2, {}

    def update(self, total: Array, state: DifferencesState) -> DifferencesState | Result:
        """The effects; where errors need residuals after one more round."""
        check_length(total, length(self.layout(state)))
        return after_errors(total, state, self) if state.phase == "errors" else after_cells(total, state, self)
