"""What a method may remember of a batch: the same question gives the very same batches as long as they are in memory."""

from __future__ import annotations

import numpy as np

from summand.site.sources import open_source
from summand.tables import Column, Dictionary

AGES = Dictionary("ages", (Column("age", "integer", 0, 110, 1), Column("sex", "category", levels=("f", "m"))))
TABLE = {"age": [63, None, 41, 50, 22], "sex": ["f", "m", None, "f", "m"]}


def test_the_same_question_gives_the_same_batches() -> None:
    """Batch for batch the same objects; another question others, with the rows that it asks for."""
    source = open_source(TABLE, AGES)
    first = list(source.batches(["age", "sex"], ["age"], 3))
    assert [batch.rows for batch in first] == [3, 1]
    assert all(a is b for a, b in zip(first, source.batches(["age", "sex"], ["age"], 3), strict=True))
    other = list(source.batches(["age", "sex"], None, 3))
    assert [batch.rows for batch in other] == [3, 2]
    assert np.isnan(other[0].columns["age"][1])
    again = list(source.batches(["age", "sex"], ["age"], 3))
    assert again[0].columns["age"].tolist() == [63, 41, 50]


def test_what_does_not_fit_into_memory_is_read_anew() -> None:
    """Streamed batches are new objects with the same rows."""
    source = open_source(TABLE, AGES, memory_limit_bytes=1)
    first, second = (list(source.batches(["age"], ["age"], 2)) for _ in range(2))
    assert not any(a is b for a, b in zip(first, second, strict=True))
    assert np.array_equal(*(np.concatenate([b.columns["age"] for b in part]) for part in (first, second)))
