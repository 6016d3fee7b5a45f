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
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes._differences_update import DifferencesState, after_cells, after_sites, comparable
from summand.methods.causes._group_times import Combination
from summand.methods.causes._measured import Measured, outcome_columns
from summand.methods.causes._periods import FirstTreated, Values, cell_sums
from summand.tables import Array, Batch

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

    Errors are those of the regression on one indicator for each cell: with ``people`` for unequal variances (HC2); with
    ``site`` and ``cluster`` from the squared sums of scores, times K / (K − 1) for K clusters, and Student's t with
    K − 1 degrees of freedom. With ``site`` only squares leave a site. A bootstrap over sites would need every draw's
    signed total, from which each site's own score follows, so it exists for clusters alone, whose sums are cells of
    enough people like those of any column's levels.

    Reveals: people, sum and squares of the outcome in every group and period, or in every cluster and period with the
        group of each cluster; with ``site``, how many sites have treated people, and the squared scores.

    Raises:
        CohortTooSmall: where a cell has too few people.
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
        method.measured  # noqa: B018 — all read the dictionary, and say now what does not fit
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
        )
        if (method.errors == "cluster") is not bool(method.cluster):
            raise UsageError(
                "Errors by cluster need a column of clusters, and only they.",
                remedy="Give errors='cluster' and cluster='hospital', or neither.",
            )
        method.columns  # noqa: B018 — parses the outcome
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        own = (*outcome_columns(self.outcome), self.period, self.treated_from, self.cluster)
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
        """None: means of cells, each of enough people."""
        return 0

    def start(self) -> DifferencesState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return DifferencesState("cells", nothing.reshape(0, 0), nothing.reshape(0, 0), nothing.reshape(0, 0), nothing)

    def layout(self, state: DifferencesState) -> Layout:
        """Sums by cell; with errors by site, then the sites' squared scores.

        Bounds per row: a score adds at most ``2 max_c |L_c| / n_c``, and is never more than ``2 Σ_c |L_c|`` in all,
        since a site has at most the n people of a cell: so its square is at most the product of both.
        """
        if state.phase == "sites":
            effects = comparable(state.counts, self.control)
            bound = max(self._row_bound(effect, state) * self._site_bound(effect) for effect in effects)
            return (Block("squared scores", "1", len(effects), bound * SLACK, "how precisely the effects are known"),)
        cells = self.shape[0] * self.shape[1]
        which = "group" if self.clusters is None else "cluster"
        blocks = [
            Block("people", "1", cells, 1.0, f"how many people each {which} has in each period"),
            Block("outcome", "1", cells, SLACK, f"the mean of each {which} in each period"),
            Block("squares", "1", cells, SLACK, f"the variance of each {which} in each period"),
        ]
        if self.clusters is not None:
            size = len(self.clusters) * len(self.groups)
            blocks.append(Block("clusters by group", "1", size, 1.0, "from when on each cluster is treated"))
        if self.errors == "site":
            blocks.append(Block("sites treated", "1", 1, 1.0, "how many sites have people of treated groups"))
            blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone"))
        return tuple(blocks)

    @staticmethod
    def _row_bound(effect: Combination, state: DifferencesState) -> float:
        return 2.0 * float((np.abs(effect.weights) / np.maximum(state.counts, 1.0)).max())

    @staticmethod
    def _site_bound(effect: Combination) -> float:
        return 2.0 * float(np.abs(effect.weights).sum())

    def tally(self, batch: Batch, state: DifferencesState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """Sums by cell; later, residuals by cell."""
        rows = batch if self.complete_cases else batch.where(batch.complete(self._needed))
        y, period, group = self.measured.scaled(rows), self.periods(rows), self.groups(rows)
        first, cells = (group if self.clusters is None else self.clusters(rows)), self.shape[0] * self.shape[1]
        place = first * self.shape[1] + period
        if state.phase == "sites":
            means = (state.sums / np.maximum(state.counts, 1.0)).ravel()
            return np.bincount(place, weights=y - means[place], minlength=cells).astype(np.float64)
        parts = [cell_sums(place, y, cells).ravel()]
        if self.clusters is not None:
            size = len(self.clusters) * len(self.groups)
            parts.append(np.bincount(first * len(self.groups) + group, minlength=size).astype(np.float64))
        if self.errors == "site":
            treated = (group > 0) & (group < len(self.periods))
            parts.append(np.array([float(np.count_nonzero(treated)), float(rows.rows)]))
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
            return np.concatenate((partial[:-2], partial[-2:] > 0.0)), {}
        effects = comparable(state.counts, self.control)
        means = partial / np.maximum(state.counts, 1.0).ravel()
        scores = np.array([effect.weights.ravel() @ means for effect in effects])
        most = np.array([self._site_bound(effect) for effect in effects])
        return np.clip(scores, -most, most) ** 2, {}

    def update(self, total: Array, state: DifferencesState) -> DifferencesState | Result:
        """The effects; with errors by site after one more round."""
        check_length(total, length(self.layout(state)))
        return after_sites(total, state, self) if state.phase == "sites" else after_cells(total, state, self)
