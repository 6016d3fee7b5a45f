"""How well given scores tell who has the event earlier, and how well predicted survival fits what happened."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._grid import FIRST_BINS, KeyArray, Keys
from summand.methods.description._rank_table import REFINEMENTS_MAX, RankTable, alone
from summand.methods.evaluation._concordance import Concordance, Grid, grid_of
from summand.methods.evaluation._evaluate_model import GivenModel, Scorer
from summand.methods.evaluation._evaluate_survival_result import counts_of, survival_result
from summand.methods.formulas._formula import parse
from summand.methods.survival._follow_up import Events, FollowUp
from summand.tables import Array, Batch

MODELS_MAX = 20
COARSE_BINS = 128
CELLS_MAX = 1_000_000
# Under limits: into how many steps of time and of score people are counted, at most.
COARSE_STEPS = 20


@dataclass(frozen=True)
class SurvivalScoresState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        n, events: People, and those with the event.
        kept, open, divisions, grouped: Times, then the scores of each model, see `RankTable`.
        is_placed: Whether people are counted by time and score next.
        counted: These counts, where models are compared on the same people next; else empty.
    """

    round: int
    n: int
    events: int
    kept: Array
    open: Array
    divisions: int
    grouped: tuple[bool, ...]
    is_placed: bool
    counted: Array

    @property
    def ranks(self) -> RankTable:
        """Where times and scores lie."""
        return RankTable.read(1, self.kept, self.open, self.divisions, self.grouped)


@dataclass(frozen=True)
class EvaluateSurvival(Placed):
    """Harrell's C of given survival scores, with its error, and calibration at a chosen time.

    C is the share, among pairs of which the first to leave had the event, of those in which this one has the higher
    score, scores that are equal counting half; a person who is censored at the time of an event is taken to live longer.
    Distinct times and scores are learned first, then how many people have each pair of them: the pooled C, exactly, and
    its variance by the infinitesimal jackknife. Models are compared on the same people, from what each person does to
    both. Where there are too many, or the limits forbid it, times and scores are
    grouped, which a warning says. With ``at`` and a model's ``baseline``, the survival there of a person whose score is
    0, predicted risk ``1 - baseline ** exp(score)`` is compared with Kaplan and Meier's in groups of risk.

    Args:
        models: ``{"name", "formula", "terms": {term: coefficient}}`` for each, as a Cox model reports them.
        outcome: ``Surv(time, status)``.
        at: The time at which predicted survival is judged.
        baseline: By model, the predicted survival at that time of a person whose score is 0.

    Reveals: how many people leave at each time and have each score, and how many leave with each pair of time and score,
        with and without the event: under limits in at most 20 steps of each. As with `Evaluate`, under a minimum cell
        only a released or approved model is judged.

    Source: Harrell et al. (1982), JAMA 247(18), 2543-2546; Therneau & Watson (2015), The concordance statistic and the
        Cox model, Mayo Clinic technical report 85, section 3, for the variance.
    """

    models: tuple[GivenModel, ...]
    outcome: str
    at: float | None = None
    baseline: tuple[tuple[str, float], ...] = ()
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "evaluate_survival"
    title: ClassVar[str] = "Evaluation of survival models"
    state_type: ClassVar[type[State]] = SurvivalScoresState
    complete_cases: ClassVar[bool] = True

    def __post_init__(self) -> None:
        models = tuple(m if isinstance(m, GivenModel) else GivenModel.from_spec(m) for m in self.models)
        names = [model.name for model in models]
        if not 1 <= len(models) <= MODELS_MAX or len(set(names)) < len(names):
            raise UsageError(f"There must be 1 to {MODELS_MAX} models.", remedy="Give each a name of its own.")
        given = self.baseline.items() if isinstance(self.baseline, Mapping) else self.baseline
        baseline = tuple((str(name), float(value)) for name, value in given)
        if any(name not in names or not 0.0 < value < 1.0 for name, value in baseline) or (
            baseline and self.at is None
        ):
            raise UsageError(
                "A baseline is no survival between 0 and 1 of one of the models at a chosen time.",
                remedy='Write {"at": 365, "baseline": {"the model\'s name": 0.62}}.',
            )
        object.__setattr__(self, "models", models)
        object.__setattr__(self, "baseline", baseline)

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid: if a model or the outcome does not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.scorers  # noqa: B018 — parses against the dictionary, and says now what does not fit
        if method.follow_up.start is not None:
            raise FormulaInvalid("Late entry is not judged here.", remedy="Write Surv(time, status).")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        models = [model.to_spec() for model in self.models]
        return {
            "name": self.name,
            "models": models,
            "outcome": self.outcome,
            "at": self.at,
            "baseline": dict(self.baseline),
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("models", "outcome", "at", "baseline"))
        models, baseline = settings.get("models"), settings.get("baseline", {})
        if not isinstance(models, (list, tuple)) or not isinstance(baseline, Mapping):
            raise UsageError("'models' is no list, or 'baseline' no object.", remedy="Give a list of models.")
        if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in baseline.values()):
            raise UsageError("A baseline is no number.", remedy="Give a survival between 0 and 1.")
        at = None if settings.get("at") is None else _spec.number(settings, "at", 0.0, 0.0, 1e12)
        outcome = _spec.text(settings, "outcome")
        parse(f"{outcome} ~ 1")
        return cls(tuple(models), outcome, at, tuple(baseline.items()))

    @cached_property
    def follow_up(self) -> FollowUp:
        """How rows become times and events."""
        return FollowUp.of(parse(f"{self.outcome} ~ 1"), self.placed.dictionary)

    @cached_property
    def scorers(self) -> tuple[Scorer, ...]:
        """The models over the dictionary."""
        return tuple(Scorer.of(model, self.placed.dictionary) for model in self.models)

    @cached_property
    def keys(self) -> tuple[Keys, ...]:
        """Of the times, then of each model's scores."""
        time = Keys.of(self.placed.dictionary[self.follow_up.time])
        return (time, *(scorer.keys for scorer in self.scorers))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        names = [*parse(f"{self.outcome} ~ 1").columns]
        names += [name for model in self.models for name in model.right_side.columns]
        return tuple(dict.fromkeys(names))

    def parameter_count(self) -> int:
        """None: the coefficients are given."""
        return 0

    def start(self) -> SurvivalScoresState:
        """Nothing known yet."""
        bins = FIRST_BINS if self.placed.limits.exact_quantiles else COARSE_BINS
        ranks = RankTable.start([keys.count for keys in self.keys], 1, bins)
        nothing = np.zeros(0)
        return self._with(SurvivalScoresState(0, 0, 0, nothing, nothing, 2, (), False, nothing), ranks)

    def _with(self, state: SurvivalScoresState, ranks: RankTable) -> SurvivalScoresState:
        return dataclasses.replace(
            state, kept=ranks.kept.ravel(), open=ranks.open.ravel(), divisions=ranks.divisions, grouped=ranks.grouped
        )

    def grids(self, state: SurvivalScoresState) -> tuple[Grid, ...]:
        """The steps of time, then those of each model's scores."""
        limits, ranks = self.placed.limits, state.ranks
        most = COARSE_STEPS if limits.minimum_cell > 1 else math.isqrt(CELLS_MAX // (2 * len(self.models)))
        cut = None if self.at is None else int(self.keys[0](np.array([self.at]))[0])
        steps = [len(ranks.of(k)) for k in range(len(self.keys))]
        if limits.minimum_cell <= 1 and 2 * steps[0] * sum(steps[1:]) <= CELLS_MAX:
            most = max(steps)
        return tuple(
            grid_of(ranks.of(k), most, limits.minimum_cell, cut if k == 0 else None) for k in range(len(self.keys))
        )

    def layout(self, state: SurvivalScoresState) -> Layout:
        """Bins of times and scores while they last; then people by both."""
        blocks: list[Block] = []
        if len(state.counted):
            size = len(self.models) * (len(self.models) + 1) // 2
            return (Block("influences", "1", size, 1.0, "how precisely the difference of two models' C is known"),)
        if state.is_placed:
            times, *scores = self.grids(state)
            for model, grid in zip(self.models, scores, strict=True):
                size = 2 * len(times) * len(grid)
                reveals = f"how many people leave when, with which score of {model.name}, with and without the event"
                blocks.append(Block(f"{model.name}: people", "1", size, 1.0, reveals))
                if model.name in dict(self.baseline):
                    blocks.append(Block(f"{model.name}: risks", "1", len(grid), 1.0, "the risks predicted for them"))
            return tuple(blocks)
        if state.round == 0:
            blocks.append(Block("people", "1", 2, 1.0, "how many people there are, and how many have the event"))
        ranks = state.ranks
        for k, name in enumerate(("times", *(f"{model.name}: scores" for model in self.models))):
            if ranks.size(k):
                blocks.append(Block(name, "1", ranks.size(k), 1.0, f"how many people lie where among {name}"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: SurvivalScoresState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        times, events = self.follow_up.read(batch)
        scores = [scorer.predictors(batch) for scorer in self.scorers]
        keys = [own(values) for own, values in zip(self.keys, (times, *scores), strict=True)]
        if not state.is_placed:
            nobody = np.zeros(batch.rows, dtype=np.intp)
            parts = [state.ranks.count(k, own, nobody) for k, own in enumerate(keys)]
            head = [np.array([batch.rows, np.count_nonzero(events)], dtype=np.float64)] if state.round == 0 else []
            return np.concatenate([*head, *parts])
        if len(state.counted):
            return self._influences(keys, events, state)
        grids, parts = self.grids(state), []
        step = grids[0].places(keys[0])
        baseline = dict(self.baseline)
        for model, grid, own, score in zip(self.models, grids[1:], keys[1:], scores, strict=True):
            place = grid.places(own)
            flat = (step * len(grid) + place) * 2 + events
            parts.append(np.bincount(flat, minlength=2 * len(grids[0]) * len(grid)).astype(np.float64))
            if model.name in baseline:
                risk = -np.expm1(math.log(baseline[model.name]) * np.exp(np.minimum(score, 700.0)))
                parts.append(np.bincount(place, weights=risk, minlength=len(grid)).astype(np.float64))
        return np.concatenate(parts)

    def _influences(self, keys: list[KeyArray], events: Events, state: SurvivalScoresState) -> Array:
        """The products of what each person does to the models' C, as parts of all people."""
        grids = self.grids(state)
        step, what = grids[0].places(keys[0]), events.astype(np.intp)
        block = np.zeros((len(self.models), len(events)))
        for k, (own, people) in enumerate(zip(keys[1:], counts_of(self, state.counted, grids), strict=True)):
            found = Concordance.of(people)
            if found is not None:
                block[k] = found.influence[step, grids[k + 1].places(own), what] / max(state.n, 1)
        return upper(block @ block.T)

    def condense(self, partial: Array, state: SurvivalScoresState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: SurvivalScoresState) -> SurvivalScoresState | Result:
        """Divide the bins, then count people by time and score, then report."""
        check_length(total, length(self.layout(state)))
        if len(state.counted):
            return survival_result(self, state.counted, self.grids(state), state, symmetric(total, len(self.models)))
        if state.is_placed:
            if len(self.models) > 1:
                return dataclasses.replace(state, counted=total)
            return survival_result(self, total, self.grids(state), state, None)
        at = 2 if state.round == 0 else 0
        following = state
        if state.round == 0:
            following = dataclasses.replace(state, n=round(float(total[0])), events=round(float(total[1])))
        may_divide = self.placed.limits.exact_quantiles and state.round < REFINEMENTS_MAX
        ranks = state.ranks.after(total[at:], alone, may_divide=may_divide)
        return self._with(dataclasses.replace(following, round=state.round + 1, is_placed=not len(ranks.open)), ranks)
