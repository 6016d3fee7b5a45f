"""Days and months after a day. A day beyond the calendar's ends is the calendar's end: a mistyped year breaks nothing."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last of that month.

    Examples:
        >>> add_months(date(2026, 1, 31), 1)
        datetime.date(2026, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_days(day: date, days: int) -> date:
    """Some days later, or earlier where ``days`` is negative.

    Examples:
        >>> add_days(date.min, -1) == date.min
        True
    """
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
