"""Whether the partnership reaches what it set out to: goals of the agreement, measured from released results.

Promise: a value is never shown without its 95 % interval or the reason why it has none, a change never without both; a
target is "met" only if the whole interval lies on its good side, and "not distinguishable" where the data cannot tell.

    >>> indicator = parse_indicator("survival(365)[2]")
    >>> (indicator.name, indicator.argument, indicator.group)
    ('survival', '365', '2')
"""

from summand.outcomes._goal import Change, GoalStatus, Verdict, assess, measure_goal
from summand.outcomes._indicator import INDICATORS, Indicator, parse_indicator
from summand.outcomes._measure import Measurement, measure

__all__ = [
    "INDICATORS",
    "Change",
    "GoalStatus",
    "Indicator",
    "Measurement",
    "Verdict",
    "assess",
    "measure",
    "measure_goal",
    "parse_indicator",
]
