"""How well a given model predicts: discrimination, calibration and accuracy on people it was not made from.

Promise: coefficients come from the request, never from the data; a model that cannot be judged on these people is said
to be so.
"""

from summand.methods._protocol import Method
from summand.methods.evaluation._evaluate import Evaluate
from summand.methods.evaluation._evaluate_survival import EvaluateSurvival
from summand.methods.evaluation._internal_external import InternalExternal
from summand.methods.evaluation._roc import Roc
from summand.methods.evaluation._thresholds import Thresholds

METHODS: tuple[type[Method], ...] = (Evaluate, Roc, Thresholds, EvaluateSurvival, InternalExternal)

__all__ = [
    "METHODS",
    "Evaluate",
    "EvaluateSurvival",
    "InternalExternal",
    "Roc",
    "Thresholds",
]
