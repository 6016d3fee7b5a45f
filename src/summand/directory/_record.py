"""The strict base of every part of an entry, and the kinds of values that parts are made of."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from summand.directory._countries import COUNTRIES
from summand.encoding import canonical
from summand.errors import OrganisationInvalid, OwnProtocolError


class Record(BaseModel):
    """A part of an entry: unknown fields refused, no conversions, never changed once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without fields that are empty."""
        return self.model_dump(mode="json", exclude_defaults=True)


def _shows_as_it_is(text: str) -> str:
    # What a reader sees must be what is signed: no terminal escapes, no right-to-left overrides.
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        raise ValueError("text without control or direction characters")
    return text


def _is_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("a country by its ISO 3166-1 alpha-2 code, such as NL")
    return code


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_shows_as_it_is)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
Country = Annotated[str, AfterValidator(_is_country)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"'\\]{1,500}$")]
Iri = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>\"'\\]{1,500}$")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


Kind = TypeVar("Kind", bound=Record)


def read_record(kind: type[Kind], value: Any, what: str) -> Kind:
    """The record behind plain JSON values.

    Raises:
        OrganisationInvalid: naming the first field that does not fit, what it holds and what it should.
    """
    try:
        return kind.model_validate_json(canonical(value))
    except OwnProtocolError as error:
        raise OrganisationInvalid(f"{what}: {error.message}", remedy="Write what JSON can hold.") from None
    except ValidationError as error:
        place, said = complaint(error)
        raise OrganisationInvalid(
            f"{what}: {place or 'the whole'} does not fit: {said}.", remedy="Correct it and give it again.", field=place
        ) from None


def complaint(error: ValidationError) -> tuple[str, str]:
    """The first field that does not fit, and why."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    found = first.get("input")
    shown = f" (found {found[:60]!r})" if isinstance(found, str) else ""
    return place, f"{said[:1].lower()}{said[1:]}{shown}"
