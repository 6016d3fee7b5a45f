"""How long until an event: curves, tests and hazard models over sites that keep their rows.

Promise: where the limits forbid exact times, every step of a time grid holds at least ``minimum_cell`` people who leave,
and the result says so.
"""

from summand.methods._protocol import Method
from summand.methods.survival._aalen_johansen import AalenJohansen
from summand.methods.survival._cox import CoxRegression
from summand.methods.survival._fine_gray import FineGray
from summand.methods.survival._kaplan_meier import KaplanMeier
from summand.methods.survival._logrank import LogRank
from summand.methods.survival._nelson_aalen import NelsonAalen
from summand.methods.survival._parametric import ParametricSurvival
from summand.methods.survival._piecewise import PiecewiseExponential
from summand.methods.survival._rates import Rates
from summand.methods.survival._rmst import RestrictedMean

METHODS: tuple[type[Method], ...] = (
    KaplanMeier,
    LogRank,
    NelsonAalen,
    RestrictedMean,
    CoxRegression,
    AalenJohansen,
    FineGray,
    ParametricSurvival,
    PiecewiseExponential,
    Rates,
)

__all__ = [
    "METHODS",
    "AalenJohansen",
    "CoxRegression",
    "FineGray",
    "KaplanMeier",
    "LogRank",
    "NelsonAalen",
    "ParametricSurvival",
    "PiecewiseExponential",
    "Rates",
    "RestrictedMean",
]
