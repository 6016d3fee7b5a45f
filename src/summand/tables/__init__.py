"""What data mean: dictionaries, columns, batches, and the types in which numbers of people travel.

Promise: nothing here opens a file of patients. A `Dictionary` says what each column means, with ranges that make every
sum's bound provable before any data are read; a `Batch` is the only form in which rows reach a method.

    >>> ages = Column("age", "integer", minimum=0, maximum=110, step=1, unit="a")
    >>> Dictionary("example", (ages,))["age"].centre
    55.0
"""

from summand.tables._batch import PERSONS, Array, Batch, Codes, Persons
from summand.tables._counts import Count, CountTable
from summand.tables._dictionary import Column, Dictionary
from summand.tables._infer import COMMON_MISSING_CODES, LEVELS_MAX, ColumnSummary, TableSummary, infer_dictionary
from summand.tables._levels import as_number, number_text, sort_levels
from summand.tables._limits import NO_LIMITS, Limits
from summand.tables._table_schema import dictionary_from_table_schema, dictionary_to_table_schema

__all__ = [
    "COMMON_MISSING_CODES",
    "LEVELS_MAX",
    "NO_LIMITS",
    "PERSONS",
    "Array",
    "Batch",
    "Codes",
    "Column",
    "ColumnSummary",
    "Count",
    "CountTable",
    "Dictionary",
    "Limits",
    "Persons",
    "TableSummary",
    "as_number",
    "dictionary_from_table_schema",
    "dictionary_to_table_schema",
    "infer_dictionary",
    "number_text",
    "sort_levels",
]
