"""Descriptive statistics under the laws."""

from __future__ import annotations

import numpy as np
from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.description._describe import Describe
from summand.tables import Batch, Limits


def draw_with_gaps(rng: np.random.Generator, rows: int) -> Batch:
    """Rows of which some lack a number or a level."""
    batch = draw(rng, rows)
    columns = {name: values.copy() for name, values in batch.columns.items()}
    columns["pressure"][rng.uniform(size=rows) < 0.2] = np.nan
    columns["sex"][rng.uniform(size=rows) < 0.1] = -1
    return Batch(columns, rows)


CASES = [
    Case(
        "describe, shape",
        Describe(("age", "pressure"), quantiles=(0.1, 0.975), shape="unbiased"),
        DICTIONARY,
        draw_with_gaps,
    ),
    Case("describe", Describe(crosstabs=(("sex", "pain"),)), DICTIONARY, draw_with_gaps),
    Case("describe, bands", Describe(("age", "pressure")), DICTIONARY, draw_with_gaps, limits=Limits()),
    Case("describe, by group", Describe(("pressure", "ill"), by="sex", bins=4), DICTIONARY, draw_with_gaps),
]
