"""Learning from many columns: trees, groups, components and imputation by sums.

Promise: bins, centres and splits are learned from sums over all sites, and every model says what it was judged on.
"""

from summand.methods._protocol import Method
from summand.methods.learning._pca import PrincipalComponents

METHODS: tuple[type[Method], ...] = (PrincipalComponents,)

__all__ = [
    "METHODS",
    "PrincipalComponents",
]
