"""The analyst's Python API: one `run` over a federation in memory or over a served one.

>>> from summand.federation import Federation
>>> from summand.methods import LinearRegression
>>> tables = {"a": {"y": [1.0, 2.1, 2.9], "x": [1, 2, 3]}, "b": {"y": [4.2, 4.9], "x": [4, 5]}}
>>> with Federation.in_memory(tables) as federation:
...     result = federation.run(LinearRegression("y ~ x"))
>>> [round(term["estimate"], 3) for term in result.to_dict()["terms"]]
[0.05, 0.99]
"""

from summand.federation._connect import connect
from summand.federation._federation import Federation, Network
from summand.federation._results import StudyResult
from summand.federation._tables import Table

__all__ = ["Federation", "Network", "StudyResult", "Table", "connect"]
