"""Writes the folds that penalised regression deals the four hospitals' patients to, for r_penalised.R.

``python tests/golden/folds_for_r.py > tests/golden/r_penalised_folds.txt``, with ``src`` and ``tests`` on the path.
"""

from __future__ import annotations

import numpy as np
from pooled_cohorts import HEART, batch_of, heart

from summand.methods.models._penalised_folds import folds_of

OF_NUM = ("num", "age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak")
OF_PRESSURE = ("trestbps", "age", "sex", "cp", "thalach", "exang", "oldpeak")
FOLDS, SEED = 5, 3


def folds() -> np.ndarray:
    """By row of the pooled table: the folds where num is the outcome, and where trestbps is; shape (rows, 2)."""
    batch = batch_of(heart(), HEART)
    return np.column_stack([folds_of(batch, columns, FOLDS, SEED) for columns in (OF_NUM, OF_PRESSURE)])


if __name__ == "__main__":
    print("\n".join(f"{a} {b}" for a, b in folds()))
