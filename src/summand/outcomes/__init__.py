"""Whether the partnership reaches what it set out to: goals of the agreement, measured from released results.

Promise: a value is never shown without its 95 % interval or the reason why it has none, a change never without both; a
target is "met" only if the whole interval lies on its good side, and "not distinguishable" where the data cannot tell.
What too few people said of a partner is not shown. A series over time is shown with its process limits and signals by the rules of NHS England's "Making Data Count".

    >>> indicator = parse_indicator("survival(365)[2]")
    >>> (indicator.name, indicator.argument, indicator.group)
    ('survival', '365', '2')

    >>> days = [3, 4, 3, 5, 4, 3, 4, 4, 3, 5, 4, 3, 12]
    >>> chart = process_chart([Observation(f"week {n}", float(x)) for n, x in enumerate(days, 1)], "decrease", target=10)
    >>> chart.points[-1].signal, chart.variation, chart.assurance
    ('outside', 'concern', 'pass')
"""

from summand.outcomes._backup import BackupState, backup_states
from summand.outcomes._goal import Change, GoalStatus, Verdict, assess, measure_goal
from summand.outcomes._icons import COLOURS, assurance_icon, assurance_words, variation_icon, variation_words
from summand.outcomes._indicator import INDICATORS, Indicator, parse_indicator
from summand.outcomes._measure import Measurement, measure
from summand.outcomes._network_drawing import network_svg
from summand.outcomes._process_chart import Base, Observation, Point, ProcessChart, Rebase, process_chart
from summand.outcomes._progress import GoalProgress, due_goals, goal_progress
from summand.outcomes._record import (
    GOAL_KINDS,
    Effect,
    GoalSeries,
    MeasuredPoint,
    attached_document,
    goal_series,
    measured_document,
)
from summand.outcomes._relationship import RESPONDENTS_MIN, PartyScores, Relationship, Tie, relationship
from summand.outcomes._scorecard import AimRow, Reason, Scorecard, answer_of, scorecard
from summand.outcomes._survey import (
    QUESTIONS,
    SCALE,
    SCORES,
    TIE_QUESTION,
    Answer,
    Response,
    read_response,
    response_document,
)
from summand.outcomes._warnings import EarlyWarning, Severity, early_warnings, silent_partners

__all__ = [
    "COLOURS",
    "GOAL_KINDS",
    "INDICATORS",
    "QUESTIONS",
    "RESPONDENTS_MIN",
    "SCALE",
    "SCORES",
    "TIE_QUESTION",
    "AimRow",
    "Answer",
    "BackupState",
    "Base",
    "Change",
    "EarlyWarning",
    "Effect",
    "GoalProgress",
    "GoalSeries",
    "GoalStatus",
    "Indicator",
    "MeasuredPoint",
    "Measurement",
    "Observation",
    "PartyScores",
    "Point",
    "ProcessChart",
    "Reason",
    "Rebase",
    "Relationship",
    "Response",
    "Scorecard",
    "Severity",
    "Tie",
    "Verdict",
    "answer_of",
    "assess",
    "assurance_icon",
    "assurance_words",
    "attached_document",
    "backup_states",
    "due_goals",
    "early_warnings",
    "goal_progress",
    "goal_series",
    "measure",
    "measure_goal",
    "measured_document",
    "network_svg",
    "parse_indicator",
    "process_chart",
    "read_response",
    "relationship",
    "response_document",
    "scorecard",
    "silent_partners",
    "variation_icon",
    "variation_words",
]
