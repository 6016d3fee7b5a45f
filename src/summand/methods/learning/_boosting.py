"""Gradient-boosted trees whose bins, splits and leaves come from sums over all sites."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, UsageError
from summand.methods import _spec
from summand.methods._groups import check_classes
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._formula import Category, Comparison, Formula, Value, Variable, parse
from summand.methods.formulas._outcome import Indicator
from summand.methods.learning import _boosting_bins as bins_of
from summand.methods.learning import _boosting_result as told
from summand.methods.learning._boosting_bins import BINS_MAX, Binning, Feature
from summand.methods.learning._boosting_losses import Loss
from summand.methods.learning._boosting_rows import BoostedRows, Grain
from summand.methods.learning._boosting_split import Rules
from summand.methods.learning._boosting_state import BINS, GROW, SCORE, BoostingState, wanted
from summand.methods.learning._boosting_update import Growth, grown, planted
from summand.methods.learning._numbers import check_values
from summand.methods.learning._row_hash import row_hash, uniforms
from summand.tables import Array, Batch, Count

FEATURES_MAX = 200
TREES_MAX = 1000
DEPTH_MAX = 8
NUMBERS_MAX = 4_000_000
_LOSSES = ("auto", "logistic", "squared", "poisson")


@dataclass(frozen=True)
class Boosting(Placed):
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

    formula: str
    loss: str = "auto"
    trees: int = 100
    depth: int = 6
    learning_rate: float = 0.1
    bins: int = 64
    rows_min: int = 20
    l2: float = 1.0
    held_out: int = 20
    patience: int = 10
    monotone: tuple[tuple[str, int], ...] = ()
    seed: int = 1
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "boosting"
    title: ClassVar[str] = "Gradient-boosted trees"
    state_type: ClassVar[type[State]] = BoostingState
    complete_cases: ClassVar[bool] = False

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or settings do not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.rules  # noqa: B018 — says now what does not fit
        method.loss_function  # noqa: B018
        if 2 ** (self.depth - 1) * self.bins * len(method.features) > NUMBERS_MAX:
            raise FormulaInvalid(
                "A level of these trees has more bins than a round may add.", remedy="Choose less depth or fewer bins."
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = (
            "formula", "loss", "trees", "depth", "learning_rate", "bins", "rows_min", "l2", "held_out", "patience", "seed",
        )  # fmt: skip
        return {"name": self.name, **{name: getattr(self, name) for name in names}, "monotone": dict(self.monotone)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = tuple(f.name for f in dataclasses.fields(cls) if f.name != "setting")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "loss", _LOSSES),
            _spec.whole(settings, "trees", 100, 1, TREES_MAX),
            _spec.whole(settings, "depth", 6, 1, DEPTH_MAX),
            _spec.number(settings, "learning_rate", 0.1, 1e-4, 1.0),
            _spec.whole(settings, "bins", 64, 2, BINS_MAX),
            _spec.whole(settings, "rows_min", 20, 1, 10**9),
            _spec.number(settings, "l2", 1.0, 0.0, 1e9),
            _spec.whole(settings, "held_out", 20, 0, 50),
            _spec.whole(settings, "patience", 10, 0, TREES_MAX),
            _directions(settings.get("monotone", {})),
            _spec.whole(settings, "seed", 1, 0, 2**31 - 1),
        )
        method.parsed  # noqa: B018
        return method

    # ── what it is about ─────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree, main effects only.

        Raises:
            FormulaInvalid: if it has a product or a power, no columns, or no outcome.
        """
        formula = parse(self.formula)
        for term in formula.terms:
            if len(term.factors) > 1 or not isinstance(term.factors[0], (Variable, Category)):
                raise FormulaInvalid(
                    f"The term '{term}' is no column.", remedy="Name columns alone; trees find products and curves."
                )
        if not 1 <= len(formula.terms) <= FEATURES_MAX:
            raise FormulaInvalid(
                f"The formula names {len(formula.terms)} columns.", remedy=f"Name 1 to {FEATURES_MAX}, joined by +."
            )
        return formula

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns

    @property
    def required(self) -> tuple[str, ...]:
        """The outcome: a row may lack any other column."""
        return self.columns[:1]

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The columns that trees may split, as the dictionary has them."""
        dictionary, found = self.placed.dictionary, []
        for term in self.parsed.terms:
            column, factor = dictionary[term.factors[0].column], term.factors[0]
            if column.name == self.columns[0]:
                raise FormulaInvalid("The outcome is on both sides.", remedy="Leave it out on the right.")
            found.append(Feature.of(column, as_category=isinstance(factor, Category) or not column.is_numeric))
        return tuple(found)

    @cached_property
    def rules(self) -> Rules:
        """What a split must obey.

        Raises:
            FormulaInvalid: if a direction is asked of a column that is none of the numbers.
        """
        signs = dict(self.monotone)
        for name in signs:
            known = [f for f in self.features if f.column.name == name and f.keys is not None]
            if not known:
                raise FormulaInvalid(
                    f"A direction is asked of '{name}', which is no numeric column of the formula.",
                    remedy="Leave it out.",
                )
        rows_min = max(self.rows_min, self.placed.limits.minimum_cell)
        loss = self.loss_function
        unit = loss.half_width if loss.name == "poisson" else 1.0
        return Rules(rows_min, self.l2 / unit, unit, tuple(signs.get(f.column.name, 0) for f in self.features))

    @cached_property
    def _growth(self) -> Growth:
        return Growth(self.trees, self.depth, self.learning_rate, self.patience, self.rules)

    @cached_property
    def indicator(self) -> Indicator | None:
        """The outcome as 0 or 1; None where it is a number."""
        if self.loss in ("squared", "poisson"):
            return None
        dictionary, outcome = self.placed.dictionary, self.parsed.outcome
        if self.loss == "auto" and isinstance(outcome, Value):
            column = dictionary[outcome.column]
            if column.is_numeric and column.range not in ((0.0, 1.0), (1.0, 2.0)):
                return None
        return Indicator.of(self.parsed, dictionary)

    @cached_property
    def loss_function(self) -> Loss:
        """What is made smaller.

        Raises:
            FormulaInvalid: if the outcome does not fit it.
        """
        if self.indicator is not None:
            return Loss("logistic")
        outcome = self.parsed.outcome
        column = None if not isinstance(outcome, Value) else self.placed.dictionary[outcome.column]
        if column is None or isinstance(outcome, Comparison) or not column.is_numeric:
            raise FormulaInvalid("This loss needs a numeric outcome.", remedy="Write it like: bp ~ age + sex.")
        low, high = column.range
        if self.loss != "poisson":
            return Loss("squared", column.centre, column.half_width)
        if low < 0.0 or high <= 0.0:
            raise FormulaInvalid(
                f"The outcome '{column.name}' may be negative in the dictionary.", remedy="Use the loss 'squared'."
            )
        return Loss("poisson", 0.0, high)

    @cached_property
    def grain(self) -> Grain:
        """To which gradients and losses are rounded."""
        loss = self.loss_function
        return Grain.of(self.placed.rows_max, max(loss.gradient_bound, loss.loss_bound))

    @property
    def rounds_max(self) -> int:
        """A round for each level of each tree, and some to learn bins and to judge."""
        return self.trees * self.depth + 20

    def parameter_count(self) -> int:
        """A parameter for every leaf that there may be."""
        return self.trees * (1 << self.depth)

    def _y(self, batch: Batch) -> Array:
        """The outcome on the loss's scale, shape (rows,).

        Raises:
            ValueOutOfRange: if a count is negative.
        """
        if self.indicator is not None:
            return self.indicator(batch)
        loss = self.loss_function
        return np.asarray((batch.number(self.columns[0]) - loss.centre) / loss.half_width, dtype=np.float64)

    def _held(self, batch: Batch) -> NDArray[np.bool_]:
        """Which rows are held out: a hash of the row's own values decides."""
        if not self.held_out:
            return np.zeros(batch.rows, dtype=np.bool_)
        return uniforms(row_hash(batch, self.columns, self.seed)) < self.held_out / 100.0

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> BoostingState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return BoostingState(
            BINS, 0, 0, 0, (0.0, 0.0), nothing, (), (), "", 0.0, 0.0, "", "", nothing, "", nothing, 0
        )  # fmt: skip

    def layout(self, state: BoostingState) -> Layout:
        """Counts for the bins; then histograms of the nodes of a level; at last cases and controls by margin."""
        if state.phase == BINS:
            return self._bins_layout(state)
        if state.phase == SCORE:
            size = told.score_keys(state, self.placed.limits).count
            names = ("cases", "controls", "held-out cases", "held-out controls")
            kept = names if state.held_out else names[:2]
            return tuple(Block(name, "1", size, 1.0, f"how the model ranks {name}") for name in kept)
        loss, blocks = self.loss_function, []
        if not state.tree:
            blocks.append(Block("losses", "1", 2, loss.loss_bound, "how far predictions are off so far"))
        nodes = wanted(state.active)
        if nodes:
            size = len(nodes) * self._binning(state.cuts).total * 3
            reveals = "by node and bin of every column, summed gradients, curvatures and people"
            blocks.append(Block("histograms", "1", size, loss.gradient_bound, reveals))
        return tuple(blocks)

    def _bins_layout(self, state: BoostingState) -> Layout:
        if state.round == 0:
            blocks = [
                Block("rows", "1", 2, 1.0, "how many people teach the trees, and how many are held out"),
                Block("outcome sums", "1", 2, 1.0 + 2.0**-40, "the mean outcome of both"),
            ]
            return (*blocks, *(b for f in self.features for b in f.first_blocks(self.placed.limits)))
        return tuple(
            Block(f"{feature.column.name}: bins {k + 1}", "1", window.bins, 1.0, "where many people lie, finely")
            for place, feature in enumerate(self.features)
            for k, window in enumerate(bins_of.windows(state.order, place))
        )

    def tally(self, batch: Batch, state: BoostingState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The counts or histograms of one batch of rows that have an outcome."""
        if state.phase == BINS:
            return self._counts(batch, state)
        if not batch.rows:
            return np.zeros(length(self.layout(state)))
        rows = self._rows(batch, state)
        if state.phase == GROW:
            return rows.sums(state)
        keys = told.score_keys(state, self.placed.limits)
        places, y = keys(rows.margins(state.base, state.trees)), self._y(batch)
        groups = [rows.teaching, *([rows.held] if state.held_out else [])]
        counts = [
            np.bincount(places[group], weights=weight[group], minlength=keys.count)
            for group in groups
            for weight in (y, 1.0 - y)
        ]
        return np.concatenate(counts)

    def _counts(self, batch: Batch, state: BoostingState) -> Array:
        if state.round == 0:
            y, held, limits = self._y(batch), self._held(batch), self.placed.limits
            n, held_n = float(np.count_nonzero(~held)), float(np.count_nonzero(held))
            head = np.array([n, held_n, y[~held].sum(), y[held].sum()])
            return np.concatenate([head, *(f.first_counts(batch, limits) for f in self.features)])
        parts = []
        for place, feature in enumerate(self.features):
            sought = bins_of.windows(state.order, place)
            keys = feature.places(batch) if sought else np.zeros(0, dtype=np.int64)
            parts += [window.count(keys) for window in sought]
        return np.concatenate(parts)

    @cached_property
    def _memory(self) -> WeakKeyDictionary[Batch, BoostedRows]:
        """What is known of the batches that are still in memory: only ever what their rows and a state give anew."""
        return WeakKeyDictionary()

    @cached_property
    def _binnings(self) -> dict[str, Binning]:
        return {}

    def _binning(self, cuts: str) -> Binning:
        """The bins behind their text, read once."""
        binning = self._binnings.get(cuts)
        if binning is None:
            self._binnings.clear()
            binning = self._binnings[cuts] = Binning.unpack(self.features, cuts)
        return binning  # not read again: another thread may have cleared it meanwhile

    def _rows(self, batch: Batch, state: BoostingState) -> BoostedRows:
        rows = self._memory.get(batch)
        if rows is None or rows.cuts != state.cuts:
            binning = self._binning(state.cuts)
            rows = BoostedRows(
                binning(batch), self._y(batch), self._held(batch), binning, state.cuts, self.loss_function, self.grain
            )
            self._memory[batch] = rows
        return rows

    def condense(self, partial: Array, state: BoostingState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: BoostingState) -> BoostingState | Result:
        """Finer bins, a level more, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == BINS:
            return self._after_counts(total, state)
        if state.phase == SCORE:
            return self._result(state, total)
        state = grown(total, state, self._binning(state.cuts), self._growth)
        is_judged = state.phase == SCORE and self.loss_function.name != "logistic"
        return self._result(state, np.zeros(0)) if is_judged else state

    def _after_counts(self, total: Array, state: BoostingState) -> BoostingState:
        limits = self.placed.limits
        if state.round == 0:
            n, held = round(total[0]), round(total[1])
            outcome = (float(total[2]), float(total[3]))
            state = dataclasses.replace(state, n=n, held_out=held, outcome=outcome)
            self._check(state)
            learned = bins_of.learn_first(self.features, total[4:], self.bins, limits)
            state = dataclasses.replace(
                state, counts=np.concatenate(learned.counts), missing=learned.missing, order=learned.order
            )
        else:
            n = state.n + state.held_out
            shares = tuple((n - missing) // self.bins for missing in state.missing)
            state = dataclasses.replace(state, order=bins_of.learn_later(self.features, state.order, total, shares))
        if any(span > 1 for _, _, _, span, _ in state.order):
            return dataclasses.replace(state, round=state.round + 1)
        sizes = np.cumsum([f.window(limits).bins for f in self.features])[:-1]
        learned = bins_of.Learned(tuple(np.split(state.counts, sizes)), state.missing, state.order)
        binning = bins_of.finished(self.features, learned, self.bins, limits)
        base = self.loss_function.start(state.outcome[0] / state.n)
        return planted(state, binning, base)

    def _check(self, state: BoostingState) -> None:
        """Enough people, of each outcome class too, among those who teach and those held out."""
        least = 2 * self.rules.rows_min
        if state.n < max(least, 2):
            raise CohortTooSmall(
                f"Fewer than {least} people teach the trees, so that none can be split.",
                remedy="Choose smaller leaves (rows_min), hold fewer out, or a larger cohort.",
            )
        limits, label = self.placed.limits, self.columns[0]
        if 0 < state.held_out < limits.minimum_cell:
            raise CohortTooSmall(
                f"Fewer than {limits.minimum_cell} people are held out.", remedy="Hold out more, or nobody.",
                clause="D.min_cell",
            )  # fmt: skip
        loss, mean = self.loss_function, state.outcome[0] / state.n
        if self.indicator is not None:
            check_classes(state.n, round(state.outcome[0]), self.indicator.label, limits)
            if state.held_out and limits.minimum_cell > 1:
                check_classes(state.held_out, round(state.outcome[1]), self.indicator.label, limits)
            return
        column = self.placed.dictionary[label]
        for n, summed in zip((state.n, state.held_out), state.outcome, strict=True):
            if n:
                check_values(column, n, n * loss.centre + loss.half_width * summed, limits)
        if loss.name == "poisson" and mean <= 0.0:
            raise OutcomeConstant(f"The outcome '{label}' is zero for everybody.", remedy="Choose one that varies.")

    def _result(self, state: BoostingState, total: Array) -> Result:
        binning, loss, trees = self._binning(state.cuts), self.loss_function, told.all_levels(state)
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


def _directions(value: Any) -> tuple[tuple[str, int], ...]:
    """Directions by column.

    Raises:
        UsageError: if they are not an object of 1 and -1.
    """
    if not isinstance(value, Mapping) or len(value) > FEATURES_MAX:
        raise UsageError("The setting 'monotone' is no object.", remedy='Write {"age": 1}.')
    for name, sign in value.items():
        if not isinstance(name, str) or isinstance(sign, bool) or sign not in (1, -1):
            raise UsageError("A direction in 'monotone' is neither 1 nor -1.", remedy='Write {"age": 1}.')
    return tuple(sorted((name, int(sign)) for name, sign in value.items()))
