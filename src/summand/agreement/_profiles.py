"""The floors under which an agreement cannot go, by disclosure profile."""

from __future__ import annotations

from collections.abc import Mapping

PROFILES: Mapping[str, Mapping[str, float]] = {
    "institutional": {"minimum_cell": 10, "minimum_sites": 3, "minimum_exits": 10, "parameters_per_person": 0.33},
    "public_data": {"minimum_cell": 1, "minimum_sites": 1},
    "trial": {"minimum_cell": 1, "minimum_sites": 1},
}
"""What each profile asks at least; the rules themselves live in the disclosure room."""
CMS_MINIMUM_CELL = 11
"""US Medicare and Medicaid: no cell from 1 to 10 is shown."""
