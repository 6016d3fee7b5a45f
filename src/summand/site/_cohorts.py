"""A site's people as numbers: one for each row of a cohort, equal where person and values are.

The number of a row is made from whose row it is, where the dictionary says, and from its values in the columns of one
study. So a cohort is found again in another version of the data, and somebody whose values changed counts as one who
left and one who came: that is what a difference of two totals would tell about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from summand.methods import Method, required_columns, row_hash
from summand.site._record import Words
from summand.site.sources import Source
from summand.study import CohortShape
from summand.tables import PERSONS


def cohorts_of(
    source: Source, method: Method, seed: int, *, values_of: Sequence[str] | None = None
) -> dict[str, Words]:
    """The rows of each of a study's cohorts by label, sorted.

    Args:
        source: The site's rows.
        method: The study's method in its setting.
        seed: The site's own, so that the numbers mean nothing elsewhere.
        values_of: The columns whose values make a row's number; the study's own if not given.
    """
    shape = CohortShape.of(method)
    valued = shape.columns if values_of is None else tuple(values_of)
    every = tuple(dict.fromkeys((*shape.columns, *valued)))
    persons = source.dictionary.person_id is not None and source.dictionary.person_id in source.names
    numbered = (PERSONS, *valued) if persons else valued
    found: dict[str, list[Words]] = {label: [] for label in shape.labels}
    for batch in source.batches(every, required_columns(method), persons=persons):
        numbers = row_hash(batch, numbered, seed)
        for label, words in found.items():
            words.append(numbers[batch.complete((label,))] if label else numbers)
    return {label: np.sort(np.concatenate(words)) for label, words in found.items()}


def people_apart(one: Words, other: Words) -> int:
    """By how many people two cohorts differ: the larger of those only in the one and those only in the other.

    Args:
        one, other: Sorted numbers of rows; a number may stand several times.
    """
    values, place = np.unique(np.concatenate([one, other]), return_inverse=True)
    signs = np.concatenate([np.ones(one.size), -np.ones(other.size)])
    net = np.bincount(place, weights=signs, minlength=values.size)
    return int(max(net[net > 0].sum(), -net[net < 0].sum()))
