"""Which methods work under a privacy budget, and why the others do not."""

from __future__ import annotations

from typing import Any

from summand.errors import MethodNotPermitted
from summand.methods._learned import LearnedTerms
from summand.methods._protocol import Method
from summand.methods.private._boosting import PrivateBoosting
from summand.methods.private._describe import PrivateDescribe
from summand.methods.private._regression import PrivateRegression

_PRIVATE: dict[str, type[Any]] = {
    "describe": PrivateDescribe,
    "linear": PrivateRegression,
    "logistic": PrivateRegression,
    "glm": PrivateRegression,
    "boosting": PrivateBoosting,
}
_CONDENSED = (
    "its sites solve something of their own before they add, and no bound is proved for one person's part in that"
)
_TIMES = (
    "its curves are sums over everybody at risk at every time, which one person changes at as many times as there are"
)
_REASONS = {
    **dict.fromkeys(
        (
            "cox",
            "km",
            "nelson_aalen",
            "logrank",
            "rmst",
            "aalen_johansen",
            "fine_gray",
            "piecewise_exponential",
            "rates",
        ),
        _TIMES,
    ),
    **dict.fromkeys(("mixed", "meta", "internal_external", "stepped_wedge", "interrupted_time_series"), _CONDENSED),
    **dict.fromkeys(
        ("evaluate", "roc", "thresholds", "evaluate_survival"),
        "it judges a model that the requester gives, whose scores may be counted as finely as people differ",
    ),
}
_OTHER = "no bound is proved for what one person changes in its sums"


def private_method(method: Method) -> Method:
    """The method under a privacy budget.

    Raises:
        MethodNotPermitted: if it has no private form, naming it and why; or if a setting of it has none.
    """
    if isinstance(method, LearnedTerms):
        raise refused(method.name, "its formula's terms would first learn from sums without noise; give their numbers")
    kind = _PRIVATE.get(method.name)
    if kind is None:
        raise refused(method.name, _REASONS.get(method.name, _OTHER))
    reason = kind.reason_against(method)
    if reason is not None:
        raise refused(method.name, reason)
    found: Method = kind(method)
    return found


def refused(name: str, reason: str) -> MethodNotPermitted:
    """What is said of a method without a private form."""
    return MethodNotPermitted(
        f"The method '{name}' cannot run as asked under a privacy budget: {reason}.",
        remedy=f"Ask for one of: {', '.join(sorted(_PRIVATE))}, with one intercept for all and errors from the model.",
        clause="E.budget",
    )
