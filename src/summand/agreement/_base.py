"""The kinds of values that clauses are made of, and the strict base of every clause."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from summand.errors import PeerProtocolError
from summand.signing import PublicKey

LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 writes numbers as IEEE 754 doubles: a larger integer has no canonical form."""


class Clause(BaseModel):
    """A part of the agreement: unknown fields refused, no conversions, never changed once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _is_key(text: str) -> str:
    try:
        PublicKey.from_text(text)
    except PeerProtocolError as error:
        raise ValueError(error.message) from None
    return text


def _shows_as_it_is(text: str) -> str:
    # What a signer reads must be what is signed: no terminal escapes, no right-to-left overrides.
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        raise ValueError("text without control or direction characters")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_shows_as_it_is)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
"""A short name without spaces that other clauses refer to: ``site-03``, ``lung``."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2, with the European Union's ``EU`` where a whole is meant."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
KeyText = Annotated[str, AfterValidator(_is_key)]
"""An Ed25519 public key, ``ed25519:`` and its base64."""
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Release = Literal["total", "site_level"]
JsonObject = dict[str, Any]


def star(description: str, **constraints: Any) -> Any:
    """A field without which a hospital's legal office refuses to sign."""
    return Field(description=description, json_schema_extra={"star": True}, **constraints)


def must(description: str, **constraints: Any) -> Any:
    """A field that is always there."""
    return Field(description=description, **constraints)


def may(description: str, default: Any = None, **constraints: Any) -> Any:
    """A field that may be left out, with the value it has then."""
    return Field(default, description=description, **constraints)
