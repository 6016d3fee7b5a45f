"""How an outcome goes with other columns: regressions, each equal to the pooled fit.

Promise: a fit that does not exist (separation, collinearity, no convergence) is a diagnosis with advice, not a number.
"""

from summand.methods._protocol import Method
from summand.methods.models._glm import GeneralizedLinearModel
from summand.methods.models._linear import LinearRegression
from summand.methods.models._logistic import LogisticRegression
from summand.methods.models._margins import Margins
from summand.methods.models._mixed import MixedModel
from summand.methods.models._multinomial import MultinomialRegression
from summand.methods.models._ordinal import OrdinalRegression
from summand.methods.models._penalised import PenalisedRegression

METHODS: tuple[type[Method], ...] = (
    LinearRegression,
    LogisticRegression,
    Margins,
    MixedModel,
    MultinomialRegression,
    OrdinalRegression,
    PenalisedRegression,
    GeneralizedLinearModel,
)

__all__ = [
    "METHODS",
    "GeneralizedLinearModel",
    "LinearRegression",
    "LogisticRegression",
    "Margins",
    "MixedModel",
    "MultinomialRegression",
    "OrdinalRegression",
    "PenalisedRegression",
]
