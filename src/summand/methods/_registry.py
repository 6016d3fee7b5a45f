"""The catalogue: which methods a study request may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.errors import UsageError
from summand.methods._cox import CoxRegression
from summand.methods._describe import Describe
from summand.methods._evaluate import Evaluate
from summand.methods._kaplan_meier import KaplanMeier
from summand.methods._linear import LinearRegression
from summand.methods._logistic import LogisticRegression
from summand.methods._logrank import LogRank
from summand.methods._protocol import Method

METHODS: dict[str, type[Method]] = {
    Describe.name: Describe,
    LinearRegression.name: LinearRegression,
    LogisticRegression.name: LogisticRegression,
    KaplanMeier.name: KaplanMeier,
    LogRank.name: LogRank,
    CoxRegression.name: CoxRegression,
    Evaluate.name: Evaluate,
}


def from_spec(spec: Mapping[str, Any]) -> Method:
    """The method behind a request ``{"name": …, settings…}``.

    Raises:
        UsageError: if the name is unknown or a setting malformed.
        FormulaInvalid: if its formula is.
    """
    name = spec.get("name") if isinstance(spec, Mapping) else None
    method = METHODS.get(name) if isinstance(name, str) else None
    if method is None:
        raise UsageError(
            f"There is no method '{str(name)[:40]}'.", remedy=f"The methods are: {', '.join(sorted(METHODS))}."
        )
    return method.from_spec(spec)
