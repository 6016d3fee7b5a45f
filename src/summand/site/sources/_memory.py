"""Tables in memory as one Arrow table."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.errors import SourceUnreadable

if TYPE_CHECKING:
    import pyarrow as pa


def to_arrow(data: Any) -> pa.Table:
    """The table behind a pandas data frame, an Arrow table or reader, or a mapping of names to equally long columns.

    Raises:
        SourceUnreadable: if it is none of these, or its columns do not fit.
    """
    import pyarrow as pa

    try:
        if isinstance(data, pa.Table):
            return data
        if isinstance(data, pa.RecordBatchReader):
            return data.read_all()
        if isinstance(data, pa.RecordBatch):
            return pa.Table.from_batches([data])
        if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
            return _from_columns({str(name): data[name] for name in data.columns}, len(data.columns))
        if isinstance(data, Mapping):
            return _from_columns({str(name): values for name, values in data.items()}, len(data))
        if hasattr(data, "__arrow_c_stream__"):
            return pa.table(data)
    except (pa.ArrowException, TypeError, ValueError, KeyError, OverflowError):
        pass
    raise SourceUnreadable(
        f"An object of type '{type(data).__name__}' is not a table of named, equally long columns.",
        remedy="Give a path, a pandas data frame, an Arrow table or a dict of columns.",
    )


def _from_columns(columns: Mapping[str, Any], count: int) -> pa.Table:
    import pyarrow as pa

    if len(columns) != count:
        raise SourceUnreadable("Two columns have the same name.", remedy="Give each column its own name.")
    return pa.table({name: _array(values) for name, values in columns.items()})


def _array(values: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
    ):  # mixed types in one column: the dictionary decides what its texts mean
        return pa.array([None if _is_missing(value) else str(value) for value in np.asarray(values, dtype=object)])


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def fingerprint_of_table(table: pa.Table) -> bytes:
    """SHA-256 of the table's Arrow stream, in one batch: shape (32,) bytes."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    table = table.combine_chunks()
    writer: Any = pa.RecordBatchStreamWriter
    with writer(sink, table.schema) as stream:
        stream.write_table(table)
    return hashlib.sha256(sink.getvalue()).digest()
