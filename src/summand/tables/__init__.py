"""What data mean: dictionaries, columns, batches, and the types in which numbers of people travel.

Promise: nothing here opens a file of patients. A `Dictionary` says what each column means, with ranges that make every
sum's bound provable before any data are read; a `Batch` is the only form in which rows reach a method.

    >>> ages = Column("age", "integer", minimum=0, maximum=110, step=1, unit="a")
    >>> Dictionary("example", (ages,))["age"].centre
    55.0
"""

from summand.tables._batch import Array, Batch, Codes
from summand.tables._counts import Count, CountTable
from summand.tables._dictionary import Column, Dictionary
from summand.tables._limits import NO_LIMITS, Limits

__all__ = ["NO_LIMITS", "Array", "Batch", "Codes", "Column", "Count", "CountTable", "Dictionary", "Limits"]
