"""Cox's proportional hazards model over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np

from summand.errors import FormulaInvalid, OwnProtocolError
from summand.methods._cox_result import cox_values
from summand.methods._cox_step import CoxState, Fit, ascend
from summand.methods._cox_strata import REACH_MAX, strata_condense, strata_layout, strata_tally
from summand.methods._cox_survey import Survey, survey_layout, survey_tally, survey_update
from summand.methods._design import Design
from summand.methods._follow_up import FollowUp
from summand.methods._formula import parse
from summand.methods._formula_tree import Formula
from summand.methods._partial_likelihood import Moments
from summand.methods._protocol import Layout, Local, Result, Setting
from summand.methods._spec import choice, fields, text
from summand.tables import Array, Batch


@dataclass(frozen=True)
class CoxRegression:
    """Hazard ratios by Cox's partial likelihood.

    A person's hazard is the baseline hazard times exp(x @ beta); the partial likelihood compares, at every event, the
    one who has it with all at risk.

    With ``site="strata"`` every site has its own baseline hazard and its own risk sets. The numbers that leave a site
    are its people, events, sums of covariates and sizes of groups once, then per round the log-likelihood, the score
    and the information: no time, and no grid, leaves. With ``site="pooled"`` one baseline hazard is shared: sums over
    those at risk at each event time are added over all sites.

    Attributes:
        formula: ``Surv(time, status) ~ age + C(sex)``.
        ties: How tied events enter: ``"efron"`` or ``"breslow"``.
        site: ``"strata"`` or ``"pooled"``.
        setting: The study's setting; None before `under`.

    Source: Cox (1972), JRSS B 34(2); Efron (1977), JASA 72(359); Breslow (1974), Biometrics 30(1); over sites: Lu et
    al. (2015), WebDISCO, JAMIA 22(6).

    Examples:
        >>> CoxRegression("Surv(time, status) ~ age + sex").to_spec()["ties"]
        'efron'
    """

    name: ClassVar[str] = "cox"
    state_type: ClassVar[type[CoxState]] = CoxState

    formula: str
    ties: Literal["efron", "breslow"] = "efron"
    site: Literal["strata", "pooled"] = "strata"
    setting: Setting | None = None

    def under(self, setting: Setting) -> Self:
        """This regression in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
        """
        placed = dataclasses.replace(self, setting=setting)
        if not placed._design.terms:
            raise FormulaInvalid(
                "A Cox regression needs at least one covariate.",
                remedy="Add one, or use a Kaplan-Meier curve for survival without covariates.",
            )
        _ = placed._follow_up
        return placed

    def to_spec(self) -> dict[str, Any]:
        """The method as a request holds it."""
        return {"name": self.name, "formula": self.formula, "ties": self.ties, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if a field is unknown, missing or malformed.
        """
        settings = fields(spec, cls.name, ("formula", "ties", "site"))
        ties = choice(settings, "ties", ("efron", "breslow"))
        site = choice(settings, "site", ("strata", "pooled"))
        return cls(text(settings, "formula"), ties, site)  # type: ignore[arg-type]  # choice gives one of the literals

    @cached_property
    def _formula(self) -> Formula:
        return parse(self.formula)

    @property
    def _placed(self) -> Setting:
        if self.setting is None:
            raise OwnProtocolError("A method was used outside a study.", remedy="Call under(setting) first.")
        return self.setting

    @cached_property
    def _design(self) -> Design:
        return Design.of(self._formula, self._placed.dictionary, intercept=False)

    @cached_property
    def _follow_up(self) -> FollowUp:
        return FollowUp.of(self._formula, self._placed.dictionary)

    @property
    def _efron(self) -> bool:
        return self.ties == "efron"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self._formula.columns

    @property
    def complete_cases(self) -> bool:
        """Rows with a missing value are left out."""
        return True

    def parameter_count(self) -> int:
        """The number of coefficients; baseline hazards are not counted."""
        return len(self._design)

    def start(self) -> CoxState:
        """The state before any sum."""
        p = len(self._design)
        zeros, none = np.zeros(p), np.zeros(0)
        return CoxState("survey", 0, 0, 0, zeros, zeros, zeros, 0.0, 0.0, 0.0, none, none)

    def layout(self, state: CoxState) -> Layout:
        """What a site will contribute at ``state``."""
        if state.phase == "survey":
            return survey_layout(self._design)
        return strata_layout(state, self._placed.rows_max)

    def tally(self, batch: Batch, state: CoxState, local: Local) -> Survey | Array:
        """One batch of rows -> a partial that adds."""
        times, events = self._follow_up.read(batch)
        if state.phase == "survey":
            return survey_tally(self._design, batch, times, events)
        x = self._design.matrix(batch) - state.centre
        return strata_tally(x, times, events, state, local, self._efron)

    def condense(self, partial: Any, state: CoxState, local: Local) -> tuple[Array, Local]:
        """The site's partial -> its summand and its local memory: its own event times."""
        if state.phase == "survey":
            kept = {"event_times": partial.events.times, "event_counts": partial.events.sums[:, 0]}
            return partial.sums, kept
        return strata_condense(partial, local, len(self._design), self._efron), local

    def update(self, total: Array, state: CoxState) -> CoxState | Result:
        """The sum over the sites -> the next state, or the result.

        Raises:
            OutcomeConstant, SingularInformation, Separation, NotConverged: with a diagnosis and advice.
            CohortTooSmall: if a group that the model describes is below the limit.
        """
        if state.phase == "survey":
            return survey_update(total, state, self._design, self._placed.limits)
        p = len(self._design)
        moments = Moments(float(total[0]), total[1 : 1 + p], total[1 + p :])
        step = ascend(moments, state, self._design, REACH_MAX)
        if not isinstance(step, Fit):
            return step
        values = {"ties": self.ties, "site": self.site, **cox_values(step, state, self._design)}
        return Result(self.name, values)
