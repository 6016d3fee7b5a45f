"""What a treatment or a change did: comparisons that say which people they are about and what they assume.

Promise: no effect without its interval, its balance or its check; a comparison without overlap is a diagnosis.
"""

from summand.methods._protocol import Method
from summand.methods.causes._aipw import DoublyRobust
from summand.methods.causes._differences import DifferenceInDifferences
from summand.methods.causes._interrupted import InterruptedTimeSeries
from summand.methods.causes._propensity import Propensity
from summand.methods.causes._standardisation import Standardisation
from summand.methods.causes._wedge import SteppedWedge

METHODS: tuple[type[Method], ...] = (
    Propensity,
    Standardisation,
    DoublyRobust,
    DifferenceInDifferences,
    InterruptedTimeSeries,
    SteppedWedge,
)

__all__ = [
    "METHODS",
    "DifferenceInDifferences",
    "DoublyRobust",
    "InterruptedTimeSeries",
    "Propensity",
    "Standardisation",
    "SteppedWedge",
]
