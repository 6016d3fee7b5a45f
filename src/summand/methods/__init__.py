"""The catalogue of statistical methods, each as four pure functions over sums.

Promise: every method gives what the pooled fit gives, to rounding, from sums over sites alone; what a site will
contribute, with the bound of every number, is known from `Method.layout` before any data are read. A method never
computes what the study's limits forbid, and a fit that does not exist is a diagnosis, not a number.

    >>> method = from_spec({"name": "logistic", "formula": "num > 0 ~ age + sex", "site": "fixed"})
    >>> method.columns
    ('num', 'age', 'sex')
"""

from summand.methods._protocol import (
    AcrossSlots,
    Block,
    Layout,
    Local,
    Method,
    Partial,
    Result,
    Setting,
    State,
    bounds,
    length,
    required_columns,
    rounds_max,
)
from summand.methods._registry import (
    FAMILIES,
    METHODS,
    from_spec,
)
from summand.methods.across import (
    MetaAnalysis,
)
from summand.methods.causes import (
    DifferenceInDifferences,
    DoublyRobust,
    InterruptedTimeSeries,
    Propensity,
    Standardisation,
    SteppedWedge,
)
from summand.methods.description import (
    CompareGroups,
    Correlation,
    Crosstab,
    Describe,
    TableOne,
)
from summand.methods.evaluation import (
    Evaluate,
    EvaluateSurvival,
    InternalExternal,
    Roc,
    Thresholds,
)
from summand.methods.evaluation._evaluate_model import is_same_predictor
from summand.methods.learning import (
    Boosting,
    Impute,
    KMeans,
    PrincipalComponents,
)
from summand.methods.learning._row_hash import row_hash
from summand.methods.models import (
    GeneralizedLinearModel,
    LinearRegression,
    LogisticRegression,
    Margins,
    MixedModel,
    MultinomialRegression,
    OrdinalRegression,
    PenalisedRegression,
)
from summand.methods.private import PrivateMethod, private_method
from summand.methods.survival import (
    AalenJohansen,
    CoxRegression,
    FineGray,
    KaplanMeier,
    LogRank,
    NelsonAalen,
    ParametricSurvival,
    PiecewiseExponential,
    Rates,
    RestrictedMean,
)

__all__ = [
    "FAMILIES",
    "METHODS",
    "AalenJohansen",
    "AcrossSlots",
    "Block",
    "Boosting",
    "CompareGroups",
    "Correlation",
    "CoxRegression",
    "Crosstab",
    "Describe",
    "DifferenceInDifferences",
    "DoublyRobust",
    "Evaluate",
    "EvaluateSurvival",
    "FineGray",
    "GeneralizedLinearModel",
    "Impute",
    "InternalExternal",
    "InterruptedTimeSeries",
    "KMeans",
    "KaplanMeier",
    "Layout",
    "LinearRegression",
    "Local",
    "LogRank",
    "LogisticRegression",
    "Margins",
    "MetaAnalysis",
    "Method",
    "MixedModel",
    "MultinomialRegression",
    "NelsonAalen",
    "OrdinalRegression",
    "ParametricSurvival",
    "Partial",
    "PenalisedRegression",
    "PiecewiseExponential",
    "PrincipalComponents",
    "PrivateMethod",
    "Propensity",
    "Rates",
    "RestrictedMean",
    "Result",
    "Roc",
    "Setting",
    "Standardisation",
    "State",
    "SteppedWedge",
    "TableOne",
    "Thresholds",
    "bounds",
    "from_spec",
    "is_same_predictor",
    "length",
    "private_method",
    "required_columns",
    "rounds_max",
    "row_hash",
]
