"""The analyst's Python API: one `run` over a federation in memory or over a served one.

>>> from summand.federation import Federation
>>> from summand.methods import LinearRegression
>>> tables = {"a": {"y": [1.0, 2.1, 2.9], "x": [1, 2, 3]}, "b": {"y": [4.2, 4.9], "x": [4, 5]}}
>>> with Federation.in_memory(tables) as federation:
...     result = federation.run(LinearRegression("y ~ x"))
>>> [round(term["estimate"], 3) for term in result.to_dict()["terms"]]
[0.05, 0.99]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from summand.federation._data_value import value_of_data
from summand.federation._federation import Federation, Network
from summand.federation._results import StudyResult, open_shown
from summand.federation._tables import Table

if TYPE_CHECKING:
    from summand.federation._connect import connect
    from summand.federation._desk import Desk, open_desk
    from summand.federation._partnership import (
        differing_points,
        goal_verdicts,
        partnership_goals,
        partnership_scorecard,
        partnership_scorecard_of,
    )
    from summand.federation._survey import answer_survey, evaluate_survey

__all__ = [
    "Desk",
    "Federation",
    "Network",
    "StudyResult",
    "Table",
    "answer_survey",
    "connect",
    "differing_points",
    "evaluate_survey",
    "goal_verdicts",
    "open_desk",
    "open_shown",
    "partnership_goals",
    "partnership_scorecard",
    "partnership_scorecard_of",
    "value_of_data",
]

_HOMES = {
    "answer_survey": "_survey",
    "evaluate_survey": "_survey",
    "connect": "_connect",
    "Desk": "_desk",
    "open_desk": "_desk",
    "differing_points": "_partnership",
    "partnership_goals": "_partnership",
    "goal_verdicts": "_partnership",
    "partnership_scorecard": "_partnership",
    "partnership_scorecard_of": "_partnership",
}


def __getattr__(name: str) -> Any:
    """`connect` and desks, imported when they are asked for: a trial in one process needs no network."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"summand.federation.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'summand.federation' has no attribute {name!r}")
