"""The only door to patients' rows: CSV, Parquet and tables in memory, checked against the dictionary.

Promise: rows leave only as `Batch` objects of the columns asked for; people who opted out are left out before anything
is counted; error texts, reports and reprs hold names, counts and row numbers, never a value; a file that changes while a
study runs is noticed.

    >>> from summand.tables import Column, Dictionary
    >>> ages = Dictionary("example", (Column("age", "integer", 0, 110, 1),))
    >>> source = open_source({"age": [63, None, 41]}, ages)
    >>> source.check().passed, source.count_people(["age"], ["age"])
    (True, PeopleCount(rows=2, people=2, rows_dropped=1))
"""

from summand.site.sources._deal import Deal, deal_by
from summand.site.sources._report import CheckReport, Finding
from summand.site.sources._source import BATCH_ROWS, MEMORY_LIMIT_BYTES, PeopleCount, Source, open_source
from summand.site.sources._summary import infer_from, summarise

__all__ = [
    "BATCH_ROWS",
    "MEMORY_LIMIT_BYTES",
    "CheckReport",
    "Deal",
    "Finding",
    "PeopleCount",
    "Source",
    "deal_by",
    "infer_from",
    "open_source",
    "summarise",
]
