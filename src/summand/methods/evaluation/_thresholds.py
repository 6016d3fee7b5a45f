"""What acting on a predicted risk would do: sensitivity, predictive values, net benefit, Brier score and fairness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.evaluation._evaluate_model import Scorer
from summand.methods.evaluation._judged import Judged, probabilities
from summand.methods.evaluation._thresholds_result import ERRORS, thresholds_result
from summand.tables import Array, Batch

THRESHOLDS_MAX = 99
THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))


@dataclass(frozen=True)
class ThresholdsState(State):
    """Nothing is learned between rounds: there is one."""

    round: int


@dataclass(frozen=True)
class Thresholds(Judged):
    """What given models are worth to those who act on them: at each threshold of risk, and over all.

    At a threshold t, people with a predicted risk of at least t are treated: sensitivity, specificity and predictive
    values with Wilson's intervals, and the net benefit ``TP / n - FP / n × t / (1 - t)`` beside that of treating
    everybody and nobody (0): the decision curve. Over all, the Brier score, its scaled form ``1 - Brier / (p (1 - p))``
    and how far the observed share is from the expected. In the groups of ``by`` the same, and how far apart they are.

    Under limits a threshold is told only where at least ``minimum_cell`` people of each class lie between it and the one
    told before, in every group; where a group has fewer with or without the outcome, no group is told.

    Args:
        models: ``{"name", "formula", "terms": {term: coefficient}}`` for each, with an intercept.
        outcome: Such as ``num > 0``, or a two-valued column.
        by: A column with levels, or a comparison, in whose groups the models are judged apart, and compared.
        thresholds: Risks between 0 and 1; every twentieth by default.

    Reveals: how many people with and without the outcome lie between two thresholds, and sums of prediction errors and
        their powers, over all and in each group.

    Source: Vickers & Elkin (2006), Medical Decision Making 26(6), for the decision curve; Wilson (1927), JASA 22(158);
        Steyerberg et al. (2010), Epidemiology 21(1), for the scaled Brier score.
    """

    thresholds: tuple[float, ...] = THRESHOLDS
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "thresholds"
    title: ClassVar[str] = "Thresholds and net benefit"
    state_type: ClassVar[type[State]] = ThresholdsState
    complete_cases: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "thresholds", tuple(sorted(map(float, self.thresholds))))

    def _check(self, scorer: Scorer) -> None:
        if not scorer.has_intercept:
            raise FormulaInvalid(
                f"The model '{scorer.model.name}' has no intercept, so it gives no risks.",
                remedy="Give its intercept, or compare it with others by roc.",
            )

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        models = [model.to_spec() for model in self.models]
        settings = {"outcome": self.outcome, "by": self.by, "thresholds": list(self.thresholds)}
        return {"name": self.name, "models": models, **settings}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings, (models, outcome, by) = cls.read(spec, cls.name, ("thresholds",))
        given = settings.get("thresholds", THRESHOLDS)
        is_list = isinstance(given, (list, tuple)) and 1 <= len(given) <= THRESHOLDS_MAX
        if (
            not is_list
            or not all(isinstance(t, (int, float)) and 0 < t < 1 for t in given)
            or len(set(given)) < len(given)
        ):
            raise UsageError(
                f"The setting 'thresholds' is no list of 1 to {THRESHOLDS_MAX} different risks between 0 and 1.",
                remedy="Write [0.1, 0.2].",
            )
        return cls(models, outcome, by, tuple(given))

    def start(self) -> ThresholdsState:
        """Nothing known yet."""
        return ThresholdsState(0)

    def layout(self, state: ThresholdsState) -> Layout:  # noqa: ARG002 — one round
        """Classes between the thresholds, and powers of the errors, by place and model."""
        blocks = [Block("people", "1", 2 * len(self.places), 1.0, "how many lack and have the outcome")]
        bins = 2 * (len(self.thresholds) + 1)
        for place in self.places:
            for model in self.models:
                name = f"{model.name}, {place}"
                reveals = f"how many people with and without the outcome lie between thresholds of {name}"
                blocks.append(Block(f"{name}: risks", "1", bins, 1.0, reveals))
                blocks.append(Block(f"{name}: errors", "1", ERRORS, 1.0, f"Brier score and calibration of {name}"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: ThresholdsState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        y = self.indicator(batch)
        kind = y.astype(np.intp)
        members = self.members(batch)
        risks = [probabilities(scorer.predictors(batch)) for scorer in self.scorers]
        bins = [np.searchsorted(self.thresholds, risk, side="right") for risk in risks]
        parts: list[Array] = [np.concatenate([np.bincount(kind[m], minlength=2) for m in members]).astype(np.float64)]
        size = 2 * (len(self.thresholds) + 1)
        for member in members:
            for risk, own in zip(risks, bins, strict=True):
                parts.append(np.bincount(own[member] * 2 + kind[member], minlength=size).astype(np.float64))
                error = y[member] - risk[member]
                square = error * error
                parts.append(np.array([float(error.sum()), float(square.sum()), float(square @ square)]))
        return np.concatenate(parts)

    def condense(self, partial: Array, state: ThresholdsState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: ThresholdsState) -> Result:
        """The result."""
        check_length(total, length(self.layout(state)))
        count, models, bins = len(self.places), len(self.models), len(self.thresholds) + 1
        people = np.rint(total[: 2 * count]).reshape(count, 2)
        rest = total[2 * count :].reshape(count, models, 2 * bins + ERRORS)
        between = np.rint(rest[:, :, : 2 * bins]).reshape(count, models, bins, 2)
        return thresholds_result(self, people, between, rest[:, :, 2 * bins :])
