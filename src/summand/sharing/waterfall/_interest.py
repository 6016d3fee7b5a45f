"""Preferred return: years between two days, simple and compound interest, in exact fractions."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

DAYS_IN_YEAR = 365


def years_between(since: date, to: date) -> Fraction:
    """Whole years by anniversary, and the days beyond over 365 (actual/365); 0 if ``to`` is not later.

    Examples:
        >>> years_between(date(2024, 1, 1), date(2026, 1, 1))
        Fraction(2, 1)
    """
    if to <= since:
        return Fraction(0)
    whole = to.year - since.year - ((to.month, to.day) < (since.month, since.day))
    anniversary = _anniversary(since, whole)
    return whole + Fraction(max(0, (to - anniversary).days), DAYS_IN_YEAR)


def interest_cents(principal_cents: int, per_mille: int, years: Fraction, *, compound: bool) -> int:
    """Interest in whole cents, halves upwards; compound by whole years, simple in the days beyond.

    Examples:
        >>> interest_cents(200_000_00, 80, Fraction(2), compound=False)
        3200000
    """
    rate = Fraction(per_mille, 1000)
    if compound:
        whole = int(years)
        grown = principal_cents * (1 + rate) ** whole * (1 + rate * (years - whole)) - principal_cents
    else:
        grown = principal_cents * rate * years
    return int(grown + Fraction(1, 2))


def _anniversary(since: date, years: int) -> date:
    try:
        return since.replace(year=since.year + years)
    except ValueError:  # 29 February
        return date(since.year + years, 3, 1)
