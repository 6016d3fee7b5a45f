"""Records of registers and files: frozen dataclasses, read strictly from JSON and written back."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from summand.encoding import dump
from summand.errors import OwnProtocolError, SettlementInvalid

T = TypeVar("T")

STRICT = ConfigDict(extra="forbid", strict=True)
"""What every record's ``__pydantic_config__`` is: no unknown field, no silent conversion."""

Cents = Annotated[int, Field(ge=0, le=10**15)]
SignedCents = Annotated[int, Field(ge=-(10**15), le=10**15)]
PerMille = Annotated[int, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Weight = Annotated[int, Field(ge=0, le=10**15)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Text = Annotated[str, Field(max_length=2000)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def read_record(kind: type[T], fields: Any, what: str) -> T:
    """A record from JSON values.

    Args:
        kind: The record's dataclass.
        fields: JSON values.
        what: What it is, for the error.

    Raises:
        SettlementInvalid: naming the first field that is wrong, never its value.
    """
    try:
        found: T = _adapter(kind).validate_json(dump(fields))
        return found
    except (ValidationError, OwnProtocolError) as error:
        where, why = _first(error)
        raise SettlementInvalid(
            f"{what} is not of its form: {where}{why}.", remedy="See docs/settlement.md for its fields."
        ) from None


def write_record(record: Any) -> dict[str, Any]:
    """A record as JSON values; what `read_record` reads."""
    found: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    return found


def record_schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a record."""
    found: dict[str, Any] = _adapter(kind).json_schema()
    return found


def _adapter(kind: Any) -> Any:
    return _made(kind)


@cache
def _made(kind: Any) -> Any:
    return TypeAdapter(kind)


def _first(error: Exception) -> tuple[str, str]:
    if not isinstance(error, ValidationError):
        return "", "a number is too large or not JSON"
    found = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part)[:40] for part in found["loc"])
    return (f"{where}: " if where else ""), str(found["msg"])[:200].rstrip(".").lower()
