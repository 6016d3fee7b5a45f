"""Meta-analysis: each site keeps its own estimate, and what is added is powers of its weight times its estimate."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._groups import check_classes
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.across._meta_arms import EVENTS, MEANS, Arms, Effect
from summand.methods.across._meta_model import DONE, MODELS, NONE, RUNNING, OwnModel
from summand.methods.across._meta_result import SPARSE, group_values, pooled_values, row
from summand.methods.across._meta_state import MetaState
from summand.methods.across._meta_sums import LOG_WEIGHT_MAX, Moments, site_sums, sums_layout
from summand.methods.across._meta_update import Pooled, Pooling, after_estimates, after_fixed, after_search
from summand.methods.formulas._formula import Formula, parse
from summand.tables import Array, Batch, Count

MEASURES = {**EVENTS, **MEANS, **MODELS}
RANDOM = ("reml", "dl")
INTERVALS = ("normal", "hartung_knapp")
TAU2_INTERVALS = ("none", "q_profile")


@dataclass(frozen=True, eq=False)
class OwnPartial:
    """A partial of a site's own model: its rows, and the model's partial while its fit goes on."""

    rows: float
    inner: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OwnPartial) or self.rows != other.rows:
            return False
        both = (self.inner, other.inner)
        return bool(np.array_equal(*both) if isinstance(self.inner, np.ndarray) else both[0] == both[1])

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def __add__(self, other: OwnPartial) -> OwnPartial:
        return OwnPartial(self.rows + other.rows, None if self.inner is None else self.inner + other.inner)


@dataclass(frozen=True)
class MetaAnalysis(Placed):
    """Sites' own estimates pooled: fixed effect, random effects, the variance between sites, a prediction interval.

    Each site finds its estimate θ and its variance v and keeps both. With weights ``w = 1 / (v + τ²)`` at a broadcast
    τ², what is added over sites is w, wθ, wθ² and, to find τ², the same times w and w²: from these come both pooled
    estimates, Cochran's Q, DerSimonian and Laird's τ² and every Newton step of the restricted likelihood (REML).
    A site whose estimate does not exist (an empty group, one outcome class, a level that nobody has, a fit that
    separates) adds nothing and is counted.

    Args:
        formula: ``outcome ~ group`` for a comparison of two groups, or a model's formula.
        measure: ``odds_ratio``, ``risk_ratio``, ``risk_difference`` (of a two-valued outcome), ``mean_difference``,
            ``standardised_mean_difference`` (of a numeric one), or a model that each site fits by itself: ``linear``,
            ``logistic``, ``cox``. Ratios are pooled as logarithms.
        term: For a model: whose coefficient; the first one if empty.
        random: The estimator of τ²: ``reml`` or ``dl``.
        interval: Of the random effects: ``normal``, or ``hartung_knapp`` (Student's t, with the spread of the sites).
        tau2_interval: ``q_profile`` for an interval of τ², else ``none``.

    Reveals: how many sites have an estimate, in the first round how many people each group and outcome class has over
        all sites, the sum of the sites' weights as powers of two, and then the sums above over all sites. So that no
        site can work out another's estimate from them, fewer are opened than the other sites have estimates and
        variances; with less sites the study ends with that reason. At the release level ``site_level`` each site's own
        estimate.

    Raises:
        CohortTooSmall: from `update`, where too few sites have an estimate, or a group or class too few people.
        OutcomeConstant, NotConverged: from `update`, with a diagnosis.

    Source: DerSimonian & Laird (1986), Controlled Clinical Trials 7, 177-188; Viechtbauer (2005), J. Educ. Behav.
        Stat. 30(3), 261-293; Hedges (1981), J. Educ. Stat. 6(2), 107-128.
    """

    formula: str
    measure: str = "odds_ratio"
    term: str = ""
    random: str = "reml"
    interval: str = "normal"
    tau2_interval: str = "none"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "meta"
    title: ClassVar[str] = "Meta-analysis of sites"
    state_type: ClassVar[type[State]] = MetaState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        self._check()
        method = dataclasses.replace(self, setting=setting)
        method.arms if method.model is None else method.model  # noqa: B018 — says now what does not fit
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = ("name", "formula", "measure", "term", "random", "interval", "tau2_interval")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        allowed = ("formula", "measure", "term", "random", "interval", "tau2_interval")
        settings = _spec.fields(spec, cls.name, allowed)
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "measure", tuple(MEASURES)),
            _spec.text(settings, "term", ""),
            _spec.choice(settings, "random", RANDOM),
            _spec.choice(settings, "interval", INTERVALS),
            _spec.choice(settings, "tau2_interval", TAU2_INTERVALS),
        )
        method._check()
        return method

    def _check(self) -> None:
        settings = dataclasses.asdict(dataclasses.replace(self, setting=None))
        choices = {
            "measure": tuple(MEASURES), "random": RANDOM, "interval": INTERVALS, "tau2_interval": TAU2_INTERVALS,
        }  # fmt: skip
        for key, options in choices.items():
            _spec.choice(settings, key, options)
        self.parsed  # noqa: B018
        if self.term and self.measure not in MODELS:
            raise FormulaInvalid(
                f"The measure '{self.measure}' has no terms to choose from.",
                remedy="Leave 'term' out, or use the measure linear, logistic or cox.",
            )

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def model(self) -> OwnModel | None:
        """The model that each site fits; None where two groups are compared."""
        return OwnModel.of(self.measure, self.formula, self.term, self.placed) if self.measure in MODELS else None

    @cached_property
    def arms(self) -> Arms:
        """The comparison of two groups."""
        return Arms.of(self.measure, self.parsed, self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns

    def parameter_count(self) -> int:
        """How many parameters each site estimates from its own people."""
        if self.model is not None:
            return self.model.method.parameter_count()
        return 2

    @property
    def _alone(self) -> bool:
        """Whether one site is asked by itself."""
        return self.placed.site_count == 1

    @property
    def _arm_totals(self) -> int:
        return self.arms.totals if self.model is None else 0

    @property
    def _pooling(self) -> Pooling:
        return Pooling(self.random, self.tau2_interval == "q_profile", self.placed.limits, self._alone)

    def start(self) -> MetaState:
        """No site has an estimate yet."""
        return MetaState.first()

    def layout(self, state: MetaState) -> Layout:
        """Counts while sites find their estimates, then sums over the estimates."""
        if state.stage != "estimates":
            return sums_layout(state)
        blocks = []
        if state.round == 0:
            blocks.append(Block("rows", "1", 1, 1.0, "how many people are in the analysis"))
            blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the analysis"))
            if self._arm_totals:
                blocks.append(Block("groups", "1", self._arm_totals, 1.0, "how many people and events each group has"))
        blocks.append(Block("estimates", "1", 1, 1.0, "how many sites have an estimate of their own"))
        blocks.append(Block("left out", "1", 1, 1.0, "how many sites have none"))
        blocks.append(
            Block("log2 weights", "1", 1, float(LOG_WEIGHT_MAX), "the magnitude of the sites' weights as powers of two")
        )
        return tuple(blocks)

    def tally(self, batch: Batch, state: MetaState, local: Local) -> OwnPartial | Array:
        """One batch for the site's own estimate; once that is known, rows are not read again."""
        rows = float(batch.rows)
        if state.stage != "estimates" or "effect" in local:
            return OwnPartial(rows, None)
        if self.model is None:
            return OwnPartial(rows, self.arms.tally(batch))
        return OwnPartial(rows, self.model.tally(batch, local))

    def condense(self, partial: OwnPartial, state: MetaState, local: Local) -> tuple[Array, Local]:
        """Counts while the site's own fit goes on; then the sums of its weight and estimate, which stay there."""
        if partial.rows == 0.0:
            return np.zeros(length(self.layout(state))), local
        if state.stage != "estimates":
            effect = _kept(local)
            return np.zeros(length(self.layout(state))) if effect is None else site_sums(*effect, state), local
        status, effect, memory = self._own(partial, local)
        log_weight = 0.0
        if effect is not None:
            log_weight = float(round(-math.log2(effect[1])))
            if abs(log_weight) > LOG_WEIGHT_MAX:
                status, effect, log_weight = NONE, None, 0.0
        if status != RUNNING:
            memory = {"effect": np.array(effect if effect is not None else (0.0, 0.0))}
        head: list[Array] = []
        if state.round == 0:
            head = [np.array([partial.rows, 1.0])]
            if self.model is None:
                head.append(partial.inner[: self._arm_totals])
        return np.concatenate([*head, [float(status == DONE), float(status == NONE), log_weight]]), memory

    def _own(self, partial: OwnPartial, local: Local) -> tuple[float, Effect, Local]:
        if "effect" in local:
            effect = _kept(local)
            return (NONE if effect is None else DONE), effect, local
        if self.model is not None:
            return self.model.step(partial.inner, local)
        effect = self.arms.effect(partial.inner)
        return (NONE if effect is None else DONE), effect, {}

    def update(self, total: Array, state: MetaState) -> MetaState | Result:
        """Wait for the sites' estimates, pool them, search for τ², or finish."""
        check_length(total, length(self.layout(state)))
        if state.stage == "estimates":
            if state.round == 0:
                self._check_people(np.rint(total[2 : 2 + self._arm_totals]))
            return after_estimates(total, state, self._pooling, self._arm_totals)
        if state.stage == "fixed":
            following = after_fixed(total, state, self._pooling)
        elif state.stage == "search":
            following = after_search(total, state, self._pooling)
        else:
            following = Pooled(state, Moments.of(total, state.tau))
        return self._result(following) if isinstance(following, Pooled) else following

    def _check_people(self, groups: Array) -> None:
        """Enough people in each group, and with events in each class of each, judged on totals."""
        limits = self.placed.limits
        if self.model is not None or limits.minimum_cell <= 1:
            return
        people = groups[:2]
        check_classes(round(people.sum()), round(people[1]), self.arms.group.label, limits)
        if self.arms.event is not None:
            for n, events in zip(people.tolist(), groups[2:].tolist(), strict=True):
                check_classes(round(n), round(events), self.arms.event.label, limits)

    def _result(self, end: Pooled) -> Result:
        state = end.state
        values: dict[str, Any] = {"measure": self.measure, "effect": MEASURES[self.measure]}
        values |= {"random": self.random, "interval": self.interval}
        if self._alone:
            term = self.arms.group.label if self.model is None else self.model.term
            unit = 2.0**-state.exponent
            estimate = (state.centre + end.moments.mean) * unit
            values["terms"] = [row(term, estimate, unit**2 / end.moments.weights, self.measure)]
        else:
            values |= pooled_values(end, self.measure, self.interval)
            values |= {"sites_estimated": state.estimated, "sites_left_out": state.left_out}
        if self.model is None:
            values["groups"] = group_values(state, self.arms)
        else:
            values["term"] = self.model.term
        values |= {"n": Count(state.n), "converged": True}
        return Result(self.name, values, self._warnings(state))

    def _warnings(self, state: MetaState) -> tuple[str, ...]:
        warnings = []
        if state.left_out:
            one, some = "1 site had no estimate of its own", f"{state.left_out} sites had no estimate of their own"
            warnings.append(f"{one if state.left_out == 1 else some} and added nothing.")
        if not self._alone and self.measure in EVENTS and float(state.arms[2:].sum()) < 20.0 * state.estimated:
            warnings.append(SPARSE)
        return tuple(warnings)


def _kept(local: Local) -> Effect:
    """The site's estimate and variance as it kept them; a variance of 0 stands for none."""
    if "effect" not in local:
        return None
    estimate, variance = np.asarray(local["effect"], dtype=np.float64).tolist()
    return (estimate, variance) if variance > 0.0 else None
