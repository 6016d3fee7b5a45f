"""Mixed models: a random intercept for each site, or for each group within sites, as a sum of marginal likelihoods."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.formulas._outcome import Indicator
from summand.methods.models._glm import GeneralizedLinearModel
from summand.methods.models._glm_columns import check_name
from summand.methods.models._linear import LinearRegression
from summand.methods.models._linear_update import LinearState
from summand.methods.models._logistic import LogisticRegression
from summand.methods.models._mixed_family import Binomial, Family, Poisson
from summand.methods.models._mixed_groups import ByGroup, Grouping
from summand.methods.models._mixed_joint import joint_condense, joint_layout, joint_tally
from summand.methods.models._mixed_joint_update import Fit, advance
from summand.methods.models._mixed_linear import Moments, site_sums, sums_at, tally_residuals
from summand.methods.models._mixed_linear_update import first_ratio, log_likelihood, next_ratio, probe, profile
from summand.methods.models._mixed_result import NOTHING, head_values, joint_values, linear_values, scaled
from summand.methods.models._mixed_state import MixedState
from summand.tables import Array, Batch, Count

FAMILIES = ("gaussian", "binomial", "poisson")
ESTIMATORS = ("reml", "ml")
NODES, NODES_MAX = 7, 25
SETTINGS = ("formula", "family", "group", "estimator", "nodes", "offset")
Plain = LinearRegression | LogisticRegression | GeneralizedLinearModel


@dataclass(frozen=True)
class MixedModel(Placed):
    """A regression in which every group of people has an intercept of its own, drawn from a normal distribution.

    Groups are the sites, or groups within sites: wards, practices, or people measured several times (under limits a study
    takes one row for each person). For a linear model the
    variance ratio between and within groups is found by Newton's method on the likelihood, in which coefficients and σ²
    are profiled out; each round sums the condensed cross-products at one ratio. For logistic and Poisson models a site adds
    the marginal log-likelihoods of its groups by adaptive Gauss-Hermite quadrature, with exact first and second
    derivatives, and the groups' own intercepts are found along with the coefficients and never leave.

    Args:
        formula: Such as ``pressure ~ age + sex``.
        family: ``gaussian``, ``binomial`` (logit) or ``poisson`` (log).
        group: A column whose values tell the groups of a site apart; "" if each site is one group. A group lies within
            one site: the same value at two sites means two groups.
        estimator: For gaussian: ``reml`` or ``ml``.
        nodes: For others: quadrature nodes, 1 (Laplace's approximation) to 25.
        offset: For poisson: a column, or ``log(column)`` as for time at risk, whose coefficient is 1; "" for none.

    Reveals: what the model without random effect reveals; how many groups there are; then per round, for gaussian the
        cross-products of columns and residuals about the groups' means, weighted by their sizes, and for others
        log-likelihood, score and information, all over all sites. With one group a site, a linear model's sums are of
        so few numbers a site that under limits their count is bounded: the study ends with that reason where a site
        could work out the others' sizes and means from them.

    Raises:
        SingularInformation, OutcomeConstant, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where groups, sites, classes or levels are fewer than the limits ask.

    Source: Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, ch. 2; Pinheiro & Bates (1995), J. Comput.
        Graph. Stat. 4(1), 12-35; federated: Luo et al. (2022), DLMM, Nature Communications 13, 1678.
    """

    formula: str
    family: str = "gaussian"
    group: str = ""
    estimator: str = "reml"
    nodes: int = NODES
    offset: str = ""
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "mixed"
    title: ClassVar[str] = "Mixed model"
    state_type: ClassVar[type[State]] = MixedState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _check(self)
        method = dataclasses.replace(self, setting=setting)
        method.plain  # noqa: B018 — parses against the dictionary, and says now what does not fit
        if self.group and setting.dictionary[self.group].kind == "text":
            raise FormulaInvalid(
                f"The column '{self.group}' is text and is never analysed.",
                remedy="Number the groups in an integer column, or give the column levels.",
            )
        if not len(method.design):
            raise FormulaInvalid("The model has no term.", remedy="Write it like: pressure ~ 1.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {name: getattr(self, name) for name in ("name", *SETTINGS)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, SETTINGS)
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "family", FAMILIES),
            _spec.text(settings, "group", ""),
            _spec.choice(settings, "estimator", ESTIMATORS),
            _spec.whole(settings, "nodes", NODES, 1, NODES_MAX),
            _spec.text(settings, "offset", ""),
        )
        _check(method)
        method.parsed  # noqa: B018
        return method

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def plain(self) -> Plain:
        """The model without random effect."""
        if self.family == "poisson":
            return GeneralizedLinearModel(self.formula, family="poisson", offset=self.offset).under(self.placed)
        kind = LinearRegression if self.family == "gaussian" else LogisticRegression
        return kind(self.formula).under(self.placed)

    @cached_property
    def outcome(self) -> Family:
        """The family of a generalized model."""
        if isinstance(self.plain, GeneralizedLinearModel):
            return Poisson.of(self.parsed, self.placed.dictionary, self.plain.offset_column)
        return Binomial(Indicator.of(self.parsed, self.placed.dictionary))

    @property
    def design(self) -> Design:
        """The design of the right side."""
        return self.plain.design

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        own = self.parsed.columns
        if self.offset:
            own = GeneralizedLinearModel(self.formula, family="poisson", offset=self.offset).columns
        return tuple(dict.fromkeys((*own, *((self.group,) if self.group else ()))))

    @property
    def _grouping(self) -> Grouping:
        return Grouping(self.group)

    @property
    def _is_linear(self) -> bool:
        return self.family == "gaussian"

    def parameter_count(self) -> int:
        """Coefficients and the standard deviation between groups."""
        return len(self.design) + 1

    def start(self) -> MixedState:
        """Nothing known yet."""
        return MixedState.first(self.plain.start())

    def _plain_state(self, state: MixedState) -> Any:
        return self.plain.state_type.from_json(dict(state.plain))

    def layout(self, state: MixedState) -> Layout:
        """What the model without random effect sums, then the sums of the mixed model."""
        p = len(self.design)
        if state.stage == "plain":
            groups = (Block("random groups", "1", 1, 1.0, "how many groups have an intercept of their own"),)
            return (*self.plain.layout(self._plain_state(state)), *(groups if state.round == 0 else ()))
        if self._is_linear:
            return sums_at(state.ratio, p, self._plain_state(state))
        return joint_layout(state, p, self.outcome)

    def tally(self, batch: Batch, state: MixedState, local: Local) -> ByGroup:
        """One batch: for the plain model, then sums by group."""
        if state.stage == "plain":
            head = np.asarray(self.plain.tally(batch, self._plain_state(state), {}))
            keys = self._grouping.order(batch)[0] if state.round == 0 else np.zeros(0)
            return ByGroup(head, keys, np.zeros((len(keys), 1)))
        if not self._is_linear:
            return joint_tally(batch, state, local, self.design, self._grouping, self.outcome, self.nodes)
        return tally_residuals(self.plain, self._grouping, batch, self._plain_state(state))  # type: ignore[arg-type]

    def condense(self, partial: ByGroup, state: MixedState, local: Local) -> tuple[Array, Local]:
        """The site's groups eliminated: they stay in its memory."""
        if state.stage == "plain":
            head, _ = self.plain.condense(partial.head, self._plain_state(state), {})
            groups = [float(len(partial.keys))] if state.round == 0 else []
            return np.concatenate([head, groups]), {}
        if not self._is_linear:
            p, rows_max = len(self.design), self.placed.rows_max
            return joint_condense(partial, state, local, p, self.outcome, self.nodes, rows_max)
        return site_sums(partial, state.ratio, self.placed.rows_max), {}

    def update(self, total: Array, state: MixedState) -> MixedState | Result:
        """One step of the plain model, then of the mixed one, or the result."""
        check_length(total, length(self.layout(state)))
        if state.stage == "plain":
            return self._after_plain(total, state)
        return self._after_search(total, state) if self._is_linear else self._after_joint(total, state)

    def _after_plain(self, total: Array, state: MixedState) -> MixedState:
        if state.round == 0:
            state = replace(state, groups=round(float(total[-1])))
            total = total[:-1]
            self._check_groups(state.groups)
        following: Any = self.plain.update(total, self._plain_state(state))
        if isinstance(following, LinearState):
            return self._opening(replace(state, stage="search", plain=following.to_json(), round=0, n=following.n))
        if isinstance(following, State):
            return replace(state, plain=following.to_json(), round=state.round + 1)
        values = following.values
        theta = np.append(scaled(self.design, values["terms"]), 0.0)
        return replace(
            state, stage="joint", plain={}, round=0, n=_people(values["n"]), events=_people(values.get("events")),
            accepted=theta, step=np.zeros_like(theta),
        )  # fmt: skip

    def _check_groups(self, groups: int) -> None:
        limits = self.placed.limits
        least = max(limits.minimum_cell if self.group else limits.minimum_sites, 1)
        if groups < least:
            raise CohortTooSmall(
                f"Fewer than {least} groups have people.",
                remedy="Choose other groups, or a model without random effect.",
                clause="D.min_cell",
            )
        if groups < 2:
            raise SingularInformation(
                "There is only one group, so nothing tells how groups differ.",
                remedy="Ask more sites, name a column of groups within sites, or leave the random effect out.",
            )

    def _opening(self, state: MixedState) -> MixedState:
        """The state once its sums are known not to give single sites' sizes and means away.

        Of each site they are a function of its size and of its mean columns and residual: a column less than p + 2
        numbers, as an intercept's mean is known. As many sums as those of the other sites would be equations enough.

        Raises:
            CohortTooSmall: if there would be as many.
        """
        opened = state.opened + length(self.layout(state))
        is_judged = self.placed.limits.minimum_sites > 1 and not self.group and self.placed.site_count > 1
        if is_judged and opened >= (state.groups - 1) * (len(self.design) + 1):
            raise CohortTooSmall(
                f"With {state.groups} sites as groups, the sums asked for would let one site work out the sizes and "
                "means of the others.",
                remedy="Use fixed intercepts (linear, site='fixed'), which open such sums once, or groups within sites.",
                clause="D.disclosure",
            )
        return replace(state, opened=opened)

    def _after_search(self, total: Array, state: MixedState) -> MixedState | Result:
        p, rows_max, restricted = len(self.design), self.placed.rows_max, self.estimator == "reml"
        moments, plain = Moments.of(total, p), self._plain_state(state)
        found = profile(moments, state.ratio, state.n, self.design, rows_max, restricted=restricted)
        scale = self.plain.outcome_scale  # type: ignore[union-attr]
        value = log_likelihood(found, self.design, scale[1], restricted=restricted)
        proposed: float | None
        if state.round == 0:
            state = replace(state, null=value)
        if state.round == 0 and found.slope < 0.0:
            proposed = first_ratio(found, moments, state.n, rows_max)
        else:
            falls = state.round == 0 or state.probes
            state, proposed = probe(found, value, state) if falls else next_ratio(found, state)
        if proposed is not None:
            return self._opening(replace(state, round=state.round + 1, ratio=proposed))
        values = linear_values(
            found, plain.beta + found.correction, state.null, self.design, scale, restricted=restricted
        )
        own = {"family": self.family, "estimator": self.estimator}
        warnings = (NOTHING,) if found.ratio == 0.0 else ()
        return Result(self.name, {**values, **head_values(state, self.group), **own}, warnings)

    def _after_joint(self, total: Array, state: MixedState) -> MixedState | Result:
        following = advance(total, state, len(self.design), self.placed.rows_max * self.outcome.factor)
        if not isinstance(following, Fit):
            return following
        values = joint_values(following, self.design, self.outcome.ratio)
        own: dict[str, Any] = {"family": self.family, "nodes": self.nodes}
        if state.events:
            own["events"] = Count(state.events)
        warnings = (NOTHING,) if following.theta[-1] == 0.0 else ()
        return Result(self.name, {**values, **head_values(following.state, self.group), **own}, warnings)


def _check(method: MixedModel) -> None:
    settings = {"family": method.family, "estimator": method.estimator, "nodes": method.nodes}
    _spec.choice(settings, "family", FAMILIES)
    _spec.choice(settings, "estimator", ESTIMATORS)
    _spec.whole(settings, "nodes", NODES, 1, NODES_MAX)
    check_name(method.offset, "offset")
    if method.offset and method.family != "poisson":
        raise FormulaInvalid("Only a Poisson model has an offset.", remedy="Leave the offset out.")


def _people(count: Any) -> int:
    return count.people if isinstance(count, Count) else 0
