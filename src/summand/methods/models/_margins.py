"""What a fitted regression says about people: predictions and effects, averaged over everybody at all sites."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._newton import upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Method, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.formulas._terms import levels_of
from summand.methods.models._margins_means import MEANS, ROOM, Mean
from summand.methods.models._margins_quantities import Averager, Quantity, averaged, checked, effects_of
from summand.methods.models._margins_quantities import Setting as Profile
from summand.methods.models._margins_update import MarginsState, after_fit, after_sums
from summand.tables import Array, Batch

MODELS = ("logistic", "linear", "glm")
QUANTITIES_MAX = 200
CHUNK_ROWS = 4096
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class Margins(Placed):
    """Average marginal effects and adjusted predictions of a regression, with delta-method standard errors.

    The model is fitted first, by its own rounds. Then one round sums, over everybody at all sites and at the fitted
    coefficients, each quantity h and its gradient G, and the expected information I; with n people an average is
    ``Σ h / n`` and its variance ``G' I⁻¹ G / n²`` (times the dispersion). People are taken as they are: the variance is that
    of the coefficients, as R and statsmodels tell it.

    - A number's effect is the mean slope of the prediction, through every power, curve and interaction of it; a
      category's, a two-valued column's and that of a column in ``C()`` is the mean difference between everybody at a
      level and everybody at the first.
    - A prediction is the mean over everybody with the columns of a profile set, the others as observed; where a profile
      sets all columns it is that person's prediction. Its interval is found on the scale of the link.

    Args:
        formula: As the model takes it, with one intercept for all sites.
        model: ``logistic``, ``linear`` or ``glm``.
        variables: Columns whose effects are told; none for all of the right side.
        at: Profiles: ``{"age": 50, "sex": "1"}``.
        levels: Columns at each of whose levels everybody is put.
        family, link: Of a ``glm``; "" for its defaults.

    Reveals: what the model reveals; then these averages and their gradients over all sites.

    Raises:
        MethodError, Refusal: from `update`, as the model does, and where a prediction leaves every plausible range.

    Source: Williams (2012), Stata Journal 12(2), 308-331 (what is averaged); Dowd, Greene & Norton (2014), Health
        Services Research 49(2), 731-750 (delta method); Lane & Nelder (1982), Biometrics 38(3), 613-621 (adjusted means).
    """

    formula: str
    model: str = "logistic"
    variables: tuple[str, ...] = ()
    at: tuple[Profile, ...] = ()
    levels: tuple[str, ...] = ()
    family: str = ""
    link: str = ""
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "margins"
    title: ClassVar[str] = "Margins of a regression"
    state_type: ClassVar[type[State]] = MarginsState
    complete_cases: ClassVar[bool] = True

    # ── the request ──────────────────────────────────────────────────────────────────────────────────────────────────
    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "formula": self.formula, "model": self.model, "variables": list(self.variables),
            "at": [dict(profile) for profile in self.at], "levels": list(self.levels), "family": self.family,
            "link": self.link,
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        own = ("formula", "model", "variables", "at", "levels", "family", "link")
        settings = _spec.fields(spec, cls.name, own)
        given = settings.get("at", [])
        if not isinstance(given, (list, tuple)) or len(given) > QUANTITIES_MAX or not all(map(_is_profile, given)):
            raise UsageError(
                "The setting 'at' is no list of profiles.", remedy='Write [{"age": 50, "sex": "1"}, {"age": 60}].'
            )
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "model", MODELS),
            _spec.names(settings.get("variables", []), "variables"),
            tuple(averaged(profile) for profile in given),
            _spec.names(settings.get("levels", []), "levels"),
            _spec.text(settings, "family", ""),
            _spec.text(settings, "link", ""),
        )
        method._model  # noqa: B018 — formula, family and link are checked where they belong
        return method

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if the model or what is asked of it does not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.quantities  # noqa: B018 — says now what does not fit
        return method

    # ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def _model(self) -> Method:
        """The model without a setting."""
        from summand.methods._registry import plain_from_spec

        if self.model != "glm" and (self.family or self.link):
            raise UsageError("Only the model 'glm' has a family and a link.", remedy="Leave them out.")
        own = {"family": self.family, "link": self.link} if self.model == "glm" else {}
        own = {name: value for name, value in own.items() if value}
        return plain_from_spec({"name": self.model, "formula": self.formula, **own})

    @cached_property
    def fitted_model(self) -> Method:
        """The model in the study's setting."""
        return self._model.under(self.placed)

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def design(self) -> Design:
        """The model's design."""
        return Design.of(self.parsed, self.placed.dictionary)

    @cached_property
    def mean(self) -> Mean:
        """The model's mean as a function of its linear predictor.

        Raises:
            FormulaInvalid: if there is none for the link.
        """
        if self.model != "glm":
            return MEANS["gaussian", "identity"] if self.model == "linear" else MEANS["binomial", "logit"]
        model = cast(Any, self._model)
        family, link = str(model.family), str(model.link or model.default_link)
        if (family, link) not in MEANS:
            raise FormulaInvalid(f"Margins do not know the link '{link}' of {family}.", remedy="Use another link.")
        return MEANS[family, link]

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is averaged: effects, then predictions.

        Raises:
            FormulaInvalid: if a column or a value does not fit, or too much is asked.
        """
        dictionary = self.placed.dictionary
        wanted = self.variables or self.design.columns
        effects = [q for name in dict.fromkeys(wanted) for q in effects_of(name, self.parsed, self.design, dictionary)]
        profiles: list[Profile] = [(), *self.at]
        for name in dict.fromkeys(self.levels):
            column = dictionary[name]
            profiles += [((name, float(text) if column.is_numeric else text),) for text in levels_of(column)]
        found = (*effects, *(checked(at, self.design, dictionary) for at in dict.fromkeys(profiles)))
        if len(found) > QUANTITIES_MAX:
            raise FormulaInvalid(f"More than {QUANTITIES_MAX} averages are asked for.", remedy="Ask for fewer.")
        return found

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the model reads."""
        return self._model.columns

    def parameter_count(self) -> int:
        """How many parameters the model estimates."""
        return self.fitted_model.parameter_count()

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> MarginsState:
        """The model's start."""
        return MarginsState(self.fitted_model.start().to_json(), np.zeros(0), 0, 0.0, 0.0, 1.0, (), ())

    def layout(self, state: MarginsState) -> Layout:
        """What the model needs; then the averages.

        Bounds per row: with ``|eta| ≤ Σ|beta|``, those of the mean and its derivatives, and for a slope those of the
        design's derivatives, which no power or curve exceeds.
        """
        if state.fit:
            return self.fitted_model.layout(self._inner(state))
        averager, p = self._averager(state), len(self.design)
        most = self.mean.most(averager.eta_max * SLACK, state.overdispersion)
        pairs = [averager.most(quantity, most) for quantity in self.quantities]
        value, gradient = (max(pair[k] for pair in pairs) * SLACK + 1e-12 for k in (0, 1))
        count = len(self.quantities)
        return (
            Block("rows cut off", "1", 1, 2.0 * count, "how many predictions leave every plausible range"),
            Block("averages", "1", count, value, "mean predictions, slopes and differences"),
            Block("gradients", "1", count * p, gradient, "how the averages change with the coefficients"),
            Block("information", "1", p * (p + 1) // 2, most.weight * SLACK, "how precisely coefficients are known"),
        )

    def _averager(self, state: MarginsState) -> Averager:
        eta_max = float(np.abs(state.beta).sum()) * SLACK
        if self.mean.is_log:
            unit = max(map(abs, self.placed.dictionary[self.parsed.columns[0]].range)) or 1.0
            eta_max = min(eta_max, math.log(ROOM * unit))
        return Averager(self.design, self.placed.dictionary, self.mean, state.beta, eta_max, state.overdispersion)

    def tally(self, batch: Batch, state: MarginsState, local: Local) -> Any:
        """The model's partial; then the sums of averages, gradients and information of one batch of complete rows."""
        if state.fit:
            return self.fitted_model.tally(batch, self._inner(state), local)
        total = np.zeros(length(self.layout(state)))
        averager = self._averager(state)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            some = Batch({name: batch.columns[name][rows] for name in self.columns}, rows.stop - rows.start)
            sums = [averager.sums(quantity, some) for quantity in self.quantities]
            values, gradients, cut_off = (np.array(part) for part in zip(*sums, strict=True))
            parts = ([cut_off.sum()], values, gradients.ravel(), upper(averager.information(some)))
            total += np.concatenate(parts)
        return total

    def condense(self, partial: Any, state: MarginsState, local: Local) -> tuple[Array, Local]:
        """The model's summand; then the site's sums as they are."""
        return self.fitted_model.condense(partial, self._inner(state), local) if state.fit else (partial, {})

    def update(self, total: Array, state: MarginsState) -> MarginsState | Result:
        """The model's next state; at its result the state that asks for averages; then the result."""
        if state.fit:
            after = self.fitted_model.update(total, self._inner(state))
            if isinstance(after, State):
                return dataclasses.replace(state, fit=after.to_json())
            return after_fit(after, self.design, self.mean)
        check_length(total, length(self.layout(state)))
        return after_sums(total, state, self.quantities, self.design, self.mean, self.model)

    def _inner(self, state: MarginsState) -> State:
        return self.fitted_model.state_type.from_json(state.fit)


def _is_profile(profile: Any) -> bool:
    """Whether a part of a request is an object of numbers and texts."""
    if not isinstance(profile, Mapping) or len(profile) > _spec.ITEMS_MAX:
        return False
    return all(
        isinstance(name, str) and len(name) <= _spec.TEXT_MAX and _is_value(value) for name, value in profile.items()
    )


def _is_value(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _spec.TEXT_MAX
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
