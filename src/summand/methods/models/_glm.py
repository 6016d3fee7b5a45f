"""Generalized linear models by maximum likelihood: Newton's method on summed scores and information."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._own_intercept import INTERCEPT_MAX, OwnIntercept
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods._sandwich import BY_PERSON, ERRORS, Ending, check_persons
from summand.methods._sandwich import MODEL as MODEL_ERRORS
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.models import _glm_condense, _glm_layout, _glm_tally, _glm_update
from summand.methods.models._glm_binomial import CLogLog, Logit, Probit
from summand.methods.models._glm_columns import GlmOutcome, Offset, check_name
from summand.methods.models._glm_counts import NegativeBinomial, Poisson
from summand.methods.models._glm_family import Family, Gaussian
from summand.methods.models._glm_positive import Gamma, InverseGamma
from summand.methods.models._glm_state import MODEL, NULL, SURVEY, GlmState
from summand.methods.models._weights import Weights
from summand.tables import Array, Batch

FAMILIES: Mapping[str, Mapping[str, type[Family]]] = {
    "gaussian": {"identity": Gaussian},
    "binomial": {"logit": Logit, "probit": Probit, "cloglog": CLogLog},
    "poisson": {"log": Poisson},
    "negative_binomial": {"log": NegativeBinomial},
    "gamma": {"log": Gamma, "inverse": InverseGamma},
}
"""Families and their links, the default first."""


@dataclass(frozen=True)
class GeneralizedLinearModel(Regression):
    """A generalized linear model, equal to the pooled maximum-likelihood fit.

    With linear predictor ``eta = x @ beta + offset`` and mean ``mu`` its inverse link, rounds are: one that counts; a
    few Newton steps on log-likelihood, score and observed information; and one at the maximum, which sums what the
    result tells of the fit. Standard errors are from the expected information; with gaussian and gamma they are scaled by
    Pearson's dispersion and go with Student's t.

    Args:
        formula: Such as ``visits ~ age + C(arm)``; a binomial outcome is as in logistic regression.
        site: ``pooled``: one intercept for all; ``fixed``: one for each site, eliminated there and never sent.
        family: ``gaussian``, ``binomial``, ``poisson``, ``negative_binomial`` or ``gamma``.
        link: ``logit``, ``probit`` or ``cloglog`` for binomial, ``log`` or ``inverse`` for gamma; "" for the first.
        offset: A column, or ``log(column)`` as for time at risk, whose coefficient is 1; "" for none.
        weights: A column of prior weights, at least 0: a row's log-likelihood, score and information count so many
            times, so that its outcome's variance is ``dispersion * V(mu) / weight``; rows of weight 0 are not in the
            model. "" for none.
        overdispersion: Of the negative binomial, a in ``mu + a mu²``; None to estimate it by maximum likelihood.
        null: A formula within this one, such as ``~ age``, to be compared with; "" for the intercept alone.
        errors: ``model``: standard errors from the expected information; ``HC0`` or ``HC1``: a sandwich of squared
            scores, ``cluster-site`` or ``cluster-person``: of squared sums of scores by site or by person. Sandwiches
            are about the observed information, and only Wald tests go with them.

    Reveals: in the first round people, events, how many people each level has, and the outcome's mean; per round
        log-likelihood, score and information over all sites; at the end deviance and Pearson's statistic. With
        ``fixed``, how many sites have rows, and how many an outcome that does not vary. With a sandwich, squares of scores
        summed over rows, persons or sites, and how many persons or sites there are.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a class or level has fewer people than the limits ask, or effectively so
            by the weights.

    Source: McCullagh & Nelder (1989), Generalized Linear Models, ch. 2-8; Lawless (1987), Can. J. Statist. 15(3).
    """

    family: str = "gaussian"
    link: str = ""
    offset: str = ""
    weights: str = ""
    overdispersion: float | None = None
    null: str = ""
    errors: str = MODEL_ERRORS
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "glm"
    title: ClassVar[str] = "Generalized linear model"
    state_type: ClassVar[type[State]] = GlmState
    complete_cases: ClassVar[bool] = True

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        own = ("family", "link", "offset", "weights", "overdispersion", "null", "errors")
        return {**super().to_spec(), **{name: getattr(self, name) for name in own}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        own = ("formula", "site", "family", "link", "offset", "weights", "overdispersion", "null", "errors")
        settings = _spec.fields(spec, cls.name, own)
        family = _spec.choice(settings, "family", tuple(FAMILIES))
        link = _spec.text(settings, "link", "")
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "site", cls.sites),
            family=family,
            link=_spec.choice({"link": link}, "link", tuple(FAMILIES[family])) if link else "",
            offset=_spec.text(settings, "offset", ""),
            weights=_spec.text(settings, "weights", ""),
            overdispersion=_spec.positive(settings, "overdispersion"),
            null=_spec.text(settings, "null", ""),
            errors=_spec.choice(settings, "errors", ERRORS),
        )
        check_name(method.offset, "offset")
        check_name(method.weights, "column of weights")
        method.parsed  # noqa: B018 — both parse, and say now what does not
        method.parsed_null  # noqa: B018
        return method

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        method = dataclasses.replace(self, setting=setting)
        method._check_settings()
        method.outcome, method.offset_column, method.weight_column  # noqa: B018 — say now what does not fit
        method.null_places  # noqa: B018
        return method

    def _check_settings(self) -> None:
        check_persons(self.errors, self.placed)
        if self.overdispersion is not None and self.family != "negative_binomial":
            raise FormulaInvalid(
                "Only the negative binomial family has an overdispersion.", remedy="Leave overdispersion out."
            )
        if self.family_type is InverseGamma and (self.site == "fixed" or self.offset or not self.parsed.intercept):
            raise FormulaInvalid(
                "The inverse link takes one intercept for all and no offset: else a mean may not be positive.",
                remedy="Use the log link.",
            )

    # ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def family_type(self) -> type[Family]:
        """The family with its link."""
        return FAMILIES[self.family][self.link or self.default_link]

    @property
    def default_link(self) -> str:
        """The link that is used where none is named."""
        return next(iter(FAMILIES[self.family]))

    @property
    def fixed(self) -> bool:
        """Whether each site has its own intercept."""
        return self.site == "fixed"

    @property
    def joint(self) -> bool:
        """Whether the overdispersion is estimated with the coefficients, as its logarithm."""
        return self.family == "negative_binomial" and self.overdispersion is None

    @property
    def by_person(self) -> bool:
        """Whether it asks whose row each is."""
        return self.errors == BY_PERSON

    @property
    def sums_observed(self) -> bool:
        """Whether the observed information is summed at the end, beside the expected one."""
        return self.joint or (self.errors != MODEL_ERRORS and not self.family_type.canonical)

    @cached_property
    def outcome(self) -> GlmOutcome:
        """The outcome."""
        centred = self.parsed.intercept or self.fixed
        return GlmOutcome.of(self.parsed, self.placed.dictionary, self.family_type, centred=centred)

    def family_at(self, state: GlmState) -> Family:
        """The family, with the overdispersion that belongs to a state."""
        if self.family_type is not NegativeBinomial:
            return self.family_type(self.outcome.unit)
        given = self.overdispersion
        alpha = given if given is not None else float(np.exp(state.beta[-1])) if len(state.beta) else 1.0
        return NegativeBinomial(self.outcome.unit, alpha)

    @cached_property
    def offset_column(self) -> Offset:
        """The known part of the linear predictor."""
        return Offset.of(self.offset, self.placed.dictionary, self.family_type(self.outcome.unit))

    @cached_property
    def weight_column(self) -> Weights:
        """The prior weights."""
        return Weights.of(self.weights, self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        offset = self.offset.strip().removeprefix("log(").removesuffix(")").strip().strip("`")
        return tuple(dict.fromkeys((*self.parsed.columns, *((offset,) if offset else ()), *self._weight_names)))

    @property
    def _weight_names(self) -> tuple[str, ...]:
        return (self.weights,) if self.weights else ()

    # ── the null model ───────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def parsed_null(self) -> Formula:
        """The null model's formula: its right side, with the model's outcome."""
        if not self.null:
            return Formula(self.parsed.outcome, (), self.parsed.intercept)
        return parse(self.null)

    @cached_property
    def null_design(self) -> Design:
        """The null model's design."""
        return Design.of(self.parsed_null, self.placed.dictionary, intercept=not self.fixed)

    @cached_property
    def null_places(self) -> tuple[int, ...]:
        """Where the null model's columns are among the model's.

        Raises:
            FormulaInvalid: if they are not all there.
        """
        null, model = self.null_design, self.design
        missing = [term for term in null.terms if term not in model.terms]
        scales_differ = any(model.scales[name] != scale for name, scale in null.scales.items() if not missing)
        if missing or scales_differ or len(null) == len(model) != 0:
            what = f"'{missing[0]}' is not in the formula" if missing else "it is not a part of the formula"
            if self.null:
                raise FormulaInvalid(
                    f"The null formula cannot be compared with: {what}.",
                    remedy="Leave terms of the formula out, the higher ones first, and the intercept where it is.",
                )
        return tuple(model.terms.index(term) for term in null.terms)

    @property
    def fits_null(self) -> bool:
        """Whether the null model must be fitted: an intercept alone mostly is where the first round says."""
        has_constant = self.parsed.intercept or self.fixed
        return bool(self.null) or self.joint or (has_constant and not self.starts_at_null)

    @property
    def starts_at_null(self) -> bool:
        """Whether the start is the maximum of an intercept alone: a mean, or events per time at risk."""
        return not self.offset or self.family in ("poisson", "gaussian")

    def design_at(self, phase: str) -> Design:
        """The design of a phase."""
        return self.null_design if phase == NULL else self.design

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def parameter_count(self) -> int:
        """How many parameters it estimates; with ``fixed``, one more for each site."""
        return super().parameter_count() + self.joint

    def start(self) -> GlmState:
        """Nothing known yet."""
        none = np.zeros(0)
        return GlmState(0, none, none, 1.0, 0.0, 0.0, 0, 0, SURVEY, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)

    def layout(self, state: GlmState) -> Layout:
        """Counts; then log-likelihood, score and information; then what is told of the fit."""
        return _glm_layout.layout(self, state)

    def tally(self, batch: Batch, state: GlmState, local: Local) -> Array | Ending:
        """Sums of one batch of complete rows, the site's own intercept first."""
        alpha = self.own_intercept(state, local) if self.fixed and state.phase != SURVEY else None
        return _glm_tally.tally(self, batch, state, alpha, local)

    def condense(self, partial: Array | Ending, state: GlmState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercept is eliminated."""
        return _glm_condense.condense(self, partial, state, local)

    def update(self, total: Array, state: GlmState) -> GlmState | Result:
        """The start, one Newton step, half of one, the round at the maximum, or the result."""
        check_length(total, length(self.layout(state)))
        return _glm_update.update(self, total, state)

    # ── the site's own intercept ─────────────────────────────────────────────────────────────────────────────────────
    def own(self, state: GlmState, local: Local) -> OwnIntercept:
        """The site's own intercept; the null model's last step is over its own parameters."""
        if not local["varies"][0]:
            return OwnIntercept(0.0, 0.0)
        from_null = state.phase == MODEL and state.round == 0 and self.fits_null
        return OwnIntercept.at(state, local, state.step[list(self.places)] if from_null else None)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the null model's parameters are among the model's, the overdispersion included."""
        return (*self.null_places, *((len(self.design),) if self.joint else ()))

    def own_most(self, state: GlmState) -> float:
        """The largest intercept of a site: beyond it means are 0 or out of range whatever the covariates."""
        p = len(self.design_at(state.phase))
        return INTERCEPT_MAX + self.offset_column.most + float(np.abs(state.beta[:p]).sum())

    def own_intercept(self, state: GlmState, local: Local) -> float:
        """Where the site evaluates."""
        return self.own(state, local).value(state.step_size, self.own_most(state))

    def eta_most(self, state: GlmState) -> float:
        """The largest linear predictor, in absolute value."""
        p = len(self.design_at(state.phase))
        most = float(np.abs(state.beta[:p]).sum()) + self.offset_column.most
        return most + (self.own_most(state) if self.fixed else 0.0)
