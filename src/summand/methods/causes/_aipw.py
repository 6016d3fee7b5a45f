"""Doubly robust means under two treatments: an outcome model, corrected by weighted residuals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, Separation
from summand.methods import _spec
from summand.methods._newton import equations, symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes import _stacked
from summand.methods.causes._aipw_rows import AipwState, Rows
from summand.methods.causes._arms import Arms
from summand.methods.causes._contrasts import effect_rows, mean_rows
from summand.methods.causes._nested import by_name, filled
from summand.methods.causes._regressed import Regressed
from summand.methods.causes._weights import CUT_LEAST, CUT_MOST, Weighing
from summand.methods.formulas._formula import Value, parse
from summand.methods.models._logistic import CHUNK_ROWS, SLACK, LogisticRegression
from summand.tables import Array, Batch, Count


@dataclass(frozen=True)
class DoublyRobust(Placed):
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

    treatment: str
    formula: str
    cut: float = 0.01
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "aipw"
    title: ClassVar[str] = "Doubly robust comparison (AIPW)"
    state_type: ClassVar[type[State]] = AipwState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formulas or settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        column = method.arms.column
        if not method.score.is_binary:
            raise FormulaInvalid("The treatment is not two-valued.", remedy="Write it like: treated ~ age + sex.")
        if len(method.arms) != 2:
            raise FormulaInvalid(
                f"The treatment '{column}' has more than two levels.", remedy="Use standardisation for several arms."
            )
        if column not in method.model.fit.design.columns:
            raise FormulaInvalid(
                f"The treatment '{column}' is not in the outcome's formula.", remedy="Write: outcome ~ treated + age."
            )
        if method.model.fit.columns[0] in method.score.fit.columns:
            raise FormulaInvalid("The outcome is also in the score's formula.", remedy="Take it out of the formula.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, **{name: getattr(self, name) for name in ("treatment", "formula", "cut", "site")}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("treatment", "formula", "cut", "site"))
        method = cls(
            _spec.text(settings, "treatment"),
            _spec.text(settings, "formula"),
            _spec.number(settings, "cut", 0.01, CUT_LEAST, CUT_MOST),
            _spec.choice(settings, "site", LogisticRegression.sites),
        )
        if not method.columns or not isinstance(parse(method.treatment).outcome, Value):
            raise FormulaInvalid(
                "The score's formula does not begin with a treatment column.", remedy="Write it like: treated ~ age."
            )
        return method

    @cached_property
    def score(self) -> Regressed:
        """The regression behind the scores."""
        return Regressed.of(self.treatment, self.site, self.placed)

    @cached_property
    def model(self) -> Regressed:
        """The outcome model."""
        return Regressed.of(self.formula, self.site, self.placed)

    @cached_property
    def arms(self) -> Arms:
        """The two treatments; the score's event second."""
        return Arms.of(parse(self.treatment).columns[0], self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*parse(self.treatment).columns, *parse(self.formula).columns)))

    @cached_property
    def weighing(self) -> Weighing:
        """How scores become weights."""
        return Weighing("ate", self.cut, 0.0)

    @property
    def _is_fixed(self) -> bool:
        return self.site == "fixed"

    def parameter_count(self) -> int:
        """How many coefficients the two models have, and the means."""
        return self.score.fit.parameter_count() + self.model.fit.parameter_count() + 2

    def start(self) -> AipwState:
        """Nothing known yet."""
        none, empty = np.zeros(0), np.zeros((0, 0))
        return AipwState("score", self.score.start(), self.model.start(), none, none, empty, empty)

    def layout(self, state: AipwState) -> Layout:
        """Both fits; then corrected predictions by arm; then squared influences.

        Bounds per row: a weight is at most ``1 / cut``, its derivative too; see `Propensity.layout` and
        `Standardisation.layout` for what the intercepts that sites eliminate add.
        """
        if state.phase == "score":
            return self.score.layout(state.score)
        if state.phase == "model":
            return self.model.layout(state.model)
        s, p, fixed, largest = len(self.score), len(self.model), self._is_fixed, 1.0 / self.cut
        mean, residual = self.model.mean_bound(state.model), self.model.residual_bound(state.model)
        slope, along = self.model.slope_bound * (1.0 + largest), residual * largest
        if state.phase == "errors":
            bound = self._influence_bound(state, mean, residual)
            return (Block("squared influences", "1", 3, (bound * SLACK) ** 2, "how precisely the means are known"),)
        return filled(
            Block("arms", "1", 2, 1.0, "how many people are in each arm"),
            Block("events", "1", 2 * self.model.is_binary, 1.0, "how many of each arm have the outcome"),
            Block("scores cut", "1", 1, 1.0, "how many scores were cut"),
            Block("predictions", "1", 2, (mean + along) * SLACK, "the doubly robust mean of each arm"),
            Block("score derivatives", "1", 2 * s, (1 + fixed) * along * SLACK, "how the score moves the means"),
            Block("score information", "1", s * (s + 1) // 2, 0.25 * SLACK, "how precisely the score is known"),
            Block("derivatives", "1", 2 * p, (1 + fixed) * slope * SLACK, "how the model moves the means"),
            Block("information", "1", p * (p + 1) // 2, self.model.slope_bound * SLACK, "how precisely it is known"),
        )

    def _influence_bound(self, state: AipwState, mean: float, residual: float) -> float:
        by_score, by_model = (
            float(np.abs(corrections).sum(axis=1).max(initial=0.0)) for corrections in (state.by_score, state.by_model)
        )
        if self._is_fixed:
            by_score += by_score + residual / self.cut**2
            by_model += by_model + self.model.own_bound(state.model, self.arms.column) + 1.0 / self.cut
        return 2.0 * mean + 2.0 * residual / self.cut + by_score + by_model * residual

    # ── at a site ────────────────────────────────────────────────────────────────────────────────────────────────────
    def tally(self, batch: Batch, state: AipwState, local: Local) -> Array:
        """The sums of one batch of complete rows; intercepts of the site's own stand before s and p."""
        if state.phase == "score":
            return self.score.tally(batch, state.score, local)
        if state.phase == "model":
            return self.model.tally(batch, state.model, _of("model", local))
        own = self._owns(state, local)
        errors = state.phase == "errors"
        s, p = len(self.score) + self._is_fixed, len(self.model) + self._is_fixed
        size = 5 + 2 * self.model.is_binary + 2 * (s + p) + s * (s + 1) // 2 + p * (p + 1) // 2
        sums = np.zeros(3 if errors else size)
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = Rows.of(batch.part(slice(first, min(first + CHUNK_ROWS, batch.rows))), self, state, own)
            sums += self._influences(rows, state, own, local) if errors else self._predicted(rows)
        return sums

    def _owns(self, state: AipwState, local: Local) -> tuple[Array | None, Array | None]:
        """The site's own intercepts of score and model; see `Regressed.own`."""
        if not self._is_fixed:
            return np.zeros(0), np.zeros(0)
        if state.phase == "means":
            return (
                self.score.own(state.score, _of("score", local)),
                self.model.own(state.model, _of("model", local)),
            )
        kept = [_of(which, local) for which in ("score", "model")]
        owns = [np.asarray(one["own"]) if float(np.asarray(one["known"])[0]) > 0.0 else None for one in kept]
        return owns[0], owns[1]

    def _predicted(self, rows: Rows) -> Array:
        """One block of rows in the phase ``means``."""
        counts = [rows.arms.sum(axis=1)]
        if self.model.is_binary:
            counts.append(rows.arms @ rows.y)
        counts.append(np.array([float(rows.is_cut.sum())]))
        missed = rows.arms * (rows.y - rows.means)
        predictions = (rows.corrected * rows.inside).sum(axis=1)
        along_score = (missed * rows.slope) @ rows.z.T
        shares = rows.inside - rows.arms * rows.weight
        along_model = np.stack([d @ share for d, share in zip(rows.derivatives, shares, strict=True)])
        return np.concatenate(
            (*counts, predictions, along_score.ravel(), upper((rows.z * rows.score_weight) @ rows.z.T),
             along_model.ravel(), upper((rows.x * rows.model_weight) @ rows.x.T))
        )  # fmt: skip

    def _influences(self, rows: Rows, state: AipwState, own: tuple[Array | None, Array | None], local: Local) -> Array:
        """Squares and product of the two means' influences over one block of rows, shape (3,)."""
        by_score, by_model = state.by_score, state.by_model
        if self._is_fixed:
            by_score, by_model = (
                np.column_stack((_stacked.own_corrections(h, np.eye(2), _of(which, local)), h))
                for h, which in ((by_score, "score"), (by_model, "model"))
            )
        influence = (rows.corrected - state.means[:, None]) * rows.inside
        if own[0] is not None:
            influence = influence + (by_score @ rows.z) * rows.score_residual
        if own[1] is not None:
            influence = influence + (by_model @ rows.x) * rows.model_residual
        return upper(influence @ influence.T)

    def condense(self, partial: Array, state: AipwState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own intercepts are eliminated. Two memories share the local."""
        if state.phase == "score":
            return self.score.condense(partial, state.score, local)
        if state.phase == "model":
            scores = _of("score", local) if any(name.startswith("score.") for name in local) else local
            summand, kept = self.model.condense(partial, state.model, _of("model", local))
            return summand, {**_named("score", scores), **_named("model", kept)}
        if not self._is_fixed:
            return partial, {}
        if state.phase == "errors":
            return partial, local
        owns = self._owns(state, local)
        p = len(self.model) + 1
        head, derivatives, information = _stacked.cut_tail(partial, 2, p)
        model, model_information, model_kept = _stacked.eliminated(derivatives, information)
        head, derivatives, information = _stacked.cut_tail(head, 2, len(self.score) + 1)
        score, score_information, score_kept = _stacked.eliminated(derivatives, information)
        memories = (
            {**kept, "own": np.zeros(1) if own is None else own, "known": np.array([float(own is not None)])}
            for kept, own in zip((score_kept, model_kept), owns, strict=True)
        )
        summand = _stacked.joined(_stacked.joined(head, score, score_information), model, model_information)
        return summand, {**_named("score", next(memories)), **_named("model", next(memories))}

    # ── on a total ───────────────────────────────────────────────────────────────────────────────────────────────────
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
            return self._after_means(by_name(total, layout), state)
        return self._result(total, state)

    def _after_means(self, sums: dict[str, Array], state: AipwState) -> AipwState:
        people = float(sums["arms"].sum())
        if people < 0.5:
            raise Separation(
                "No site has people of both arms.", remedy="Use one intercept for all sites (site='pooled')."
            )
        self.arms.check(sums["arms"], sums.get("events"), self.model.label, self.placed.limits)
        return dataclasses.replace(
            state,
            phase="errors",
            counts=np.concatenate((sums["arms"], sums["scores cut"])),
            means=sums["predictions"] / people,
            by_score=_solved(sums, "score derivatives", "score information", self.score),
            by_model=_solved(sums, "derivatives", "information", self.model),
        )

    def _result(self, total: Array, state: AipwState) -> Result:
        centre, half_width = self.model.scale
        n = round(float(state.counts[:2].sum()))
        covariance = symmetric(total, 2) * (half_width / n) ** 2
        means = centre + half_width * state.means
        rows = mean_rows(self.arms.labels, means, covariance)
        for row, people in zip(rows, state.counts[:2].tolist(), strict=True):
            row["n"] = Count(round(people))
        values = {
            "effects": effect_rows(self.arms.labels, means, covariance, is_binary=self.model.is_binary),
            "means": rows,
            "n": Count(self.model.people(state.model)),
            "scores_cut": Count(round(float(state.counts[2]))),
            "outcome": self.model.label,
            "model": self.model.fit.name,
            "converged": True,
            "site": self.site,
        }
        left_out = self.model.people(state.model) - n
        hidden = self.placed.limits.minimum_cell > 1 and 0 < left_out < self.placed.limits.minimum_cell
        if hidden:  # the arms and all people would give away how many were left out
            for row in rows:
                row["n"] = None
        warning = "People at sites with one arm only were left out: nobody there could be compared."
        return Result(self.name, values, (warning,) if left_out else ())


def _solved(sums: dict[str, Array], derivatives: str, information: str, model: Regressed) -> Array:
    p, design = len(model), model.fit.design
    if not p:
        return np.zeros((2, 0))
    solver = equations(symmetric(sums[information], p), design.terms, design.to_original)
    return np.stack([solver.solve(row) for row in sums[derivatives].reshape(2, p)])


def _named(which: str, local: Local) -> dict[str, Array]:
    return {f"{which}.{name}": np.asarray(values, dtype=np.float64) for name, values in local.items()}


def _of(which: str, local: Local) -> dict[str, Array]:
    start = f"{which}."
    found = {name: values for name, values in local.items() if name.startswith(start)}
    return {name.removeprefix(start): np.asarray(values, dtype=np.float64) for name, values in found.items()}
