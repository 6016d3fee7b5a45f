"""Components, groups, trees and imputation under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from law_case import Case

from summand.methods.learning._pca import PrincipalComponents
from summand.tables import Limits

CASES = [
    Case("pca", PrincipalComponents(("age", "pressure", "pain", "ill")), DICTIONARY, draw, rows_min=150),
    Case("pca, covariance", PrincipalComponents((), "covariance", 2), DICTIONARY, draw, rows_min=150, limits=Limits()),
]
