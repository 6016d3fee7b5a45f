"""How well given models predict: discrimination, Brier score and calibration, over all sites."""

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
from summand.methods.evaluation._evaluate_model import GivenModel, Scorer
from summand.methods.evaluation._evaluate_state import EvaluateState
from summand.methods.evaluation._evaluate_update import CURVE_BINS, advance, first_window
from summand.methods.formulas._formula import parse
from summand.methods.formulas._outcome import Indicator
from summand.tables import Array, Batch

MODELS_MAX = 50
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class Evaluate(Placed):
    """Area under the ROC curve, Brier score and calibration of models whose coefficients are given.

    The area is the Mann–Whitney statistic over all pairs of a case with a control, whichever sites they are at: scores
    are counted in bins that are divided until none holds people of both classes, or all in it are tied. Where limits
    or size end that sooner, ``auc_least`` and ``auc_most`` say between which values it must lie.

    Args:
        models: ``{"name", "formula", "terms": {term: coefficient}}`` for each, with ``study`` if one fitted it; or
            `GivenModel`.
        outcome: Such as ``num > 0``, or a two-valued column.

    Reveals: the released figures, and pooled counts of cases and controls by score, finer where both are near. The
        coefficients are in the request: a model made to be a step between one person and all others would turn these
        figures into an answer about that person, so under a minimum cell a site judges only a model that an earlier
        study released, or one that its data steward or the agreement's approvers approved.

    Source: Steyerberg (2019), Clinical Prediction Models, ch. 15; Cox (1958), Biometrika 45(3/4), for slope and
        calibration in the large.
    """

    models: tuple[GivenModel, ...]
    outcome: str
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "evaluate"
    title: ClassVar[str] = "Evaluation of models"
    state_type: ClassVar[type[State]] = EvaluateState
    complete_cases: ClassVar[bool] = True

    def __post_init__(self) -> None:
        models = tuple(m if isinstance(m, GivenModel) else GivenModel.from_spec(m) for m in self.models)
        names = [model.name for model in models]
        if not 1 <= len(models) <= MODELS_MAX or len(set(names)) < len(names):
            raise UsageError(f"There must be 1 to {MODELS_MAX} models.", remedy="Give each a name of its own.")
        object.__setattr__(self, "models", models)

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if a model or the outcome does not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.scorers  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.indicator  # noqa: B018
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "models": [model.to_spec() for model in self.models], "outcome": self.outcome}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("models", "outcome"))
        models = settings.get("models")
        if not isinstance(models, (list, tuple)):
            raise UsageError("The setting 'models' is no list.", remedy="Give a list of models.")
        method = cls(tuple(models), _spec.text(settings, "outcome"))
        parse(f"{method.outcome} ~ 1")
        return method

    @cached_property
    def indicator(self) -> Indicator:
        """The outcome as 0 or 1."""
        return Indicator.of(parse(f"{self.outcome} ~ 1"), self.placed.dictionary)

    @cached_property
    def scorers(self) -> tuple[Scorer, ...]:
        """The models over the dictionary."""
        return tuple(Scorer.of(model, self.placed.dictionary) for model in self.models)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        names = [*parse(f"{self.outcome} ~ 1").columns]
        names += [name for model in self.models for name in model.right_side.columns]
        return tuple(dict.fromkeys(names))

    def parameter_count(self) -> int:
        """None: the coefficients are given."""
        return 0

    def start(self) -> EvaluateState:
        """Nothing known yet."""
        count = len(self.models)
        offsets = tuple("open" if "Intercept" in dict(model.terms) else "none" for model in self.models)
        zeros, nothing = np.zeros((count, 2)), (0,) * count
        return EvaluateState(
            0, 0, 0, np.zeros(0), zeros, np.zeros(count), ("open",) * count, offsets, nothing, nothing, (), True
        )

    def layout(self, state: EvaluateState) -> Layout:
        """Classes, Brier score and calibration curve at first; recalibration and bins of scores while they last."""
        blocks: list[Block] = []
        if state.round == 0:
            blocks.append(Block("rows", "1", 1, 1.0, "how many people are evaluated"))
            blocks.append(Block("events", "1", 1, 1.0, "how many of them have the outcome"))
        for place, scorer in enumerate(self.scorers):
            name = scorer.model.name
            if state.round == 0 and scorer.has_intercept:
                blocks.append(Block(f"{name}: Brier", "1", 1, 1.0, f"the Brier score of {name}"))
                blocks.append(Block(f"{name}: expected", "1", 1, 1.0, f"how many events {name} expects"))
                blocks.append(Block(f"{name}: curve", "1", 3 * CURVE_BINS, 1.0, f"the calibration curve of {name}"))
            if state.slope_status[place] == "open":
                blocks.append(Block(f"{name}: slope score", "1", 2, SLACK, f"the calibration slope of {name}"))
                blocks.append(Block(f"{name}: slope information", "1", 3, 0.25 * SLACK, "and its precision"))
            if state.offset_status[place] == "open":
                blocks.append(Block(f"{name}: offset score", "1", 1, SLACK, f"how far off {name} is overall"))
                blocks.append(Block(f"{name}: offset information", "1", 1, 0.25 * SLACK, "and its precision"))
            size = self._bin_count(state, place)
            if size:
                blocks.append(
                    Block(f"{name}: cases", "1", size, 1.0, f"how many people with the event {name} ranks where")
                )
                blocks.append(
                    Block(f"{name}: controls", "1", size, 1.0, f"how many without the event {name} ranks where")
                )
        return tuple(blocks)

    def _bin_count(self, state: EvaluateState, place: int) -> int:
        if state.round == 0:
            return first_window(self.scorers[place], self.placed.limits).bins
        return int(state.split(place).sizes.sum())

    def tally(self, batch: Batch, state: EvaluateState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        y = self.indicator(batch)
        parts = [np.array([float(batch.rows), float(y.sum())])] if state.round == 0 else []
        for place, scorer in enumerate(self.scorers):
            eta = scorer.predictors(batch)
            if state.round == 0 and scorer.has_intercept:
                parts.append(_probability_sums(eta, y))
            if state.slope_status[place] == "open":
                parts.append(_slope_sums((eta - scorer.centre) / scorer.half_width, y, *state.slopes[place]))
            if state.offset_status[place] == "open":
                parts.append(_offset_sums(eta, y, float(state.offsets[place])))
            parts += self._ranks(scorer, place, eta, y, state)
        return np.concatenate(parts) if parts else np.zeros(0)

    def _ranks(self, scorer: Scorer, place: int, eta: Array, y: Array, state: EvaluateState) -> list[Array]:
        """Cases and controls by bin of the score."""
        if state.round > 0 and not self._bin_count(state, place):
            return []
        keys = scorer.keys(eta)
        if state.round > 0:
            return list(state.split(place).count(keys, y))
        window = first_window(scorer, self.placed.limits)
        cases = window.count(keys, y)
        return [cases, window.count(keys) - cases]

    def condense(self, partial: Array, state: EvaluateState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: EvaluateState) -> EvaluateState | Result:
        """Settle pairs and recalibrate; the result when nothing is open."""
        check_length(total, length(self.layout(state)))
        return advance(total, state, self.scorers, self.placed.limits)


def _probability(eta: Array) -> Array:
    """1 / (1 + exp(-eta)) without overflow."""
    z = np.exp(-np.abs(eta))
    return np.where(eta >= 0.0, 1.0, z) / (1.0 + z)


def _probability_sums(eta: Array, y: Array) -> Array:
    """Brier, expected events, and people, events and probabilities by bin of probability."""
    mu = _probability(eta)
    places = np.minimum((mu * CURVE_BINS).astype(np.intp), CURVE_BINS - 1)
    curve = [np.bincount(places, weights=w, minlength=CURVE_BINS) for w in (np.ones(len(y)), y, mu)]
    return np.concatenate(([float(((y - mu) ** 2).sum()), float(mu.sum())], *curve))


def _slope_sums(scaled: Array, y: Array, constant: float, slope: float) -> Array:
    """Score and information of ``logit = constant + slope × scaled``, shape (5,)."""
    mu = _probability(constant + slope * scaled)
    weight, residual = mu * (1.0 - mu), y - mu
    by_slope = weight * scaled
    return np.array([residual.sum(), residual @ scaled, weight.sum(), by_slope.sum(), by_slope @ scaled])


def _offset_sums(eta: Array, y: Array, constant: float) -> Array:
    """Score and information of ``logit = constant + eta``, shape (2,)."""
    mu = _probability(constant + eta)
    return np.array([(y - mu).sum(), (mu * (1.0 - mu)).sum()])
