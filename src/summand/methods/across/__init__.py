"""What sites have in common and how they differ: estimates of several sites brought together as sums.

Promise: no site's own estimate leaves it below the release level that the agreement permits.
"""

from summand.methods._protocol import Method
from summand.methods.across._meta import MetaAnalysis
from summand.methods.across._meta_pool import pooled_estimates

METHODS: tuple[type[Method], ...] = (MetaAnalysis,)

__all__ = ["METHODS", "MetaAnalysis", "pooled_estimates"]
