"""How well a model carries over to a place it was not made at: every site is left out once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import MethodError, Refusal, SummandError, TooManyParameters, UsageError
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.evaluation._evaluate_model import GivenModel, Scorer
from summand.methods.evaluation._folds import FAILED, STATE, TERMS, Fold, FoldsState, Pieces
from summand.methods.evaluation._left_out import FIGURES, FIGURES_MAX, figures_of, left_out_result
from summand.methods.formulas._formula import parse
from summand.methods.models._logistic import LogisticRegression
from summand.methods.models._logistic_state import LogisticState
from summand.tables import Array, Batch


@dataclass(frozen=True)
class LeftOutState(FoldsState):
    """The states of logistic fits that each leave one site out."""

    @classmethod
    def from_json(cls, fields: Any) -> Self:
        """The state behind `to_json`."""
        return cls.reading(fields, LogisticState)


@dataclass(frozen=True)
class InternalExternal(Placed):
    """Internal-external validation of a logistic model: fitted at all sites but one, judged at that one, for each site.

    Every fit is the pooled one of the other sites, by sums as in `LogisticRegression`; the site that is left out adds
    nothing to it. Then each site judges, on its own rows, the model that was made without it, and tells its figures:
    area under the ROC curve with DeLong's error, Brier score, calibration slope and calibration in the large.

    The result is one for each site: it needs the release level ``site_level``, which an agreement permits by name. A
    site with fewer than ten people, or than ``minimum_cell``, with or without the outcome is told as too few.

    Args:
        formula: Such as ``num > 0 ~ age + sex``; spline knots and polynomials are given with their numbers.

    Reveals: each site's own log-likelihood, score and information at the coefficients of every fit, how many people of
        each class and level it has, and its figures: what ``site_level`` permits.

    Raises:
        TooManyParameters: for a site, if the others have too few people for the model.

    Source: Steyerberg & Harrell (2016), J. Clinical Epidemiology 69, 245-247; Debray et al. (2013), Statistics in
        Medicine 32(18); DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3).
    """

    formula: str
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "internal_external"
    title: ClassVar[str] = "Internal–external validation"
    state_type: ClassVar[type[State]] = LeftOutState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if the formula does not fit the dictionary, or must first be learned.
        """
        method = dataclasses.replace(self, setting=setting)
        terms = dict.fromkeys(method.inner.design.terms, 0.0)
        Scorer.of(GivenModel("left out", self.formula, tuple(terms.items())), setting.dictionary)
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula",))
        method = cls(_spec.text(settings, "formula"))
        parse(method.formula)
        return method

    @cached_property
    def inner(self) -> LogisticRegression:
        """The model that is fitted without each site."""
        return LogisticRegression(self.formula).under(self.placed)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return parse(self.formula).columns

    def parameter_count(self) -> int:
        """None at the site that is judged; those of the fits are held against the other sites' people."""
        return 0

    def start(self) -> LeftOutState:
        """A first state, to tell what it reveals: the study's own are `start_slot`."""
        return self.start_slot(0, (0, 1))

    def start_slot(self, slot: int, taking_part: tuple[int, ...]) -> LeftOutState:
        """The state before any sum of one site's slot."""
        return LeftOutState(
            slot, tuple(Fold(other, STATE, self.inner.start()) for other in taking_part), is_judging=False
        )

    def layout(self, state: LeftOutState) -> Layout:
        """What the site adds to each fit but its own; at last its figures."""
        if state.is_judging:
            return (
                Block("figures", "1", FIGURES, FIGURES_MAX, "how well the model does that was made without this site"),
            )
        return tuple(
            dataclasses.replace(block, name=f"without site {fold.slot + 1}: {block.name}")
            for fold in state.fitted_here()
            for block in self.inner.layout(fold.content)
        )

    def tally(self, batch: Batch, state: LeftOutState, local: Local) -> Pieces:  # noqa: ARG002 — no local memory
        """The sums of one batch for each fit, or its scores and outcomes, which stay at the site."""
        if not state.is_judging:
            return Pieces(tuple(self.inner.tally(batch, fold.content, {}) for fold in state.fitted_here()), joins=False)
        terms = state.fold(state.own).content
        model = GivenModel("left out", self.formula, tuple(terms.items()))
        scorer = Scorer.of(model, self.placed.dictionary)
        return Pieces((scorer.predictors(batch), self.inner.indicator(batch)), joins=True)

    def condense(self, partial: Pieces, state: LeftOutState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The sums of every fit, or the figures of the site's own people."""
        if state.is_judging:
            eta, y = partial.arrays
            return figures_of(eta, y, self.placed.limits), {}
        pairs = zip(partial.arrays, state.fitted_here(), strict=True)
        parts = [self.inner.condense(piece, fold.content, {})[0] for piece, fold in pairs]
        return np.concatenate(parts) if parts else np.zeros(0), {}

    def update(self, total: Array, state: LeftOutState) -> State | Result:  # noqa: ARG002 — the protocol's signature
        """Never: the sites' slots are updated together.

        Raises:
            UsageError: always.
        """
        raise UsageError("Sites are left out at the release level 'site_level'.", remedy="Ask for that level.")

    def update_slots(
        self, totals: Mapping[int, Array], states: Mapping[int, LeftOutState]
    ) -> dict[int, State | Result | SummandError]:
        """Every site's next state, from the sums of all: one step of every fit, or the sites' results."""
        first = next(iter(states.values()))
        for slot, state in states.items():
            check_length(totals[slot], length(self.layout(state)))
        if first.is_judging:
            label = self.inner.indicator.label
            return {slot: left_out_result(totals[slot], states[slot].fold(slot).content, label) for slot in states}
        folds = tuple(self._step(fold, totals, states) if fold.is_open else fold for fold in first.folds)
        judging = not any(fold.is_open for fold in folds)
        following: dict[int, State | Result | SummandError] = {}
        for slot in states:
            state = LeftOutState(slot, folds, judging)
            own = state.fold(slot)
            following[slot] = _error(own) if judging and own.kind == FAILED else state
        return following

    def _step(self, fold: Fold, totals: Mapping[int, Array], states: Mapping[int, LeftOutState]) -> Fold:
        """One fit a step further: the sum over the other sites."""
        total = np.zeros(length(self.inner.layout(fold.content)))
        for slot, state in states.items():
            at = 0
            for other in state.fitted_here():
                size = length(self.inner.layout(other.content))
                if other.slot == fold.slot:
                    total += totals[slot][at : at + size]
                at += size
        try:
            self._check_parameters(total, fold)
            after = self.inner.update(total, fold.content)
        except (MethodError, Refusal) as error:
            return Fold(fold.slot, FAILED, {"class": type(error).__name__, **error.to_public_dict()})
        if isinstance(after, Result):
            return Fold(fold.slot, TERMS, {row["term"]: row["estimate"] for row in after.values["terms"]})
        return Fold(fold.slot, STATE, after)

    def _check_parameters(self, total: Array, fold: Fold) -> None:
        share, parameters = self.placed.limits.parameters_per_person_max, self.inner.parameter_count()
        if fold.content.round == 0 and share is not None and parameters > share * float(total[0]):
            raise TooManyParameters(
                f"The model has {parameters} parameters, more than {share:g} for each person of the other sites.",
                remedy="Use fewer terms, or columns with fewer levels; or ask more sites.",
                clause="D.limits",
            )


def _error(fold: Fold) -> SummandError:
    """Why the model could not be fitted without a site."""
    told = fold.content
    return MethodError(
        f"Without this site the model has no fit: {told['message']}",
        remedy=str(told["remedy"]),
        clause=told.get("clause"),
    )
