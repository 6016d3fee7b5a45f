"""Every act about money and inventions."""

from __future__ import annotations

from typing import Any

from summand.sharing.contributions import CONTRIBUTION_ACTS
from summand.sharing.income import INCOME_ACTS
from summand.sharing.inventions import INVENTION_ACTS

ACTS: dict[str, type[Any]] = {**CONTRIBUTION_ACTS, **INCOME_ACTS, **INVENTION_ACTS}
"""Name -> record."""
