"""Effects over time and balance."""

from __future__ import annotations

from collections.abc import Mapping

from summand.federation.plots._size import Draw

DRAWINGS: Mapping[str, Draw] = {}
