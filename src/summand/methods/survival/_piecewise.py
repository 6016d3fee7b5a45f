"""Piecewise exponential regression over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._own_intercept import OwnIntercept, eliminate
from summand.methods._placed import check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods.formulas._design import Design
from summand.methods.survival._by_group import Codes, Grouping
from summand.methods.survival._piecewise_layout import ascent_layout, furthest_up, survey_layout
from summand.methods.survival._piecewise_state import PiecewiseState
from summand.methods.survival._piecewise_sums import FURTHEST, exposure, interval_of, poisson_sums
from summand.methods.survival._piecewise_update import after_ascent, after_survey, free_intervals, learned_cuts
from summand.methods.survival._survival import SurvivalMethod
from summand.methods.survival._times import TimeGrid, TimesState
from summand.tables import Array, Batch

INTERVALS_MAX = 50
CHUNK_ROWS = 2048


@dataclass(frozen=True)
class PiecewiseExponential(SurvivalMethod):
    """Rates that are constant within intervals of follow-up, and their ratios, equal to the pooled Poisson regression.

    The hazard is ``exp(alpha_k + x @ beta)`` in interval k: events given person-time are Poisson counts, and
    ``exp(beta)`` is a hazard ratio. Intervals are open on the left and closed on the right, and the last one has no end.

    Args:
        formula: Such as ``Surv(time, status) ~ age + C(sex)``, with an intercept; ``~ 1`` for rates alone. Where one
            column with levels stands on the right, rates are also given by interval and group. With ``Surv(start, stop,
            status)`` a row is followed from its start on, and rows are what is counted: with start and stop as ages,
            the intervals are bands of attained age.
        cuts: Where one interval ends and the next begins, ascending, above 0; none: they are learned.
        intervals: How many intervals of about equally many events, where no cuts are given.
        site: ``pooled``: the same rates for all; ``fixed``: each site's rates are higher or lower by a factor of its own,
            which is eliminated at the site and never sent; baseline rates then have no place in the result.

    Reveals: where cuts are learned, how many people have the event in each of at most 256 slots of round width; then
        people, events and person-time by interval (and group), and how many people each level has; then per round
        log-likelihood, score and information over all sites. The intervals are all the result shows of time. Where the
        limits have a minimum cell, every interval must hold as many events, learned intervals are made
        so, and rates by interval and group are left out if one of them is about fewer.

    Raises:
        OutcomeConstant, SingularInformation, Separation, NotConverged: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where an interval has fewer events, or a level fewer people, than the limits ask.

    Source: Holford (1980), Biometrics 36(2), 299-305; Laird & Olivier (1981), JASA 76(374), 231-240.
    """

    formula: str
    cuts: tuple[float, ...] = ()
    intervals: int = 4
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "piecewise_exponential"
    title: ClassVar[str] = "Piecewise exponential regression"
    state_type: ClassVar[type[State]] = PiecewiseState
    complete_cases: ClassVar[bool] = True
    late_entry: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary.
        """
        self.check()
        method = dataclasses.replace(self, setting=setting)
        if self.cuts and not self.cuts[-1] < method.follow_up.latest:
            raise UsageError(
                "The last cut is not before the dictionary's largest time.",
                remedy="Leave out cuts that nobody reaches.",
            )
        if not method.parsed.intercept:
            raise FormulaInvalid(
                "The rates of the intervals take the place of the intercept.", remedy="Leave '- 1' out."
            )
        method.design  # noqa: B018 — parses against the dictionary, and says now what does not fit
        return method

    def check(self) -> None:
        """Refuse settings that do not fit each other.

        Raises:
            UsageError: naming the setting.
        """
        _spec.choice({"site": self.site}, "site", ("pooled", "fixed"))
        _spec.whole({"intervals": self.intervals}, "intervals", 4, 1, INTERVALS_MAX)
        if len(self.cuts) >= INTERVALS_MAX or any(cut <= 0.0 for cut in self.cuts):
            raise UsageError(
                f"The cuts are more than {INTERVALS_MAX - 1}, or not above 0.", remedy="Cut within the follow-up."
            )
        if any(later <= earlier for earlier, later in zip(self.cuts, self.cuts[1:], strict=False)):
            raise UsageError("The cuts do not ascend.", remedy="Give them in ascending order, none twice.")

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        settings = {"cuts": list(self.cuts), "intervals": self.intervals, "site": self.site}
        return {"name": self.name, "formula": self.formula, **settings}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "cuts", "intervals", "site"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.numbers(settings.get("cuts", ()), "cuts"),
            _spec.whole(settings, "intervals", 4, 1, INTERVALS_MAX),
            _spec.choice(settings, "site", ("pooled", "fixed")),
        )
        method.parsed  # noqa: B018
        method.check()
        return method

    @cached_property
    def design(self) -> Design:
        """The design of the right side; its first column is the constant, for which the log rates stand."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=True)

    @cached_property
    def grouping(self) -> Grouping:
        """Whose rates are given by interval: the levels of the only column on the right, or everybody."""
        try:
            return Grouping.of(self.parsed, self.placed.dictionary)
        except FormulaInvalid:
            return Grouping(None, ("all",), (0.0,))

    @cached_property
    def slots(self) -> TimeGrid:
        """The histogram in which cut points are found, coarse whatever the limits."""
        column = self.placed.dictionary[self.follow_up.time]
        return TimeGrid(*column.range, column.step, max(self.placed.limits.minimum_cell, 1))

    @property
    def _slot_state(self) -> TimesState:
        return self.slots.start()

    @property
    def _is_fixed(self) -> bool:
        return self.site == "fixed"

    @property
    def _unit(self) -> float:
        return self.follow_up.latest or 1.0

    def parameter_count(self) -> int:
        """How many parameters it estimates: rates, coefficients, and with ``fixed`` one for each site."""
        intervals = len(self.cuts) + 1 if self.cuts else self.intervals
        return intervals + len(self.design) - 1 + (self.placed.site_count - 1 if self._is_fixed else 0)

    def start(self) -> PiecewiseState:
        """No rates known, and no cuts where they are learned."""
        none, table = np.zeros(0), np.zeros((len(self.grouping), 0))
        learns = not self.cuts and self.intervals > 1
        return PiecewiseState(
            round=0, accepted=none, step=none, step_size=1.0, log_likelihood=0.0, decrement=0.0, steady=0, n=0,
            phase="cuts" if learns else "survey", cuts=np.asarray(self.cuts, dtype=np.float64),
            people=np.zeros(len(self.grouping)), events=table, times=table, sites_without_events=0,
        )  # fmt: skip

    def layout(self, state: PiecewiseState) -> Layout:
        """Events by slot while cuts are learned, events and person-time, then log-likelihood, score and information."""
        if state.phase == "cuts":
            return self.slots.layout(self._slot_state)
        if state.phase == "survey":
            return survey_layout(self.design, len(self.grouping), len(state.cuts) + 1, fixed=self._is_fixed)
        return ascent_layout(state, self.placed.rows_max, fixed=self._is_fixed)

    def tally(self, batch: Batch, state: PiecewiseState, local: Local) -> Array:
        """One batch of complete rows -> counts, person-time, or sums of the likelihood."""
        times, happened = self.follow_up.read(batch)
        if state.phase == "cuts":
            return self.slots.tally(times[happened], self._slot_state)
        events, interval = happened.astype(np.float64), interval_of(times, state.cuts)
        starts = self.follow_up.read_entries(batch, times)
        if state.phase == "survey":
            return self._survey(batch, self._exposure(times, starts, state.cuts), events, interval)
        k, p = len(state.cuts) + 1, len(self.design) - 1
        free = free_intervals(state, fixed=self._is_fixed)
        log_rates = np.full(k, -np.inf)
        log_rates[state.event_counts > 0.5] = 0.0
        log_rates[free] = state.beta[: len(free)]
        own = OwnIntercept.at(state, local).value(state.step_size, FURTHEST) if self._is_fixed else 0.0
        most = furthest_up(self.placed.rows_max)
        total = np.zeros(3 + (1 + k + p) + (1 + k + p) * (2 + k + p) // 2)
        x = np.ones((p + 1, min(CHUNK_ROWS, max(batch.rows, 1))))
        for first in range(0, batch.rows, CHUNK_ROWS):
            rows = slice(first, min(first + CHUNK_ROWS, batch.rows))
            z = self.design.matrix(batch, rows, out=x[:, : rows.stop - rows.start])[:, 1:]
            exposed = self._exposure(times[rows], None if starts is None else starts[rows], state.cuts)
            sums = poisson_sums(z, exposed, events[rows], interval[rows], log_rates, state.beta[len(free) :], own, most)
            head = [sums.rows_cut_off, float(events[rows].sum()), sums.log_likelihood]
            total += np.concatenate([head, sums.score, upper(sums.information)])
        return total

    def _exposure(self, times: Array, starts: Array | None, cuts: Array) -> Array:
        """How long each row is followed in each interval, shape (rows, intervals), in [0, 1]."""
        exposed = exposure(times, cuts, self._unit)
        return exposed if starts is None else exposed - exposure(starts, cuts, self._unit)

    def _survey(self, batch: Batch, exposed: Array, events: Array, interval: Codes) -> Array:
        """People by group, events and person-time by group and interval, and sizes of the design's groups."""
        groups, k = len(self.grouping), exposed.shape[1]
        codes = self.grouping.codes(batch)
        happened = np.bincount(codes * k + interval, weights=events, minlength=groups * k)
        followed = [exposed[codes == j].sum(axis=0) for j in range(groups)]
        levels = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
        return np.concatenate([np.bincount(codes, minlength=groups), happened, *followed, levels]).astype(np.float64)

    def condense(self, partial: Array, state: PiecewiseState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, after its own factor is eliminated. Without events a site adds zero."""
        groups, k, p = len(self.grouping), len(state.cuts) + 1, len(self.design) - 1
        if state.phase == "survey" and self._is_fixed:
            people, events = partial[:groups].sum(), partial[groups : groups + groups * k].sum()
            return np.concatenate([partial, [float(people > 0.0 and events == 0.0)]]), local
        if state.phase != "ascent":
            return partial, local
        used = np.concatenate([[0], 1 + free_intervals(state, fixed=self._is_fixed), np.arange(1 + k, 1 + k + p)])
        score = partial[3 : 4 + k + p][used]
        information = symmetric(partial[4 + k + p :], 1 + k + p)[np.ix_(used, used)]
        if not self._is_fixed:
            return np.concatenate([partial[[0, 2]], score[1:], upper(information[1:, 1:])]), local
        own = OwnIntercept.at(state, local)
        if partial[1] == 0.0:
            q = len(used) - 1
            return np.zeros(3 + q + q * (q + 1) // 2), own.kept(0.0, 0.0, 0.0, np.zeros(q))
        kept = own.kept(own.value(state.step_size, FURTHEST), score[0], information[0, 0], information[0, 1:])
        shared = eliminate(score, information)
        decrement = min(shared.decrement, partial[1])
        return np.concatenate([partial[[0, 2]], shared.score, upper(shared.information), [decrement]]), kept

    def update(self, total: Array, state: PiecewiseState) -> PiecewiseState | Result:
        """The cuts, the state after the survey, one Newton step, half of one, or the result."""
        check_length(total, length(self.layout(state)))
        limits = self.placed.limits
        if state.phase == "cuts":
            ends = self.slots.slot_ends(self._slot_state)
            return learned_cuts(total, state, ends, self.intervals, limits)
        if state.phase == "survey":
            return after_survey(total, state, self.design, self.grouping, limits, fixed=self._is_fixed)
        found = after_ascent(total, state, self.design, self.grouping, limits, unit=self._unit, fixed=self._is_fixed)
        if isinstance(found, PiecewiseState):
            return found
        values, warnings = found
        return Result(self.name, {"site": self.site, **values}, warnings)
