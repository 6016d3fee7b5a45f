"""Kaplan and Meier's survival curve over sites that keep their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from summand.methods import _spec
from summand.methods._protocol import Setting
from summand.methods.survival._group_times import GroupTimes
from summand.methods.survival._grouped import GroupedMethod
from summand.methods.survival._product_limit import CONF_TYPES, product_limit
from summand.methods.survival._settings import chosen_times
from summand.tables import Count


@dataclass(frozen=True)
class KaplanMeier(GroupedMethod):
    """Survival curves by the product-limit estimate, equal to the pooled curve.

    With d_j events among the n_j at risk at time t_j, ``S(t) = prod over t_j <= t of (1 - d_j / n_j)``. The variance is
    Greenwood's, the 95 % interval is symmetric on the scale ``log(-log S)`` unless another is chosen, and the median is
    the first time with ``S <= 1/2`` (None if the curve stays above); its interval holds the times at which the curve's
    own interval does not exclude 1/2.

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``Surv(time, status) ~ group``; the group is a category, or a numeric
            column with levels in the dictionary. ``Surv(start, stop, status)`` for those who come under observation
            late: a row is at risk after ``start`` and up to ``stop``; ``n`` then counts rows. Under limits a study takes
            one row for each person.
        conf_type: ``log-log``, ``log`` or ``plain``.
        times: Where the survival is asked for by itself.

    Reveals: how many people leave at each time of a grid that is learned first, then how many of each group leave there
        with and without the event, and with ``start``, how many enter. Where the limits allow exact times the grid is
        every distinct time. Else it is coarse: of round width, and merged until every step holds at least
        ``minimum_cell`` exits of every group, and no entries of a group or as many. A time then counts as the end of
        its step, events before other exits, and a start as the beginning of its step: the product-limit estimate of
        the times rounded, which a warning says. A curve tells the events of a step to whoever knows those at risk;
        that each step pools at least ``minimum_cell`` exits is what protects. A group with fewer events than that gets
        no curve.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        OutcomeConstant: from `update`, if there is nobody at all.

    Source: Kaplan & Meier (1958), JASA 53(282), section 2 (events before losses at the same time); Greenwood (1926),
        Reports on Public Health and Medical Subjects 33; intervals: Kalbfleisch & Prentice (2002), section 1.4;
        Brookmeyer & Crowley (1982), Biometrics 38(1), 29-41.
    """

    conf_type: str = "log-log"
    times: tuple[float, ...] = ()

    name: ClassVar[str] = "km"
    title: ClassVar[str] = "Kaplan–Meier"

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
            UsageError: if a setting is none of its choices.
        """
        _spec.choice({"conf_type": self.conf_type}, "conf_type", CONF_TYPES)
        chosen_times({"times": self.times})
        return super().under(setting)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "conf_type": self.conf_type, "times": list(self.times)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "conf_type", "times"))
        conf_type = _spec.choice(settings, "conf_type", CONF_TYPES)
        method = cls(_spec.text(settings, "formula"), conf_type=conf_type, times=chosen_times(settings))
        method.parsed  # noqa: B018
        return method

    def found(self, table: GroupTimes) -> dict[str, Any]:
        """The curves of the groups with somebody in them, and the survival at the chosen times."""
        groups, chosen = [], []
        for j, label in enumerate(self.grouping.labels):
            people, happened = int(table.exits[j].sum()), int(table.events[j].sum())
            row = {"group": label, "n": Count(people), "events": Count(happened)}
            if people and happened < self.placed.limits.minimum_cell:
                # a curve tells the number of events, which may not be shown
                groups.append({**row, "median": None, "curve": None})
            elif people:
                curve = product_limit(table.times, table.events[j], table.exits[j], table.at_risk[j], self.conf_type)
                low, high = curve.median_interval
                median = {"median": curve.median, "median_low": low, "median_high": high}
                groups.append({**row, **median, "curve": curve.to_json()})
                chosen += [{"group": label, **curve.at(time)} for time in self.times]
        return {"groups": groups, **({"survival_at": chosen} if self.times else {})}
