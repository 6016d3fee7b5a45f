"""Components, groups, trees and imputation under the laws."""

from __future__ import annotations

import numpy as np
from cases_describe import draw_with_gaps
from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.learning._boosting import Boosting
from summand.methods.learning._impute import Impute
from summand.methods.learning._kmeans import KMeans
from summand.methods.learning._pca import PrincipalComponents
from summand.tables import Batch, Column, Dictionary, Limits

SMALL = {"trees": 3, "depth": 3, "bins": 8, "rows_min": 10}
EVERYTHING = Boosting("ill ~ age + pressure + sex + C(pain)", **SMALL)
COUNTED = Boosting("pain ~ age + pressure + sex", "poisson", held_out=0, monotone=(("age", 1),), **SMALL)

# A longer age, so that the columns have many times more different rows than people.
LONG = Dictionary(
    "laws",
    tuple(Column("age", "number", minimum=20, maximum=90) if c.name == "age" else c for c in DICTIONARY),
)


def draw_complete(rng: np.random.Generator, rows: int) -> Batch:
    """Rows of which some lack an age or a sex."""
    batch = draw(rng, rows)
    columns = {name: values.copy() for name, values in batch.columns.items()}
    columns["age"][rng.uniform(size=rows) < 0.2] = np.nan
    columns["sex"][rng.uniform(size=rows) < 0.1] = -1
    return Batch(columns, rows)


CASES = [
    Case("boosting", EVERYTHING, DICTIONARY, draw_with_gaps, rows_min=200),
    Case("boosting, numbers", Boosting("pressure ~ age + sex", **SMALL), DICTIONARY, draw, rows_min=150),
    Case("boosting, counts, coarse", COUNTED, DICTIONARY, draw_with_gaps, rows_min=200, limits=Limits()),
    Case("impute", Impute("ill ~ age + pressure + sex", 2, 1), LONG, draw_with_gaps, rows_min=200),
    Case(
        "impute, numbers",
        Impute("pressure ~ age + C(pain)", 2, 1, ("sex",)),
        LONG,
        draw_complete,
        rows_min=200,
        limits=Limits(),
    ),
    Case("kmeans", KMeans(("age", "pressure"), 2, 3), DICTIONARY, draw, rows_min=150),
    Case("kmeans, as they are", KMeans((), 2, 2, "none"), DICTIONARY, draw, rows_min=150, limits=Limits()),
    Case("pca", PrincipalComponents(("age", "pressure", "pain", "ill")), DICTIONARY, draw, rows_min=150),
    Case("pca, covariance", PrincipalComponents((), "covariance", 2), DICTIONARY, draw, rows_min=150, limits=Limits()),
]
