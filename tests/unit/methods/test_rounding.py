"""Rounded figures do not depend on the last bit of a sum, also halfway between two rounded values."""

from __future__ import annotations

import numpy as np
import pytest

from summand.methods._rounding import to_digits, to_unit


@pytest.mark.parametrize("halfway", [59.525, 0.125, 7.5, 1234.45, 0.00035, -59.525])
def test_a_last_bit_decides_nothing(halfway: float) -> None:
    """A figure halfway between two rounded ones, and its neighbours on both sides, are told alike."""
    last = float(f"{halfway:e}".split("e")[0].rstrip("0")[-1])
    assert last == 5
    places = len(f"{halfway:f}".rstrip("0").split(".")[1]) - 1
    digits = len(f"{abs(halfway):e}".split("e")[0].rstrip("0").replace(".", "")) - 1
    near = [halfway, *(float(np.nextafter(halfway, side)) for side in (-1e9, 1e9))]
    assert len({to_unit(value, 10.0**-places) for value in near}) == 1
    assert len({to_digits(value, digits) for value in near if digits}) <= 1
