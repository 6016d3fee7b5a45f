"""Interrupted time series: level and slope of a series before and after a change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.causes._arms import Arms
from summand.methods.causes._interrupted_update import result_of
from summand.methods.causes._measured import Measured, outcome_columns
from summand.methods.causes._periods import Values, cell_sums
from summand.tables import Array, Batch

SEASON_MOST, HARMONICS_MOST, LAGS_MOST = 366, 6, 60
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class PeriodState(State):
    """Nothing travels between rounds: there is one."""

    round: int


@dataclass(frozen=True)
class InterruptedTimeSeries(Placed):
    """Whether a series changed its level or its slope when something began.

    For period t and the change in period c, ``b0 + b1 t + b2 [t ≥ c] + b3 (t − c) [t ≥ c]`` and seasonal terms are fitted
    to the totals of the periods over all sites. The counterfactual is the same without b2 and b3, and the effect in a
    period the difference of both, or their ratio. With a control series both have these terms, and what counts is by how
    much the treated one's changes differ.

    Args:
        outcome: A numeric column, or two-valued; not used with ``measure="count"``.
        period: The column of periods, in equal steps.
        change: The first period after the change, as the data write it.
        measure: ``mean`` of the outcome, its ``total``, or the ``count`` of rows.
        model: ``linear``; ``poisson`` for events: a rate per row with ``mean``, else a number; ``logistic`` for shares.
        errors: ``newey_west`` allows for memory and unequal variances, ``prais_winsten`` models first-order memory
            (linear only), ``independent`` neither. Poisson and logistic errors then account for overdispersion.
        lags: Of Newey–West, -1 for the usual rule.
        season: Periods in a season, 12 for months in a year; 0 for none.
        harmonics: Pairs of sine and cosine for the season.
        control: A two-valued column: its first level is the control series, its second the treated one; empty for none.

    Reveals: people and the outcome's sum in each period, for each series, over all sites.

    Raises:
        CohortTooSmall: where a period has too few people.
        SingularInformation: where a period is empty, or terms are combinations of others.
        NotConverged: where a Poisson or logistic fit has no end.

    Source: Wagner et al. (2002), Journal of Clinical Pharmacy and Therapeutics 27(4); Lopez Bernal, Cummins & Gasparrini
        (2017), International Journal of Epidemiology 46(1); for two series Driscoll & Kraay (1998), Review of Economics
        and Statistics 80(4): scores are summed over the series of a period.
    """

    outcome: str
    period: str
    change: str
    measure: str = "mean"
    model: str = "linear"
    errors: str = "newey_west"
    lags: int = -1
    season: int = 0
    harmonics: int = 1
    control: str = ""
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "interrupted_time_series"
    title: ClassVar[str] = "Interrupted time series"
    state_type: ClassVar[type[State]] = PeriodState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if the settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        method.series  # noqa: B018 — both read the dictionary, and say now what does not fit
        measured = method.measured
        if measured is not None and method.model == "logistic" and not measured.is_binary:
            raise FormulaInvalid("A logistic series needs a two-valued outcome.", remedy="Write it like: days > 30.")
        if measured is not None and method.model == "poisson" and measured.low < 0.0:
            raise FormulaInvalid(
                "A Poisson series needs an outcome that is not negative.", remedy="Use model='linear'."
            )
        if not 0 < method.change_place < len(method.periods) - 1:
            raise FormulaInvalid(
                f"The change '{method.change[:40]}' is not a period of '{method.period}' with periods before and after.",
                remedy="Name the first period after the change, as the data write it.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = (f.name for f in dataclasses.fields(self) if f.name != "setting")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = tuple(f.name for f in dataclasses.fields(cls) if f.name != "setting")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "outcome", ""),
            _spec.text(settings, "period"),
            _spec.text(settings, "change"),
            _spec.choice(settings, "measure", ("mean", "total", "count")),
            _spec.choice(settings, "model", ("linear", "poisson", "logistic")),
            _spec.choice(settings, "errors", ("newey_west", "prais_winsten", "independent")),
            _spec.whole(settings, "lags", -1, -1, LAGS_MOST),
            _spec.whole(settings, "season", 0, 0, SEASON_MOST),
            _spec.whole(settings, "harmonics", 1, 1, HARMONICS_MOST),
            _spec.text(settings, "control", ""),
        )
        if (method.measure == "count") is bool(method.outcome):
            raise UsageError(
                "A count of rows has no outcome, and every other measure has one.",
                remedy="Give an outcome, or measure='count' without one.",
            )
        if method.errors == "prais_winsten" and method.model != "linear":
            raise UsageError("Prais–Winsten errors are for the linear model.", remedy="Use errors='newey_west'.")
        if method.model == "logistic" and method.measure != "mean":
            raise UsageError("A logistic series is one of shares.", remedy="Use measure='mean', or model='poisson'.")
        if method.season == 1 or (method.season and 2 * method.harmonics >= method.season):
            raise UsageError("A season is too short for its harmonics.", remedy="Ask for fewer harmonics.")
        method.columns  # noqa: B018 — parses the outcome
        return method

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        outcome = outcome_columns(self.outcome) if self.outcome else ()
        return tuple(dict.fromkeys(name for name in (*outcome, self.period, self.control) if name))

    @cached_property
    def measured(self) -> Measured | None:
        """The outcome over the dictionary; None where rows are counted."""
        return Measured.of(self.outcome, self.placed.dictionary) if self.outcome else None

    @cached_property
    def periods(self) -> Values:
        """The periods."""
        return Values.of(self.period, self.placed.dictionary)

    @cached_property
    def change_place(self) -> int:
        """The place of the first period after the change; 0 where there is no such period."""
        labels = self.periods.labels
        return labels.index(self.change) if self.change in labels else 0

    @cached_property
    def series(self) -> Arms | None:
        """Control and treated series; None where there is one only.

        Raises:
            FormulaInvalid: if the column has other than two levels.
        """
        if not self.control:
            return None
        arms = Arms.of(self.control, self.placed.dictionary)
        if len(arms) != 2:
            raise FormulaInvalid(f"The control column '{self.control}' has not two levels.", remedy="Merge its levels.")
        return arms

    @property
    def shape(self) -> tuple[int, int]:
        """Series and periods."""
        return (1 if self.series is None else 2), len(self.periods)

    def parameter_count(self) -> int:
        """Level and slope before, their changes, for each series; and the season's terms."""
        return 4 * self.shape[0] + (2 * self.harmonics if self.season else 0)

    def start(self) -> PeriodState:
        """Nothing known yet."""
        return PeriodState(0)

    def layout(self, state: PeriodState) -> Layout:  # noqa: ARG002 — one round
        """People, and the outcome's sum, in each period."""
        cells = self.shape[0] * self.shape[1]
        blocks = [Block("people", "1", cells, 1.0, "how many people each period has")]
        if self.measured is not None:
            blocks.append(Block("outcome", "1", cells, SLACK, f"the mean of {self.measured.label} in each period"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: PeriodState, local: Local) -> Array:  # noqa: ARG002 — no state, no memory
        """Sums of one batch of complete rows by series and period."""
        place = self.periods(batch)
        if self.series is not None:
            place = self.series.membership(batch).argmax(axis=0) * len(self.periods) + place
        y = np.zeros(batch.rows) if self.measured is None else self.measured.scaled(batch)
        sums = cell_sums(place, y, self.shape[0] * self.shape[1])
        return sums[: 1 + (self.measured is not None)].ravel()

    def condense(self, partial: Array, state: PeriodState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: PeriodState) -> Result:
        """The fit of the totals."""
        check_length(total, length(self.layout(state)))
        return result_of(total, self)
