"""Every act about money and inventions."""

from __future__ import annotations

from typing import Any

from summand.sharing.contributions import CONTRIBUTION_ACTS

ACTS: dict[str, type[Any]] = {**CONTRIBUTION_ACTS}
"""Name -> record."""
