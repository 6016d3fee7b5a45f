"""The catalogue: which methods a study request may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.errors import UsageError
from summand.methods import across, causes, description, evaluation, learning, models, survival
from summand.methods._learned import learning_first
from summand.methods._protocol import Method

FAMILIES = (description, models, survival, across, causes, evaluation, learning)

METHODS: dict[str, type[Method]] = {method.name: method for family in FAMILIES for method in family.METHODS}


def from_spec(spec: Mapping[str, Any]) -> Method:
    """The method behind a request ``{"name": …, settings…}``; it learns first what its formula's terms must learn.

    Raises:
        UsageError: if the name is unknown or a setting malformed.
        FormulaInvalid: if its formula is.
    """
    return learning_first(plain_from_spec(spec))


def plain_from_spec(spec: Mapping[str, Any]) -> Method:
    """The method behind a request, its formula's terms not learned.

    Raises:
        UsageError, FormulaInvalid: as `from_spec`.
    """
    name = spec.get("name") if isinstance(spec, Mapping) else None
    method = METHODS.get(name) if isinstance(name, str) else None
    if method is None:
        raise UsageError(
            f"There is no method '{str(name)[:40]}'.", remedy=f"The methods are: {', '.join(sorted(METHODS))}."
        )
    return method.from_spec(spec)
