"""Nelson and Aalen's cumulative hazard over sites that keep their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from summand.methods import _spec
from summand.methods._newton import NORMAL_975
from summand.methods._protocol import Setting
from summand.methods.survival._group_times import GroupTimes
from summand.methods.survival._grouped import GroupedMethod
from summand.methods.survival._product_limit import own_times
from summand.tables import Array, Count

CONF_TYPES = ("log", "plain")


@dataclass(frozen=True)
class NelsonAalen(GroupedMethod):
    """The cumulative hazard, ``H(t) = sum over t_j <= t of d_j / n_j``, equal to the pooled estimate.

    With d_j events among the n_j at risk at time t_j. Its variance is Aalen's, the sum of d_j / n_j^2; the 95 % interval
    is symmetric on the scale of ``log H`` (``log``), or of H itself, cut off at 0 (``plain``).

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``~ group``, or ``Surv(start, stop, status)``; as for `KaplanMeier`.
        conf_type: ``log`` or ``plain``.

    Reveals: as `KaplanMeier`: how many people of each group leave at each time of a grid, exact or coarse as the limits
        allow. On a coarse grid a time counts as the end of its step, and events of one step as simultaneous. A group
        with fewer events than ``minimum_cell`` gets no curve.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        OutcomeConstant: from `update`, if there is nobody at all.

    Source: Nelson (1972), Technometrics 14(4), 945-966; Aalen (1978), Annals of Statistics 6(4), 701-726; intervals:
        Klein & Moeschberger (2003), section 4.3.
    """

    conf_type: str = "log"

    name: ClassVar[str] = "nelson_aalen"
    title: ClassVar[str] = "Cumulative hazard (Nelson–Aalen)"

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
            UsageError: if a setting is none of its choices.
        """
        _spec.choice({"conf_type": self.conf_type}, "conf_type", CONF_TYPES)
        return super().under(setting)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "conf_type": self.conf_type}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "conf_type"))
        conf_type = _spec.choice(settings, "conf_type", CONF_TYPES)
        method = cls(_spec.text(settings, "formula"), conf_type=conf_type)
        method.parsed  # noqa: B018
        return method

    def found(self, table: GroupTimes) -> dict[str, Any]:
        """The cumulative hazards of the groups with somebody in them."""
        groups = []
        for j, label in enumerate(self.grouping.labels):
            people, happened = int(table.exits[j].sum()), int(table.events[j].sum())
            row = {"group": label, "n": Count(people), "events": Count(happened)}
            if people:
                shown = happened >= self.placed.limits.minimum_cell
                own = own_times(table.times, table.events[j], table.exits[j], table.at_risk[j])
                groups.append({**row, "curve": cumulative_hazard(*own, self.conf_type) if shown else None})
        return {"groups": groups}


def cumulative_hazard(times: Array, events: Array, at_risk: Array, conf_type: str) -> dict[str, list[float]]:
    """One group's cumulative hazard with its standard error and 95 % interval, by time.

    Args:
        times, events, at_risk: Of shape (times,); somebody is at risk at each.
    """
    hazard = np.cumsum(events / at_risk)
    std_error = np.sqrt(np.cumsum(events / at_risk**2))
    if conf_type == "plain":
        low, high = np.maximum(hazard - NORMAL_975 * std_error, 0.0), hazard + NORMAL_975 * std_error
    else:
        relative = std_error / np.where(hazard > 0.0, hazard, 1.0)
        low, high = hazard * np.exp(-NORMAL_975 * relative), hazard * np.exp(NORMAL_975 * relative)
    return {
        "time": times.tolist(),
        "cumulative_hazard": hazard.tolist(),
        "std_error": std_error.tolist(),
        "conf_low": low.tolist(),
        "conf_high": high.tolist(),
        "at_risk": at_risk.astype(np.int64).tolist(),
        "events": events.astype(np.int64).tolist(),
    }
