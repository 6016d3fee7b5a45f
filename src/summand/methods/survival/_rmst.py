"""Restricted mean survival time over sites that keep their rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import MethodError
from summand.methods import _spec
from summand.methods._newton import NORMAL_975, p_value
from summand.methods._protocol import Setting
from summand.methods.survival._group_times import GroupTimes
from summand.methods.survival._grouped import GroupedMethod
from summand.methods.survival._product_limit import Curve, product_limit
from summand.methods.survival._settings import horizon
from summand.tables import Count


@dataclass(frozen=True)
class RestrictedMean(GroupedMethod):
    """Mean survival time up to a horizon tau: the area under the product-limit curve from 0 to tau.

    The variance is the sum over event times t_j <= tau of ``A_j^2 d_j / (n_j (n_j - d_j))``, A_j being the area under
    the curve from t_j to tau. Every group is compared with the first: differences of means, and their ratios on the
    log scale (delta method).

    Args:
        formula: ``Surv(time, status) ~ 1`` or ``~ group``, or ``Surv(start, stop, status)``; as for `KaplanMeier`.
        tau: The horizon, in the unit of the times; None for the latest time up to which every group's curve is known.

    Reveals: as `KaplanMeier`: how many people of each group leave at each time of a grid, exact or coarse as the limits
        allow. On a coarse grid a time counts as the end of its step, so that a mean may be too long by up to a step's
        width. A group with fewer events than ``minimum_cell`` gets no mean.

    Raises:
        CohortTooSmall: from `update`, if a group has fewer people than ``minimum_cell``.
        MethodError: from `update`, if a group's curve ends before ``tau``; the longest horizon is told.

    Source: Irwin (1949), Journal of Hygiene 47, 188-189; variance: Klein & Moeschberger (2003), eq. 4.5.2; contrasts:
        Uno et al. (2014), Journal of Clinical Oncology 32(22), 2380-2385.
    """

    tau: float | None = None

    name: ClassVar[str] = "rmst"
    title: ClassVar[str] = "Restricted mean survival time"

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange: if the formula does not fit the dictionary.
            UsageError: if the horizon is no positive number.
        """
        horizon({"tau": self.tau}, "tau")
        return super().under(setting)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "tau": self.tau}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "tau"))
        method = cls(_spec.text(settings, "formula"), tau=horizon(settings, "tau"))
        method.parsed  # noqa: B018
        return method

    def found(self, table: GroupTimes) -> dict[str, Any]:
        """The means of the groups with somebody in them, and their contrasts with the first."""
        present = [j for j in range(len(self.grouping)) if table.exits[j].sum() > 0]
        tau = self._tau(table, present)
        groups, means = [], []
        for j in present:
            happened = int(table.events[j].sum())
            row = {"group": self.grouping.labels[j], "n": Count(int(table.exits[j].sum())), "events": Count(happened)}
            if happened < self.placed.limits.minimum_cell:
                groups.append({**row, **dict.fromkeys(("rmst", "std_error", "conf_low", "conf_high"))})
                continue
            curve = product_limit(table.times, table.events[j], table.exits[j], table.at_risk[j])
            mean = Mean.of(self.grouping.labels[j], curve, tau)
            groups.append({**row, **mean.to_json()})
            means.append(mean)
        contrasts = [contrast(other, means[0]) for other in means[1:]] if len(means) == len(present) else []
        return {"tau": tau, "groups": groups, "contrasts": contrasts}

    def _tau(self, table: GroupTimes, present: list[int]) -> float:
        """The horizon, once every group's curve is known to reach it.

        Raises:
            MethodError: if one does not.
        """
        longest = min(_known_until(table, j) for j in present)
        if self.tau is not None and self.tau > longest:
            raise MethodError(
                f"Not every group is followed until {self.tau:g}.", remedy=f"Choose a tau of at most {longest:g}."
            )
        if self.tau is None and math.isinf(longest):
            return float(table.times[-1])
        return longest if self.tau is None else self.tau


def _known_until(table: GroupTimes, j: int) -> float:
    """The last time of a group; without end where its curve has come down to 0."""
    last = int(np.flatnonzero(table.exits[j] > 0)[-1])
    ends_in_events = table.events[j, last] == table.at_risk[j, last]
    return math.inf if ends_in_events else float(table.times[last])


@dataclass(frozen=True)
class Mean:
    """A group's restricted mean.

    Attributes:
        group: The group's label.
        value, variance: In units of time, and their square.
    """

    group: str
    value: float
    variance: float

    @classmethod
    def of(cls, group: str, curve: Curve, tau: float) -> Self:
        """The area under a curve up to ``tau``, and its variance."""
        inside = curve.time < tau
        edges = np.append(curve.time[inside], tau)
        areas = np.diff(edges) * curve.survival[inside]
        left = np.cumsum(areas[::-1])[::-1]  # the area from each time to tau
        steps = np.diff(curve.log_variance[inside], prepend=0.0)
        return cls(group, float(areas.sum()), float(left**2 @ steps))

    def to_json(self) -> dict[str, Any]:
        """The mean with its 95 % interval."""
        error = math.sqrt(self.variance)
        return {
            "rmst": self.value, "std_error": error,
            "conf_low": self.value - NORMAL_975 * error, "conf_high": self.value + NORMAL_975 * error,
        }  # fmt: skip


def contrast(mean: Mean, reference: Mean) -> dict[str, Any]:
    """Difference and ratio of two groups' means."""
    estimate, error = mean.value - reference.value, math.sqrt(mean.variance + reference.variance)
    return {
        "contrast": f"{mean.group} - {reference.group}",
        "estimate": estimate,
        "std_error": error,
        "statistic": estimate / error if error > 0.0 else None,
        "p_value": p_value(estimate / error) if error > 0.0 else None,
        "conf_low": estimate - NORMAL_975 * error,
        "conf_high": estimate + NORMAL_975 * error,
        **_ratio(mean, reference),
    }


def _ratio(mean: Mean, reference: Mean) -> dict[str, float | None]:
    """The ratio of two means with its 95 % interval; none where all of a group leave by the event at time 0."""
    if min(mean.value, reference.value) <= 0.0:
        return dict.fromkeys(("ratio", "ratio_low", "ratio_high", "ratio_p_value"))
    error = math.sqrt(mean.variance / mean.value**2 + reference.variance / reference.value**2)
    logarithm = math.log(mean.value / reference.value)
    return {
        "ratio": math.exp(logarithm),
        "ratio_low": math.exp(logarithm - NORMAL_975 * error),
        "ratio_high": math.exp(logarithm + NORMAL_975 * error),
        "ratio_p_value": p_value(logarithm / error) if error > 0.0 else None,
    }
