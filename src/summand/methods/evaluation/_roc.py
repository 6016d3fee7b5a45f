"""How well given models tell people with the outcome from those without: areas under the curve, compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from summand.methods._newton import symmetric, upper
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._grid import FIRST_BINS
from summand.methods.description._rank_table import REFINEMENTS_MAX, RankTable, one_group
from summand.methods.evaluation._judged import Judged, is_too_few
from summand.methods.evaluation._roc_result import area_of, placements, roc_result
from summand.tables import Array, Batch

COARSE_BINS = 256


@dataclass(frozen=True)
class RocState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        people: Of everybody and each group, those without and with the outcome; shape (places × 2,).
        kept, open, divisions, grouped: Scores by model and place, see `RankTable`.
        is_placed: Whether the next sums are those of the placements.
    """

    round: int
    people: Array
    kept: Array
    open: Array
    divisions: int
    grouped: tuple[bool, ...]
    is_placed: bool

    @property
    def ranks(self) -> RankTable:
        """The scores' places."""
        return RankTable.read(2, self.kept, self.open, self.divisions, self.grouped)


@dataclass(frozen=True)
class Roc(Judged):
    """Areas under the ROC curve of given models, with DeLong's errors, compared between models and between groups.

    The area is the share of pairs of a case with a control in which the case scores higher, ties counting half, whichever
    sites they are at. Scores are counted in bins that are divided until none holds people of both classes, or all in it
    are tied; in a last round each site places its people among all, and sums the products of the placements: they give
    the variance, and the covariance of two models on the same people. Where the limits allow no exact quantiles, areas
    are those of scores grouped into 256 bins, which a warning says.

    Args:
        models: ``{"name", "formula", "terms": {term: coefficient}}`` for each, or `GivenModel`.
        outcome: Such as ``num > 0``, or a two-valued column.
        by: A column with levels, or a comparison, in whose groups the models are judged apart, and compared.

    Reveals: the released figures, and pooled counts of cases and controls by score, finer where both are near; with
        ``by`` also in each group. As with `Evaluate`, under a minimum cell
        only a released or approved model is judged.

    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), 837-845.
    """

    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "roc"
    title: ClassVar[str] = "ROC curves"
    state_type: ClassVar[type[State]] = RocState
    complete_cases: ClassVar[bool] = True

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        models = [model.to_spec() for model in self.models]
        return {"name": self.name, "models": models, "outcome": self.outcome, "by": self.by}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        _, (models, outcome, by) = cls.read(spec, cls.name, ())
        return cls(models, outcome, by)

    def start(self) -> RocState:
        """Nothing known yet: every model's scores are one bin in every place."""
        bins = FIRST_BINS if self.placed.limits.exact_quantiles else COARSE_BINS
        counts = [scorer.keys.count for scorer in self.scorers for _ in self.places]
        return self._with(
            RocState(0, np.zeros(0), np.zeros(0), np.zeros(0), 2, (), is_placed=False), RankTable.start(counts, 2, bins)
        )

    def _with(self, state: RocState, ranks: RankTable) -> RocState:
        return dataclasses.replace(
            state, kept=ranks.kept.ravel(), open=ranks.open.ravel(), divisions=ranks.divisions, grouped=ranks.grouped
        )

    def layout(self, state: RocState) -> Layout:
        """Classes and bins of scores while they last; at last the products of the placements."""
        models = len(self.models)
        if state.is_placed:
            size = models * (models + 1) // 2
            return tuple(
                Block(f"{place}: placements of {name}", "1", size, 1.0, f"the precision of the areas in {place}")
                for place in self.places
                for name in ("controls", "cases")
            )
        blocks: list[Block] = []
        if state.round == 0:
            blocks.append(Block("people", "1", 2 * len(self.places), 1.0, "how many lack and have the outcome"))
        ranks, variable = state.ranks, 0
        for model in self.models:
            for place in self.places:
                size = ranks.size(variable)
                variable += 1
                if size:
                    reveals = f"how many people with and without the outcome {model.name} ranks where, of {place}"
                    blocks.append(Block(f"{model.name}, {place}: scores", "1", size, 1.0, reveals))
        return tuple(blocks)

    def tally(self, batch: Batch, state: RocState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        y = self.indicator(batch).astype(np.intp)
        members, ranks = self.members(batch), state.ranks
        keys = [scorer.keys(scorer.predictors(batch)) for scorer in self.scorers]
        if state.is_placed:
            parts = []
            for place, member in enumerate(members):
                people = state.people.reshape(-1, 2)[place]
                block = np.empty((2, len(keys), int(np.count_nonzero(member))))
                for model, own in enumerate(keys):
                    variable = model * len(members) + place
                    bins = ranks.of(variable)
                    places = ranks.places(variable, own[member])
                    for kind, value in enumerate(placements(bins, people)):
                        block[kind, model] = (value - area_of(bins, people))[places] if len(bins) else 0.0
                for kind in (0, 1):
                    chosen = block[kind][:, y[member] == kind]
                    parts.append(upper(chosen @ chosen.T))
            return np.concatenate(parts)
        parts = (
            [np.concatenate([np.bincount(y[m], minlength=2) for m in members]).astype(float)] if not state.round else []
        )
        for model, own in enumerate(keys):
            for place, member in enumerate(members):
                parts.append(ranks.count(model * len(members) + place, own[member], y[member]))
        return np.concatenate(parts) if parts else np.zeros(0)

    def condense(self, partial: Array, state: RocState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: RocState) -> RocState | Result:
        """Divide the bins, then ask for the placements, then report."""
        check_length(total, length(self.layout(state)))
        count, limits = len(self.places), self.placed.limits
        if state.is_placed:
            size = len(self.models)
            products = [symmetric(part, size) for part in total.reshape(2 * count, -1)]
            return roc_result(self, state.people.reshape(-1, 2), state.ranks, products)
        people = np.rint(total[: 2 * count]) if state.round == 0 else state.people
        at = 2 * count if state.round == 0 else 0
        may_divide = limits.exact_quantiles and state.round < REFINEMENTS_MAX
        ranks = state.ranks.after(total[at:], one_group, may_divide=may_divide).merged()
        following = self._with(
            dataclasses.replace(state, round=state.round + 1, people=people, is_placed=not len(ranks.open)), ranks
        )
        if is_too_few(people[:2], limits):
            return roc_result(self, people.reshape(-1, 2), ranks, [])
        return following
