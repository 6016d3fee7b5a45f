"""Multiple imputation by chained equations: gaps are filled at the sites, models and their draws come from sums."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

import numpy as np

from summand.errors import CohortTooSmall, FormulaInvalid, NotConverged, SingularInformation
from summand.methods import _spec
from summand.methods._groups import check_classes
from summand.methods._newton import equations, symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.description._grid import Keys
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Category, Formula, Term, Value, Variable, parse
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import levels_of
from summand.methods.learning import _impute_draws as draws_of
from summand.methods.learning._impute_rows import FilledRows, Model, Target
from summand.methods.learning._numbers import check_values
from summand.methods.learning._row_hash import row_hash
from summand.methods.learning._rubin import pooled_rows
from summand.tables import Array, Batch, Column, Count

IMPUTATIONS_MAX, CYCLES_MAX = 100, 30
NEWTON_MAX = 30
DECREMENT_DRAW, DECREMENT_MAX = 1e-10, 1e-18
SLACK = 1.0 + 2.0**-40
# The columns must have so many times more different rows than there are people.
ROWS_APART = 10
COUNT, FILL, ANALYSE = "count", "fill", "analyse"


@dataclass(frozen=True)
class ImputeState(State):
    """Where the imputation stands.

    Attributes:
        phase: ``count``, ``fill`` or ``analyse``.
        n: Rows over all sites.
        missing: How many of them lack each target.
        begin: Mean and deviation of each target among those who have it, shape (targets, 2).
        step: How many models have been drawn for each imputation.
        draws: Their parameters, one step after another, by imputation.
        beta: Where a logistic model stands, shape (imputations, width).
        iteration: How often it has moved.
    """

    phase: str
    n: int
    missing: tuple[int, ...]
    begin: Array
    step: int
    draws: Array
    beta: Array
    iteration: int


@dataclass(frozen=True)
class Impute(Placed):
    """A linear or logistic regression over several fillings of what is missing, pooled by Rubin's rules.

    Each column with gaps has a model given the outcome and all other columns: linear for a number, logistic for two
    values. Cycle by cycle and column by column, every imputation sums its model over those who have the column, the
    coordinator draws parameters from their posterior by the seed, and each gap is filled with the model's prediction plus
    noise that is a hash of the row's own values. So what is filled stays at its site and is the same wherever the row is;
    all imputations go side by side. The analysis then runs on each filling at once. Rows without outcome, or without a
    category of more than two levels, are left out; filled numbers stay within the dictionary's range. Two people who
    agree in every column would be filled alike, so columns with too few different rows are refused.

    Args:
        formula: Such as ``num > 0 ~ age + chol + C(cp)``: columns alone. Logistic if the outcome has two values.
        imputations: How many, at least 2.
        cycles: How often each column is filled anew.
        auxiliary: Further columns that help to fill, but are not in the analysis.
        seed: Of draws and noise.

    Reveals: how many people lack each column; per round, for every imputation, sums of products of filled columns; and
        the pooled result. The estimates of a single imputation are in what the hub opens, not in the result.

    Raises:
        CohortTooSmall: from `update`, where an outcome class, a level or a value has too few people who have it.
        NotConverged, SingularInformation: from `update`.

    Source: van Buuren & Groothuis-Oudshoorn (2011), Journal of Statistical Software 45(3), §2.2; Rubin (1987), ch. 3, 5;
        von Hippel (2007), Sociological Methodology 37, for leaving out rows without outcome after it has helped.
    """

    formula: str
    imputations: int = 20
    cycles: int = 5
    auxiliary: tuple[str, ...] = ()
    seed: int = 1
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "impute"
    title: ClassVar[str] = "Regression with multiple imputation"
    state_type: ClassVar[type[State]] = ImputeState
    complete_cases: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "auxiliary", tuple(self.auxiliary))

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or columns do not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.design  # noqa: B018 — says now what does not fit
        method.outcome_scale  # noqa: B018
        for place in range(len(method.targets)):
            method._model(place)
        return method

    def _check_distinct(self, n: int) -> None:
        """People who agree in every column share their noise, and would be filled alike: there must be few of them.

        Raises:
            FormulaInvalid: if the columns have too few different rows for so many people.
        """
        kinds = 2.0 if self.indicator is not None else float(Keys.of(self.placed.dictionary[self.columns[0]]).count)
        for target in self.targets:
            kinds *= target.kinds
        for name in self._categories:
            kinds *= len(levels_of(self.placed.dictionary[name]))
        if kinds < ROWS_APART * n:
            raise FormulaInvalid(
                f"These columns have only {kinds:.0f} different rows, so that many people would be filled alike.",
                remedy="Add a column with many values as auxiliary, such as an age or a measurement.",
            )

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "formula": self.formula, "imputations": self.imputations, "cycles": self.cycles,
            "auxiliary": list(self.auxiliary), "seed": self.seed,
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "imputations", "cycles", "auxiliary", "seed"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.whole(settings, "imputations", 20, 2, IMPUTATIONS_MAX),
            _spec.whole(settings, "cycles", 5, 1, CYCLES_MAX),
            _spec.names(settings.get("auxiliary", []), "auxiliary"),
            _spec.whole(settings, "seed", 1, 0, 2**31 - 1),
        )
        method.parsed  # noqa: B018
        return method

    # ── what it is about ─────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree.

        Raises:
            FormulaInvalid: if it has a product or a power, or no intercept, or no columns.
        """
        formula = parse(self.formula)
        for term in formula.terms:
            if len(term.factors) > 1 or not isinstance(term.factors[0], (Variable, Category)):
                raise FormulaInvalid(f"The term '{term}' is no column.", remedy="Name columns alone, joined by +.")
        if not formula.terms or not formula.intercept:
            raise FormulaInvalid("The formula has no columns, or no intercept.", remedy="Write it like: y ~ age + sex.")
        return formula

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*self.parsed.columns, *self.auxiliary)))

    @cached_property
    def _helpers(self) -> tuple[Term, ...]:
        """The terms of all columns that fill each other: the analysis' own, and the auxiliary."""
        own = {factor.column for term in self.parsed.terms for factor in term.factors}
        others = (name for name in self.auxiliary if name not in own and name != self.columns[0])
        return (*self.parsed.terms, *(Term((Variable(name),)) for name in others))

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The columns whose gaps are filled."""
        found = (Target.of(self._column(term)) for term in self._helpers if not self._has_levels(term))
        return tuple(target for target in found if target is not None)

    def _column(self, term: Term) -> Column:
        return self.placed.dictionary[term.factors[0].column]

    def _has_levels(self, term: Term) -> bool:
        """Whether a term is a category of more than two levels."""
        column = self._column(term)
        as_number = column.is_numeric and isinstance(term.factors[0], Variable)
        return not as_number and len(levels_of(column)) != 2

    @property
    def _categories(self) -> tuple[str, ...]:
        return tuple(self._column(term).name for term in self._helpers if self._has_levels(term))

    @property
    def required(self) -> tuple[str, ...]:
        """Outcome and categories of more than two levels; once it has a setting, else the outcome."""
        return (self.columns[0], *(() if self.setting is None else self._categories))

    @cached_property
    def design(self) -> Design:
        """The design of the analysis."""
        return Design.of(self.parsed, self.placed.dictionary)

    @cached_property
    def _models(self) -> tuple[Model, ...]:
        return tuple(self._model(place) for place in range(len(self.targets)))

    def _model(self, place: int) -> Model:
        name = self.targets[place].column.name
        others = tuple(term for term in self._helpers if term.factors[0].column != name)
        return Model(place, Design.of(Formula(None, others), self.placed.dictionary))

    def _filled(self, missing: tuple[int, ...]) -> tuple[Model, ...]:
        """The models of the targets that have gaps."""
        return tuple(model for model, count in zip(self._models, missing, strict=True) if count)

    @cached_property
    def indicator(self) -> Indicator | None:
        """The outcome as 0 or 1; None where it is a number."""
        outcome, dictionary = self.parsed.outcome, self.placed.dictionary
        if isinstance(outcome, Value):
            column = dictionary[outcome.column]
            if column.is_numeric and column.range not in ((0.0, 1.0), (1.0, 2.0)):
                return None
        return Indicator.of(self.parsed, dictionary)

    @cached_property
    def outcome_scale(self) -> tuple[float, float]:
        """Centre and half width of the outcome; 0 and 1 if it has two values.

        Raises:
            FormulaInvalid: if it is also on the right.
        """
        if any(factor.column == self.columns[0] for term in self.parsed.terms for factor in term.factors):
            raise FormulaInvalid("The outcome is on both sides.", remedy="Leave it out on the right.")
        if self.indicator is not None:
            return 0.0, 1.0
        column = self.placed.dictionary[self.columns[0]]
        column.range  # noqa: B018
        return column.centre, column.half_width

    def _outcome(self, batch: Batch) -> Array:
        if self.indicator is not None:
            return self.indicator(batch)
        centre, half_width = self.outcome_scale
        return np.asarray((batch.number(self.columns[0]) - centre) / half_width)

    @property
    def rounds_max(self) -> int:
        """A round for each step with a number, some for each with two values, and some for the analysis."""
        return 2 + self.cycles * len(self.columns) * NEWTON_MAX + NEWTON_MAX

    def parameter_count(self) -> int:
        """How many coefficients the analysis has."""
        return len(self.design)

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> ImputeState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return ImputeState(COUNT, 0, (0,) * len(self.targets), np.zeros((len(self.targets), 2)), 0, nothing, nothing, 0)

    def _current(self, state: ImputeState) -> Model:
        models = self._filled(state.missing)
        return models[state.step % len(models)]

    def _is_linear(self, state: ImputeState) -> bool:
        if state.phase == ANALYSE:
            return self.indicator is None
        return not self.targets[self._current(state).target].is_binary

    def _width(self, state: ImputeState) -> int:
        return len(self.design) if state.phase == ANALYSE else self._current(state).width

    def layout(self, state: ImputeState) -> Layout:
        """Counts first; then for every imputation the sums of one model."""
        if state.phase == COUNT:
            blocks = [Block("rows", "1", 2, 1.0, "how many people there are, and the sum of the outcome")]
            for target in self.targets:
                name = target.column.name
                blocks.append(Block(f"{name}: known", "1", 1, 1.0, f"how many people have {name}"))
                blocks.append(Block(f"{name}: sums", "1", 2, SLACK, f"mean and deviation of {name}"))
            for name in self._categories:
                size = len(levels_of(self.placed.dictionary[name]))
                blocks.append(Block(f"{name}: levels", "1", size, 1.0, f"how many people have each {name}"))
            return tuple(blocks)
        q, m = self._width(state), self.imputations
        what = "of the analysis" if state.phase == ANALYSE else "of a model of what is missing"
        head = 1 + q if self._is_linear(state) else q
        return (
            Block("first sums", "1", m * head, SLACK, f"how columns go with the outcome {what}"),
            Block("products", "1", m * q * (q + 1) // 2, SLACK, f"how the columns {what} go together"),
        )

    def tally(self, batch: Batch, state: ImputeState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The counts of one batch, or for every imputation the sums of one model."""
        if state.phase == COUNT:
            return self._counts(batch)
        q, is_linear = self._width(state), self._is_linear(state)
        head = np.zeros((self.imputations, 1 + q if is_linear else q))
        products = np.zeros((self.imputations, q, q))

        def add(m: int, x: Array, y: Array) -> None:
            if is_linear:
                head[m, 0] += y @ y
                head[m, 1:] += x @ y
                products[m] += x @ x.T
                return
            mu = 1.0 / (1.0 + np.exp(-np.clip(state.beta[m] @ x, -40.0, 40.0)))
            head[m] += x @ (y - mu)
            products[m] += (x * (mu * (1.0 - mu))) @ x.T

        if batch.rows:
            rows = self._rows(batch, state)
            if state.phase == ANALYSE:
                rows.analysed(self.design, add)
            else:
                rows.about_target(self._current(state), add)
        return np.concatenate([head.reshape(-1), *(upper(own) for own in products)])

    def _counts(self, batch: Batch) -> Array:
        parts = [np.array([float(batch.rows), float(self._outcome(batch).sum())])]
        for target in self.targets:
            known = target.scaled(batch.columns[target.column.name][~target.missing(batch)])
            parts.append(np.array([float(len(known)), known.sum(), known @ known]))
        parts += [self._level_counts(name, batch) for name in self._categories]
        return np.concatenate(parts)

    def _level_counts(self, name: str, batch: Batch) -> Array:
        from summand.methods.description._describe_cells import codes_of

        column = self.placed.dictionary[name]
        codes = codes_of(column, batch)
        return np.bincount(codes[codes >= 0], minlength=len(levels_of(column))).astype(np.float64)

    @cached_property
    def _memory(self) -> WeakKeyDictionary[Batch, FilledRows]:
        """What is known of the batches that are still in memory: only ever what their rows and a state give anew."""
        return WeakKeyDictionary()

    def _rows(self, batch: Batch, state: ImputeState) -> FilledRows:
        rows = self._memory.get(batch)
        if rows is None or not np.array_equal(rows.begin, state.begin):
            rows = FilledRows(
                batch, row_hash(batch, self.columns, self.seed), self.targets, self._filled(state.missing),
                self._outcome(batch), self.imputations, state.begin,
            )  # fmt: skip
            self._memory[batch] = rows
        rows.follow(state.draws)
        return rows

    def condense(self, partial: Array, state: ImputeState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: ImputeState) -> ImputeState | Result:
        """The next model, or the pooled result."""
        check_length(total, length(self.layout(state)))
        if state.phase == COUNT:
            return self._after_counts(total, state)
        q, m = self._width(state), self.imputations
        size = m * (1 + q if self._is_linear(state) else q)
        head, products = total[:size].reshape(m, -1), total[size:].reshape(m, -1)
        if state.phase == FILL:
            return self._after_model(head, products, state)
        return (
            self._after_linear(head, products, state)
            if self.indicator is None
            else self._after_logistic(head, products, state)
        )

    def _after_counts(self, total: Array, state: ImputeState) -> ImputeState:
        limits, n = self.placed.limits, round(total[0])
        self._check_distinct(n)
        if self.indicator is not None:
            check_classes(n, round(total[1]), self.indicator.label, limits)
        else:
            centre, half_width = self.outcome_scale
            column = self.placed.dictionary[self.columns[0]]
            check_values(column, n, n * centre + half_width * float(total[1]), limits)
        begin, missing, at = np.zeros_like(state.begin), [], 2
        for place, target in enumerate(self.targets):
            known, sums, squares = round(total[at]), float(total[at + 1]), float(total[at + 2])
            at += 3
            name = target.column.name
            if known < max(2, limits.minimum_cell):
                raise CohortTooSmall(
                    f"Fewer than {max(2, limits.minimum_cell)} people have '{name}'.", remedy="Leave it out.",
                    clause="D.min_cell" if limits.minimum_cell > 1 else None,
                )  # fmt: skip
            if target.is_binary and limits.minimum_cell <= 1 and round(sums) in (0, known):
                raise SingularInformation(
                    f"The column '{name}' does not vary: nobody differs in it.", remedy="Leave it out."
                )
            if target.is_binary:
                check_classes(known, round(sums), f"{name} = its second value", limits)
            begin[place] = sums / known, np.sqrt(max(squares / known - (sums / known) ** 2, 0.0))
            missing.append(n - known)
        least = max(limits.minimum_cell, 1)
        for name in self._categories:
            levels = levels_of(self.placed.dictionary[name])
            for level, people in zip(levels, np.rint(total[at : at + len(levels)]).tolist(), strict=True):
                if people < least:
                    raise CohortTooSmall(
                        f"Fewer than {least} people have {name} = {level} over all sites.",
                        remedy="Merge levels, or leave the column out.",
                        clause="D.min_cell" if limits.minimum_cell > 1 else None,
                    )
            at += len(levels)
        state = dataclasses.replace(state, n=n, missing=tuple(missing), begin=begin)
        return self._next(state)

    def _next(self, state: ImputeState) -> ImputeState:
        """The state at the next model, or at the analysis."""
        models = self._filled(state.missing)
        phase = FILL if state.step < self.cycles * len(models) else ANALYSE
        state = dataclasses.replace(state, phase=phase, iteration=0)
        return dataclasses.replace(state, beta=np.zeros((self.imputations, self._width(state))))

    def _after_model(self, head: Array, products: Array, state: ImputeState) -> ImputeState:
        model = self._current(state)
        known = float(state.n - state.missing[model.target])
        seeds = [draws_of.salted(self.seed, state.step, m) for m in range(self.imputations)]
        if self._is_linear(state):
            drawn = [
                draws_of.draw_linear(known, own[1:], packed, float(own[0]), seed)
                for own, packed, seed in zip(head, products, seeds, strict=True)
            ]
        else:
            beta, decrement = self._moved(head, products, state)
            if decrement > DECREMENT_DRAW:
                return self._again(beta, state)
            drawn = [
                draws_of.draw_logistic(own, packed, seed)
                for own, packed, seed in zip(beta, products, seeds, strict=True)
            ]
        draws = np.concatenate((state.draws, *drawn))
        return self._next(dataclasses.replace(state, step=state.step + 1, draws=draws))

    @staticmethod
    def _moved(head: Array, products: Array, state: ImputeState) -> tuple[Array, float]:
        steps = [draws_of.newton_step(*sums) for sums in zip(head, products, state.beta, strict=True)]
        return state.beta + np.array([step for step, _ in steps]), max(decrement for _, decrement in steps)

    @staticmethod
    def _again(beta: Array, state: ImputeState) -> ImputeState:
        if state.iteration >= NEWTON_MAX:
            raise NotConverged(
                f"A logistic model has not converged after {NEWTON_MAX} rounds.",
                remedy="Leave out columns or levels that foretell the outcome, or that few people have.",
            )
        return dataclasses.replace(state, beta=beta, iteration=state.iteration + 1)

    def _after_linear(self, head: Array, products: Array, state: ImputeState) -> Result:
        centre, half_width = self.outcome_scale
        p, estimates, variances = len(self.design), [], []
        freedom = state.n - p
        for own, packed in zip(head, products, strict=True):
            matrix = symmetric(packed, p)
            solver = equations(matrix, self.design.terms, self.design.to_original, least=1e-13 * state.n)
            beta = solver.solve(own[1:])
            rest = max(float(own[0] - 2.0 * beta @ own[1:] + beta @ matrix @ beta), 0.0) / freedom
            scaled, covariance = self.design.unscale(beta * half_width, solver.inverse * rest * half_width**2)
            scaled[0] += centre
            estimates.append(scaled)
            variances.append(np.diag(covariance))
        return self._result(np.array(estimates), np.array(variances), freedom, state)

    def _after_logistic(self, head: Array, products: Array, state: ImputeState) -> ImputeState | Result:
        p, estimates, variances, worst = len(self.design), [], [], 0.0
        moved = np.zeros_like(state.beta)
        for m, (score, packed) in enumerate(zip(head, products, strict=True)):
            solver = equations(symmetric(packed, p), self.design.terms, self.design.to_original)
            step = solver.solve(score)
            worst = max(worst, float(score @ step))
            moved[m] = state.beta[m] + step
            scaled, covariance = self.design.unscale(moved[m], solver.inverse)
            estimates.append(scaled)
            variances.append(np.diag(covariance))
        if worst > DECREMENT_MAX:
            return self._again(moved, state)
        return self._result(np.array(estimates), np.array(variances), state.n - p, state)

    def _result(self, estimates: Array, variances: Array, freedom: float, state: ImputeState) -> Result:
        rows = pooled_rows(self.design.terms, estimates, variances, freedom)
        if self.indicator is not None:
            rows = [{**row, **_ratios(row)} for row in rows]
        values: dict[str, Any] = {
            "terms": rows,
            "n": Count(state.n),
            "converged": True,
            "model": "linear" if self.indicator is None else "logistic",
            "imputations": self.imputations,
            "cycles": self.cycles,
            "columns": [
                {
                    "column": target.column.name,
                    "missing": Count(missing),
                    "filled_by": "logistic" if target.is_binary else "linear",
                }
                for target, missing in zip(self.targets, state.missing, strict=True)
            ],
        }
        return Result(self.name, values)


def _ratios(row: Mapping[str, Any]) -> dict[str, float]:
    names = (("odds_ratio", "estimate"), ("odds_ratio_low", "conf_low"), ("odds_ratio_high", "conf_high"))
    return {name: float(np.exp(np.clip(row[of], -700.0, 700.0))) for name, of in names}
