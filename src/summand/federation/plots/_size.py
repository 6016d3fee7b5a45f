"""What drawings share: their size, and what one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

WIDTH, HEIGHT, ROW_HEIGHT = 560, 320, 26

Values = Mapping[str, Any]

Draw = Callable[[Any, Values], Any]
"""``draw(altair, result)``: a chart without its title, or None where there is nothing to draw."""
