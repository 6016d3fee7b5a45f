"""The tables of rates: each group's, their ratios, and those of its bands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.methods._newton import NORMAL_975
from summand.methods.survival._rate_intervals import LIMITS, Standardised, exact_ratio, standardised
from summand.tables import Array, Count


@dataclass(frozen=True)
class GroupRate:
    """What is known of one group with somebody in it.

    Attributes:
        group: Its label.
        people, events, times: By band, shape (bands,); person-time in the unit that rates are per.
        is_shown: Whether enough people have the event, and do not, that its rate may be shown.
        standard: Its standardised rate; None if there is none, or it may not be shown.
    """

    group: str
    people: Array
    events: Array
    times: Array
    is_shown: bool
    standard: Standardised | None


def group_rates(
    labels: Sequence[str],
    people: Array,
    events: Array,
    times: Array,
    weights: Array | None,
    *,
    interval: str,
    minimum_cell: int,
) -> list[GroupRate]:
    """The groups with somebody in them.

    Args:
        labels: Of the groups.
        people, events, times: Shape (groups, bands).
        weights: The standard population's shares, shape (bands,); None if nothing is standardised.
        interval: ``exact`` or ``byar``.
        minimum_cell: The fewest people that a figure may be about.
    """
    found = []
    for j, label in enumerate(labels):
        if people[j].sum() < 0.5:
            continue
        shown = _enough(people[j].sum(), events[j].sum(), minimum_cell) and bool(times[j].sum() > 0.0)
        standard = None
        # whoever chooses bands and weights could solve the rate and its interval for a band's own events
        told = all(_enough(*counts, minimum_cell) for counts in zip(people[j], events[j], strict=True))
        if weights is not None and shown and told and bool((times[j][weights > 0.0] > 0.0).all()):
            used = weights > 0.0
            standard = standardised(events[j][used], times[j][used], weights[used], interval)
        found.append(GroupRate(label, people[j], events[j], times[j], shown, standard))
    return found


def _enough(people: float, events: float, minimum_cell: int) -> bool:
    return minimum_cell <= 1 or min(events, people - events) > minimum_cell - 0.5


def rate_row(rate: GroupRate, interval: str) -> dict[str, Any]:
    """One group's rate, and its standardised one."""
    row: dict[str, Any] = {
        "group": rate.group,
        "n": Count(int(rate.people.sum())),
        "events": Count(int(rate.events.sum())),
        "person_time": float(rate.times.sum()),
        **_rate(float(rate.events.sum()), float(rate.times.sum()), interval, is_shown=rate.is_shown),
    }
    if rate.standard is not None:
        row["standardised_rate"] = rate.standard.rate
        row["standardised_rate_low"] = rate.standard.low
        row["standardised_rate_high"] = rate.standard.high
    return row


def _rate(events: float, time: float, interval: str, *, is_shown: bool) -> dict[str, float | None]:
    if not is_shown:
        return {"rate": None, "rate_low": None, "rate_high": None}
    low, high = LIMITS[interval](events)
    return {"rate": events / time, "rate_low": low / time, "rate_high": high / time}


def ratio_rows(rates: Sequence[GroupRate]) -> list[dict[str, Any]]:
    """Each shown group's rate by that of the first group, with the ratio of standardised rates where both have one."""
    if not rates or not rates[0].is_shown:
        return []
    first, rows = rates[0], []
    for other in rates[1:]:
        if not other.is_shown:
            continue
        ratio = exact_ratio(
            float(other.events.sum()), float(other.times.sum()), float(first.events.sum()), float(first.times.sum())
        )
        row = {
            "group": other.group,
            "reference": first.group,
            "rate_ratio": ratio.estimate,
            "rate_ratio_low": ratio.low,
            "rate_ratio_high": ratio.high,
            "p_value": ratio.p_value,
        }
        rows.append({**row, **_standardised_ratio(other.standard, first.standard)})
    return rows


def _standardised_ratio(above: Standardised | None, below: Standardised | None) -> dict[str, float]:
    if above is None or below is None or min(above.rate, below.rate) <= 0.0:
        return {}
    log_ratio = math.log(above.rate / below.rate)
    width = NORMAL_975 * math.sqrt(above.variance / above.rate**2 + below.variance / below.rate**2)
    return {
        "standardised_ratio": math.exp(log_ratio),
        "standardised_ratio_low": math.exp(log_ratio - width),
        "standardised_ratio_high": math.exp(log_ratio + width),
    }


def band_rows(rate: GroupRate, cuts: Sequence[float], interval: str, minimum_cell: int) -> Iterator[dict[str, Any]]:
    """The rates of a group's bands; none if one of them is about too few, since the group's sum would give it away."""
    if not all(_enough(*counts, minimum_cell) for counts in zip(rate.people, rate.events, strict=True)):
        return
    edges = [f"{cut:g}" for cut in cuts]
    names = (
        [f"below {edges[0]}", *map("{} to below {}".format, edges, edges[1:]), f"{edges[-1]} and over"]
        if cuts
        else ["all"]
    )
    for name, people, events, time in zip(names, rate.people, rate.events, rate.times, strict=True):
        yield {
            "group": rate.group,
            "band": name,
            "people": Count(int(people)),
            "events": Count(int(events)),
            "person_time": float(time),
            **_rate(float(events), float(np.maximum(time, 1e-300)), interval, is_shown=bool(time > 0.0)),
        }
