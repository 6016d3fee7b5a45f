"""Gradient-boosted trees whose bins, splits and leaves come from sums over all sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from summand.methods._placed import check_length
from summand.methods._protocol import Result, State, length
from summand.methods.learning import _boosting_result as told
from summand.methods.learning._boosting_counts import after_counts
from summand.methods.learning._boosting_site import BoostingAtSite
from summand.methods.learning._boosting_state import BINS, SCORE, BoostingState
from summand.methods.learning._boosting_update import grown
from summand.tables import Array, Count


@dataclass(frozen=True)
class Boosting(BoostingAtSite):
    """Gradient-boosted decision trees, the same whichever sites the rows are at.

    At margins F the loss of a row has gradient g and curvature h. A tree grows level by level: for every node, feature
    and bin, the sums G, H and N of g, h and rows are added over all sites, one round for all nodes of a level; of two
    siblings one is summed and the other is the parent less it. A node is divided where ``G_L^2 / (H_L + l2) + G_R^2 /
    (H_R + l2) - G^2 / (H + l2)`` is largest; a leaf adds ``-learning_rate × G / (H + l2)``. Gradients are rounded to
    2^-30 or so, which makes every sum exact: not one bit of a tree depends on how rows are dealt.

    Numeric columns are cut into bins of about equally many people. Categories are ordered by G / (H + l2) and cut there.
    What is missing has its own bin and goes where the gain is larger, so no row is left out but those without an outcome.
    A row is held out by a hash of its own values. A site remembers bins, margins and places of its rows only in its
    process, and finds them again from the state after a restart.

    Args:
        formula: Such as ``num > 0 ~ age + sex + C(cp)``: columns alone, no products; a tree finds those.
        loss: ``auto``: ``logistic`` for an outcome with two values, ``squared`` for a number; or ``poisson`` for counts.
        trees: At most so many.
        depth: Of a tree, at most 8.
        learning_rate: What part of its Newton step a leaf takes.
        bins: Of a numeric column, at most.
        rows_min: The fewest people in a leaf; at least the limits' minimum cell.
        l2: Added to every curvature.
        held_out: Percent of rows that are kept from learning, to judge by.
        patience: After so many trees without a smaller held-out loss growing ends, at the best; 0 for never: all are kept.
        monotone: ``(column, 1)`` where the prediction may not fall as the column rises, ``(column, -1)`` the reverse.
        seed: Of the hash.

    Reveals: the released model; per round, by node and bin of every column, summed gradients, curvatures and people over
        all sites. A bin holds at least the minimum cell over all people, and a leaf too, but a bin within a small node
        may hold few: whoever opens totals sees their summed gradients. Categories, and missing values, of too few
        people are put with others.

    Raises:
        CohortTooSmall: from `update`, where an outcome class, or a leaf, cannot have enough people.
        OutcomeConstant: from `update`.

    Source: Friedman (2001), Greedy function approximation, Annals of Statistics 29(5); Chen & Guestrin (2016), XGBoost,
        KDD, eqs. (5)–(7); Ke et al. (2017), LightGBM, NIPS 30, for histograms and their subtraction.
    """

    title: ClassVar[str] = "Gradient-boosted trees"
    state_type: ClassVar[type[State]] = BoostingState
    complete_cases: ClassVar[bool] = False

    @property
    def rounds_max(self) -> int:
        """A round for each level of each tree, and some to learn bins and to judge."""
        return self.trees * self.depth + 20

    def parameter_count(self) -> int:
        """A parameter for every leaf that there may be."""
        return self.trees * (1 << self.depth)

    def start(self) -> BoostingState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return BoostingState(
            BINS, 0, 0, 0, (0.0, 0.0), nothing, (), (), "", 0.0, 0.0, "", "", nothing, "", nothing, 0
        )  # fmt: skip

    def update(self, total: Array, state: BoostingState) -> BoostingState | Result:
        """Finer bins, a level more, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == BINS:
            return after_counts(self, total, state)
        if state.phase == SCORE:
            return self._result(state, total)
        state = grown(total, state, self.binning(state.cuts), self.growth)
        is_judged = state.phase == SCORE and self.loss_function.name != "logistic"
        return self._result(state, np.zeros(0)) if is_judged else state

    def _result(self, state: BoostingState, total: Array) -> Result:
        binning, loss, trees = self.binning(state.cuts), self.loss_function, told.all_levels(state)
        counts = total.reshape(-1, 2, len(total) // 4 if state.held_out else len(total) // 2) if len(total) else ()
        areas = [told.area(np.rint(cases), np.rint(controls), tied=not trees) for cases, controls in counts]
        label = self.columns[0] if self.indicator is None else self.indicator.label
        values: dict[str, Any] = {
            "n": Count(state.n + state.held_out),
            "outcome": label,
            "loss": loss.name,
            "trees": len(trees),
            "fit": told.fit_rows(state, loss, areas),
            "importance": told.importance_rows(binning, trees),
            "curve": told.curve_rows(state, loss),
            "model": told.model_of(binning, trees, loss, state.base, label),
        }
        if self.indicator is not None:
            values["events"] = Count(round(sum(state.outcome)))
        warnings = () if trees else ("No tree makes the loss smaller, so the model is the mean outcome.",)
        return Result(self.name, values, warnings)
