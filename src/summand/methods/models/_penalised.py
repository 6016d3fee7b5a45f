"""Ridge, lasso and elastic net: regression with penalised coefficients, over a path of penalties, cross-validated."""

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
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.formulas._terms import Scale
from summand.methods.models._glm_binomial import Logit
from summand.methods.models._glm_columns import GlmOutcome
from summand.methods.models._glm_counts import Poisson
from summand.methods.models._glm_family import Family, Gaussian
from summand.methods.models._penalised_folds import folds_of
from summand.methods.models._penalised_state import PenalisedState
from summand.methods.models._penalised_sums import ROOM_LOG, likelihood_sums, product_sums, survey_sums
from summand.methods.models._penalised_update import after_deviance, after_products, after_survey, climb
from summand.tables import Array, Batch

FAMILIES: Mapping[str, type[Family]] = {"gaussian": Gaussian, "binomial": Logit, "poisson": Poisson}
NUMBERS_MAX = 500_000
FOLDS_MAX = 20
PATH_MAX = 100
CHUNK_ROWS = 2048
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class PenalisedRegression(Placed):
    """Coefficients that minimise ``-log-likelihood / n + lambda (alpha Σ|b_j| + (1 - alpha) / 2 Σ b_j²)``.

    The b_j are per standard deviation (divisor n) of their columns, as in glmnet, and are told per unit; the intercept is
    free. Gaussian: the log-likelihood is ``-Σ (y - x @ b)² / 2``. All penalties and folds are fitted at once: a round that
    counts; one that sums products, which ends a gaussian fit; then proximal Newton steps on score and information, for
    all fits that have not ended; and one for the deviances. The penalised quadratic problem of each step is solved from
    the sums alone, so a whole path costs about as many rounds as one fit.

    Cross-validation: a row's fold is a hash of its own values and the seed, so the answer does not depend on where a row
    lies. Each fold's fit standardises its own training rows. ``lambda_min`` has the least mean deviance of the rows left
    out; ``lambda_1se`` is the largest penalty within one standard error of it.

    Args:
        formula: As in other regressions; every term but the intercept is penalised.
        family: ``gaussian``, ``binomial`` (logit) or ``poisson`` (log).
        alpha: 1 for the lasso, 0 for ridge, between them the elastic net.
        lambdas: Penalties; none for a path that falls geometrically from the one at which all coefficients are zero.
        path: How many penalties such a path has.
        smallest: The last penalty of such a path as a part of the first.
        folds: Folds of the cross-validation, 3 to 20; 0 for none.
        seed: Of the folds.

    Reveals: per fold, how many people there are and have the event, and sums and products of the columns; per round
        log-likelihood, score and information of every fit, over all sites.

    Raises:
        SingularInformation, OutcomeConstant, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a level, or a class within a fold, has fewer people than the limits ask.

    Source: Friedman, Hastie & Tibshirani (2010), Journal of Statistical Software 33(1) (objective, path,
        cross-validation); Lee, Sun & Saunders (2014), SIAM J. Optim. 24(3) (proximal Newton).
    """

    formula: str
    family: str = "gaussian"
    alpha: float = 1.0
    lambdas: tuple[float, ...] = ()
    path: int = 30
    smallest: float = 1e-3
    folds: int = 10
    seed: int = 0
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "penalised"
    title: ClassVar[str] = "Penalised regression"
    state_type: ClassVar[type[State]] = PenalisedState
    complete_cases: ClassVar[bool] = True

    # ── the request ──────────────────────────────────────────────────────────────────────────────────────────────────
    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        own = ("formula", "family", "alpha", "path", "smallest", "folds", "seed")
        return {"name": self.name, "lambdas": list(self.lambdas), **{name: getattr(self, name) for name in own}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        own = ("formula", "family", "alpha", "lambdas", "path", "smallest", "folds", "seed")
        settings = _spec.fields(spec, cls.name, own)
        given = settings.get("lambdas", [])
        if not isinstance(given, (list, tuple)) or len(given) > PATH_MAX or not all(map(_is_penalty, given)):
            raise UsageError(
                f"The setting 'lambdas' is no list of at most {PATH_MAX} penalties above 0.", remedy="Leave it out."
            )
        folds = _spec.whole(settings, "folds", 10, 0, FOLDS_MAX)
        if folds in (1, 2):
            raise UsageError("A cross-validation has at least 3 folds.", remedy="Ask for 3 to 20, or 0 for none.")
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "family", tuple(FAMILIES)),
            _spec.number(settings, "alpha", 1.0, 0.0, 1.0),
            tuple(sorted({float(penalty) for penalty in given}, reverse=True)),
            _spec.whole(settings, "path", 30, 2, PATH_MAX),
            _spec.number(settings, "smallest", 1e-3, 1e-6, 0.99),
            folds,
            _spec.whole(settings, "seed", 0, 0, 2**53 - 1),
        )
        method.parsed  # noqa: B018
        return method

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if the formula does not fit the dictionary, or the path is too long for it.
        """
        method = dataclasses.replace(self, setting=setting)
        method.outcome  # noqa: B018 — says now what does not fit
        if not method.parsed.intercept:
            raise FormulaInvalid("A penalised regression has an intercept.", remedy="Leave out '- 1' or '+ 0'.")
        if not len(method.design):
            raise FormulaInvalid("There is nothing to penalise.", remedy="Add a covariate.")
        if method.fits * method._sums > NUMBERS_MAX and self.family != "gaussian":
            raise FormulaInvalid(
                "So many penalties, folds and columns make rounds of more than 500,000 numbers.",
                remedy="Ask for a shorter path, fewer folds or fewer terms.",
            )
        return method

    # ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns

    @cached_property
    def outcome(self) -> GlmOutcome:
        """The scaled outcome."""
        return GlmOutcome.of(self.parsed, self.placed.dictionary, FAMILIES[self.family], centred=True)

    @cached_property
    def design(self) -> Design:
        """The design without its constant.

        Every column is scaled without a shift, so that each is its column of the data times a number: a penalty on
        ``age²`` and on ``(age - 50)²`` would not be the same.
        """
        design = Design.of(self.parsed, self.placed.dictionary, intercept=False)
        ranges = {name: self.placed.dictionary[name].range for name in design.scales}
        flat = {name: Scale(0.0, max(abs(low), abs(high)) or 1.0) for name, (low, high) in ranges.items()}
        return dataclasses.replace(design, scales=flat)

    @property
    def groups(self) -> int:
        """How many groups of rows are told apart: the folds, or everybody."""
        return max(self.folds, 1)

    @property
    def fits(self) -> int:
        """How many fits there are."""
        return (len(self.lambdas) or self.path) * (1 + self.folds)

    @property
    def q(self) -> int:
        """How many coefficients a fit has, the constant included."""
        return len(self.design) + 1

    @property
    def _pairs(self) -> int:
        return self.q * (self.q + 1) // 2

    @property
    def _sums(self) -> int:
        """Numbers of one fit in a round of the ascent: rows cut off, log-likelihood, score, information."""
        return 2 + self.q + self._pairs

    def parameter_count(self) -> int:
        """How many coefficients the largest model has."""
        return self.q

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> PenalisedState:
        """Nothing known yet."""
        none, nothing = np.zeros(0), np.zeros((0, 0))
        return PenalisedState(
            "survey", 0, none, none, none, none, none, nothing, none, nothing, nothing, none, none, none, none
        )

    def layout(self, state: PenalisedState) -> Layout:
        """Counts and means; products by fold; then what each fit needs.

        Bounds per row: scaled columns less their means are at most 2, so products are at most 4; weights are at most 1/4
        (binomial) and means at most 1,024 (poisson, in units of the largest count).
        """
        folds, q = self.groups, self.q
        if state.phase == "survey":
            blocks = [
                Block("people", "1", folds, 1.0, "how many people each fold has"),
                Block("events", "1", folds, 1.0, "how many of them have the event"),
                Block("outcomes", "1", folds, SLACK, "the mean outcome of each fold"),
                Block(
                    "saturated", "nat", folds, 1.0 + math.log1p(self.outcome.unit), "the deviance of a perfect model"
                ),
                Block("covariate sums", "1", q - 1, SLACK, "the mean of each covariate over all sites"),
            ]
            if self.design.groups:
                blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
            return tuple(blocks)
        if state.phase == "products":
            size = 4.0 * SLACK
            return (
                Block("products", "1", folds * self._pairs, size, "how the columns go together in each fold"),
                Block("outcome products", "1", folds * q, size, "how the columns go with the outcome in each fold"),
                Block("outcome squares", "1", folds, size, "how the outcome varies in each fold"),
            )
        least = self._likelihood_most(state)
        if state.phase == "deviance":
            return (Block("log-likelihoods", "nat", len(state.done), least, "how well each fit predicts"),)
        active = len(state.active)
        slope, weight = (1.0, 0.25) if self.family == "binomial" else (1025.0, 1024.0)
        return (
            Block("rows cut off", "1", active, 1.0, "how many means are out of range"),
            Block("log-likelihoods", "nat", active, least, "how well each model fits"),
            Block("scores", "1", active * q, 2.0 * slope * SLACK, "which way each coefficient should move"),
            Block("information", "1", active * self._pairs, 4.0 * weight * SLACK, "how precisely they are known"),
        )

    def _likelihood_most(self, state: PenalisedState) -> float:
        """The most that a row's log-likelihood may be in size, at any fit."""
        eta = float((np.abs(state.coefficients) @ np.array([1.0] + [2.0] * (self.q - 1))).max(initial=0.0)) * SLACK
        return (math.log(2.0) + eta if self.family == "binomial" else max(eta, ROOM_LOG) + 1025.0) * SLACK

    def tally(self, batch: Batch, state: PenalisedState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        total = np.zeros(length(self.layout(state)))
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            some = Batch({name: batch.columns[name][rows] for name in self.columns}, rows.stop - rows.start)
            y, x = self.outcome(some), self.design.matrix(some).T
            fold = folds_of(some, self.columns, self.groups, self.seed)
            if state.phase == "survey":
                total += survey_sums(self, some, y, x, fold)
                continue
            z = np.vstack([np.ones(some.rows), x - state.means[:, None]])
            if state.phase == "products":
                total += product_sums(self, z, y - state.outcomes.sum() / state.rows.sum(), fold)
            else:
                total += likelihood_sums(self, z, y, fold, state)
        return total

    def condense(self, partial: Array, state: PenalisedState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: PenalisedState) -> PenalisedState | Result:
        """Check the folds; set up the path and its first step; climb; and choose."""
        check_length(total, length(self.layout(state)))
        if state.phase == "survey":
            return after_survey(self, total, state)
        if state.phase == "products":
            return after_products(self, total, state)
        if state.phase == "ascent":
            return climb(self, total, state)
        return after_deviance(self, total, state)


def _is_penalty(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 < value < math.inf
