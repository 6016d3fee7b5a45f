"""Incidence rates, their ratios and direct standardisation over sites that keep their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._rate_tables import band_rows, group_rates, rate_row, ratio_rows
from summand.methods.survival._survival import SurvivalMethod
from summand.tables import Array, Batch

BANDS_MAX = 50


@dataclass(frozen=True)
class RatesState(State):
    """There is one round, and nothing to remember.

    Attributes:
        round: Always 0.
    """

    round: int


@dataclass(frozen=True)
class Rates(SurvivalMethod):
    """Events by person-time of groups, with ratios to the first group, and standardised to bands of a column.

    A rate is the number of events divided by the sum of follow-up times; its interval is the exact one of a Poisson
    count (Garwood's) or Byar's approximation. Ratios to the first group have the exact interval given the sum of events.
    With ``by``, ``cuts`` and ``standard``, each group's rate is also standardised: the mean of the rates of its bands, weighted
    by the standard population, with Fay and Feuer's gamma interval (with Byar's limits, Dobson's); ratios of standardised
    rates have an interval on the log scale.

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``~ group``; the first level is the reference. With ``Surv(start, stop,
            status)`` each row adds its own time under observation, and rows are what is counted.
        per: Rates are given per so much follow-up time, in the unit of the time column.
        interval: ``exact`` or ``byar``.
        by: A numeric column, such as the age at the beginning; empty for no standardisation.
        cuts: Where its bands begin, ascending: ``(40, 60)`` makes below 40, 40 to below 60, and 60 and over.
        standard: The standard population's size in each band, one more than ``cuts``.

    Reveals: in one round, people, events and person-time of each group and band over all sites: no time of any one. There is
        no grid of times. Where the limits have a minimum cell, a group's rate is left out if fewer people than that
        have the event or do not, and the rates of its bands, with its standardised rate, if that is so in any band.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.

    Source: Breslow & Day (1987), Statistical Methods in Cancer Research II, ch. 2; Fay & Feuer (1997), Statist. Med. 16(7).
    """

    formula: str
    per: float = 1.0
    interval: str = "exact"
    by: str = ""
    cuts: tuple[float, ...] = ()
    standard: tuple[float, ...] = ()
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "rates"
    title: ClassVar[str] = "Incidence rates"
    state_type: ClassVar[type[State]] = RatesState
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
        method.follow_up  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.grouping  # noqa: B018
        if self.by and not setting.dictionary[self.by].is_numeric:
            raise FormulaInvalid(f"Column '{self.by}' is not numeric.", remedy="Bands are cut from a numeric column.")
        return method

    def check(self) -> None:
        """Refuse settings that do not fit each other.

        Raises:
            UsageError: naming the setting.
        """
        _spec.choice({"interval": self.interval}, "interval", ("exact", "byar"))
        _spec.number({"per": self.per}, "per", 1.0, 1e-9, 1e15)
        if not self.by and (self.cuts or self.standard):
            raise UsageError("There are bands but no column.", remedy="Set 'by' to the column that is cut into bands.")
        if self.by and (len(self.standard) != len(self.cuts) + 1 or len(self.standard) > BANDS_MAX):
            raise UsageError(
                f"{len(self.cuts)} cuts make {len(self.cuts) + 1} bands, and the standard has {len(self.standard)}.",
                remedy=f"Give one standard population for each band, at most {BANDS_MAX}.",
            )
        if any(later <= earlier for earlier, later in zip(self.cuts, self.cuts[1:], strict=False)):
            raise UsageError("The cuts do not ascend.", remedy="Give them in ascending order, none twice.")
        if self.by and (min(self.standard) < 0.0 or not sum(self.standard) > 0.0):
            raise UsageError("The standard population is negative or empty.", remedy="Give sizes of at least 0.")

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "formula": self.formula, "per": self.per, "interval": self.interval, "by": self.by,
            "cuts": list(self.cuts), "standard": list(self.standard),
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "per", "interval", "by", "cuts", "standard"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.number(settings, "per", 1.0, 1e-9, 1e15),
            _spec.choice(settings, "interval", ("exact", "byar")),
            _spec.text(settings, "by", ""),
            _spec.numbers(settings.get("cuts", ()), "cuts"),
            _spec.numbers(settings.get("standard", ()), "standard"),
        )
        method.parsed  # noqa: B018
        method.check()
        return method

    @cached_property
    def grouping(self) -> Grouping:
        """Whose rates are given."""
        return Grouping.of(self.parsed, self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys([*self.parsed.columns, *([self.by] if self.by else [])]))

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.grouping), len(self.cuts) + 1

    def parameter_count(self) -> int:
        """None are estimated."""
        return 0

    def start(self) -> RatesState:
        """Nothing known."""
        return RatesState(0)

    def layout(self, state: RatesState) -> Layout:  # noqa: ARG002 — the protocol's signature
        """People, events and person-time of each group and band."""
        cells, latest = int(np.prod(self._shape)), max(self.follow_up.latest, 1e-300)
        return (
            Block("people by group and band", "1", cells, 1.0, "how many people each group and band has"),
            Block("events by group and band", "1", cells, 1.0, "how many of them have the event"),
            Block("person-time by group and band", "time", cells, latest, "how long they were followed together"),
        )

    def tally(self, batch: Batch, state: RatesState, local: Local) -> Array:  # noqa: ARG002 — the protocol's signature
        """One batch of complete rows -> counts and person-time, shape (3 * groups * bands,)."""
        times, events = self.follow_up.read(batch)
        groups, bands = self._shape
        starts = self.follow_up.read_entries(batch, times)
        followed = times if starts is None else times - starts
        cell = self.grouping.codes(batch) * bands
        if self.by:
            cell = cell + np.searchsorted(np.asarray(self.cuts), batch.number(self.by), side="right")
        sums = [np.bincount(cell, weights=weights, minlength=groups * bands) for weights in (None, events, followed)]
        return np.concatenate(sums).astype(np.float64)

    def condense(self, partial: Array, state: RatesState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002 — the protocol's signature
        """The sums themselves."""
        return partial, local

    def update(self, total: Array, state: RatesState) -> Result:
        """The rates."""
        check_length(total, length(self.layout(state)))
        people, events, times = total.reshape(3, *self._shape)
        people, events = np.rint(people), np.rint(events)
        self.grouping.check_sizes(people.sum(axis=1), self.placed.limits)
        weights = np.asarray(self.standard) / sum(self.standard) if self.by else None
        cell = self.placed.limits.minimum_cell
        rates = group_rates(
            self.grouping.labels, people, events, times / self.per, weights, interval=self.interval, minimum_cell=cell
        )
        values: dict[str, Any] = {
            "per": self.per,
            "interval": self.interval,
            "rates": [rate_row(rate, self.interval) for rate in rates],
            "ratios": ratio_rows(rates),
        }
        warnings = []
        if not all(rate.is_shown for rate in rates):
            warnings.append(f"A group in which fewer than {cell} people have, or do not have, the event has no rate.")
        if self.by:
            values["bands"] = [row for rate in rates for row in band_rows(rate, self.cuts, self.interval, cell)]
            if any(rate.standard is None for rate in rates if rate.is_shown):
                warnings.append("A group with nobody in a band of the standard population has no standardised rate.")
            if {row["group"] for row in values["bands"]} != {rate.group for rate in rates}:
                warnings.append(
                    f"The bands of a group are left out, and its standardised rate, where in one fewer than {cell} people "
                    "have, or do not have, the event."
                )
        return Result(self.name, values, tuple(warnings))
