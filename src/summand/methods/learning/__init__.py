"""Learning from many columns: trees, groups, components and imputation by sums.

Promise: bins, centres and splits are learned from sums over all sites, and every model says what it was judged on.
"""

from summand.methods._protocol import Method
from summand.methods.learning._boosting import Boosting
from summand.methods.learning._boosting_predict import predict
from summand.methods.learning._impute import Impute
from summand.methods.learning._kmeans import KMeans
from summand.methods.learning._pca import PrincipalComponents

METHODS: tuple[type[Method], ...] = (Boosting, Impute, KMeans, PrincipalComponents)

__all__ = [
    "METHODS",
    "Boosting",
    "Impute",
    "KMeans",
    "PrincipalComponents",
    "predict",
]
