"""Figures to few digits, the same at every split of the people into sites.

Two sums of the same numbers in another order differ in their last bits. A figure that lies exactly between two rounded
values would then be told as one or the other; so it is first brought to a few digits more than are told, where both
sums agree.
"""

from __future__ import annotations

MORE_DIGITS = 4


def to_unit(value: float, unit: float) -> float:
    """The value to the smallest power of ten that is at least ``unit``.

    >>> to_unit(59.525000000000006, 0.004), to_unit(59.52499999999999, 0.004)
    (59.52, 59.52)
    """
    digits, exponent = f"{unit:.9e}".split("e")
    decimals = -int(exponent) - (float(digits) > 1.0)
    return round(round(value, decimals + MORE_DIGITS), decimals)


def to_digits(value: float, digits: int) -> float:
    """The value to so many significant digits.

    >>> to_digits(0.06125000000000001, 3), to_digits(0.06124999999999999, 3)
    (0.0612, 0.0612)
    """
    return float(f"{float(f'{value:.{digits + MORE_DIGITS}g}'):.{digits}g}")
