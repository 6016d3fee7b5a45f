"""Doubly robust means under two treatments: an outcome model, corrected by weighted residuals."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.methods._placed import check_length
from summand.methods._protocol import Result, State, length
from summand.methods.causes._aipw_rows import AipwState
from summand.methods.causes._aipw_site import AipwAtSite
from summand.methods.causes._aipw_update import after_means, aipw_result
from summand.methods.causes._nested import by_name
from summand.tables import Array


@dataclass(frozen=True)
class DoublyRobust(AipwAtSite):
    """What the outcome's mean would be if all were treated and if none were, right if either of two models is.

    With score e and predictions m₀, m₁, the mean under treatment is that of ``m₁ + a (y − m₁) / e`` and the one without
    that of ``m₀ + (1 − a) (y − m₀) / (1 − e)``, over all people. Standard errors account for both models being estimated.

    Args:
        treatment: The score's formula, such as ``treated ~ age + sex``.
        formula: The outcome model's, such as ``died ~ treated*age + sex``; linear for a numeric outcome, else logistic.
        cut: Scores are cut to ``[cut, 1 − cut]``; how many were is told.
        site: Both models' intercepts: ``pooled``, or ``fixed`` for one at each site, never sent. With ``fixed``, people
            at sites with one arm only are left out.

    Reveals: what both regressions do; over all sites, people (and events) by arm, the sums of the corrected predictions
        and of their derivatives, and the squared influences.

    Raises:
        Separation, SingularInformation, OutcomeConstant, NotConverged: from the fits, with a diagnosis.
        CohortTooSmall: where an arm, or an outcome class of it, has too few people.

    Source: Robins, Rotnitzky & Zhao (1994), JASA 89(427); Lunceford & Davidian (2004), Statistics in Medicine 23(19),
        eq. (9); errors: Stefanski & Boos (2002), The American Statistician 56(1), §2.
    """

    title: ClassVar[str] = "Doubly robust comparison (AIPW)"
    state_type: ClassVar[type[State]] = AipwState
    complete_cases: ClassVar[bool] = True

    def parameter_count(self) -> int:
        """How many coefficients the two models have, and the means."""
        return self.score.fit.parameter_count() + self.model.fit.parameter_count() + 2

    def start(self) -> AipwState:
        """Nothing known yet."""
        none, empty = np.zeros(0), np.zeros((0, 0))
        return AipwState("score", self.score.start(), self.model.start(), none, none, empty, empty)

    def update(self, total: Array, state: AipwState) -> AipwState | Result:
        """One step of a fit; then the means; then the result."""
        layout = self.layout(state)
        check_length(total, length(layout))
        if state.phase == "score":
            numbers, done = self.score.step(total, state.score)
            return dataclasses.replace(state, phase="model" if done else "score", score=numbers)
        if state.phase == "model":
            numbers, done = self.model.step(total, state.model)
            return dataclasses.replace(state, phase="means" if done else "model", model=numbers)
        if state.phase == "means":
            return after_means(self, by_name(total, layout), state)
        return aipw_result(self, total, state)
