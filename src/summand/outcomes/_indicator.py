"""The indicators that a goal may name: a closed list, read from text and never evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass

from summand.errors import IndicatorInvalid

INDICATORS: dict[str, str] = {
    "survival": "survival(DAYS)[GROUP]: Kaplan–Meier survival at a time, from 'km'",
    "mean": "mean(COLUMN): mean of a column, from 'describe'",
    "recorded": "recorded(COLUMN): share of records that have a value, from 'describe'",
    "complete_cases": "complete_cases: share of records complete for a model, from any model",
    "estimate": "estimate(TERM): a coefficient, from 'linear', 'logistic' or 'cox'",
    "auc": "auc(MODEL)[SITE]: area under the ROC curve, from 'evaluate'",
}
_FORM = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<argument>[^()]*(?:\([^()]*\)[^()]*)?)\))?(?:\[(?P<group>[^\[\]]+)\])?")
_NEEDS_ARGUMENT = frozenset({"survival", "mean", "recorded", "estimate"})


@dataclass(frozen=True)
class Indicator:
    """One indicator: its name in `INDICATORS`, what it is taken of, and of whom ("" for all)."""

    name: str
    argument: str = ""
    group: str = ""


def parse_indicator(text: str) -> Indicator:
    """The indicator behind a goal's ``indicator_id``.

    Raises:
        IndicatorInvalid: if it is not in the form of one in `INDICATORS`.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None or found["name"] not in INDICATORS:
        raise _invalid(text, "is not one that can be measured from a study")
    name, argument = found["name"], (found["argument"] or "").strip()
    if name in _NEEDS_ARGUMENT and not argument:
        raise _invalid(text, "does not say what it is taken of")
    if name == "survival" and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", argument):
        raise _invalid(text, "does not name a time as a number")
    return Indicator(name, argument, (found["group"] or "").strip())


def _invalid(text: str, why: str) -> IndicatorInvalid:
    forms = "; ".join(INDICATORS.values())
    return IndicatorInvalid(f"The indicator '{text[:80]}' {why}.", remedy=f"Use one of: {forms}.", clause="C.goals")
