"""The evaluation of given models under the laws."""

from __future__ import annotations

from cases_models import DICTIONARY, draw
from cases_survival import DICTIONARY as FOLLOW_UP
from cases_survival import draw as draw_follow_up
from law_case import Case

from summand.methods.evaluation._evaluate import Evaluate
from summand.methods.evaluation._evaluate_survival import EvaluateSurvival
from summand.methods.evaluation._roc import Roc
from summand.methods.evaluation._thresholds import Thresholds
from summand.tables import Limits

FULL = {
    "name": "full",
    "formula": "ill ~ age*sex",
    "terms": {"Intercept": -1.513, "age": 0.0317, "sex[T.2]": 0.2093, "age:sex[T.2]": 0.00171},
}
RANKS = {"name": "ranks", "formula": "~ pressure + I(age^2)", "terms": {"pressure": 0.0219, "I(age^2)": 0.00031}}

OTHER = {"name": "other", "formula": "~ age + sex", "terms": {"Intercept": -1.2, "age": 0.021, "sex[T.2]": 0.4}}

HAZARD = {"name": "hazard", "formula": "~ marker + arm", "terms": {"marker": 0.31, "arm[T.b]": -0.29}}
AGE = {"name": "age", "formula": "~ age", "terms": {"age": 0.017}}

CASES = [
    Case(
        "concordance",
        EvaluateSurvival((HAZARD, AGE), "Surv(days, died)", 60.0, {"hazard": 0.7}),
        FOLLOW_UP,
        draw_follow_up,
        rows_min=120,
    ),
    Case(
        "concordance, limits",
        EvaluateSurvival((HAZARD,), "Surv(years, state)", 0.5, {"hazard": 0.4}),
        FOLLOW_UP,
        draw_follow_up,
        rows_min=300,
        limits=Limits(),
    ),
    Case("roc", Roc((FULL, RANKS), "ill", "sex"), DICTIONARY, draw, rows_min=200),
    Case("roc, coarse", Roc((FULL,), "ill"), DICTIONARY, draw, rows_min=200, limits=Limits()),
    Case("thresholds", Thresholds((FULL, OTHER), "ill == 1", "pain"), DICTIONARY, draw, rows_min=250),
    Case(
        "thresholds, limits",
        Thresholds((FULL,), "ill", thresholds=(0.5, 0.6)),
        DICTIONARY,
        draw,
        rows_min=250,
        limits=Limits(),
    ),
    Case("evaluate", Evaluate((FULL, RANKS), "ill"), DICTIONARY, draw, rows_min=150),
    Case("evaluate, coarse", Evaluate((FULL,), "ill == 1"), DICTIONARY, draw, rows_min=150, limits=Limits()),
]
