"""Groups by a category whose levels stand in the dictionary in another order than in tables."""

from __future__ import annotations

import numpy as np

from summand.methods.formulas._formula import parse
from summand.methods.survival._by_group import Grouping
from summand.tables import Batch, Column, Dictionary


def test_levels_out_of_order_keep_their_names() -> None:
    """A batch's positions are those of the dictionary; the groups are named and ordered by their labels."""
    dictionary = Dictionary("d", (Column("arm", "category", levels=("c", "a", "b")),))
    grouping = Grouping.of(parse("~ arm"), dictionary)
    batch = Batch({"arm": np.array([0, 1, 2, 0], dtype=np.int32)}, 4)
    assert grouping.labels == ("a", "b", "c")
    assert [grouping.labels[code] for code in grouping.codes(batch)] == ["c", "a", "b", "c"]
