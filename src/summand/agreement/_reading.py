"""From plain values to an `Agreement`, or to errors that say where and under which clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from summand.agreement._document import Agreement
from summand.encoding import canonical
from summand.errors import AgreementSyntaxError, OwnProtocolError


def read_value(value: Mapping[str, Any]) -> Agreement:
    """The agreement behind plain JSON values."""
    try:
        return Agreement.model_validate_json(canonical(dict(value)))
    except (ValidationError, OwnProtocolError) as error:
        raise AgreementSyntaxError(str(error), remedy="Correct it.") from None
