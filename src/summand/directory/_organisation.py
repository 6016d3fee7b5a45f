"""One entry of the directory: an organisation, as it says about itself or as a register knows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from summand.directory._data_asset import DataAsset
from summand.directory._record import Address, Code, Count, Country, Record, Slug, Text, read_record
from summand.directory._ror import parse_ror
from summand.directory._words import KINDS, main_kind
from summand.errors import OrganisationInvalid, PeerProtocolError
from summand.signing import PublicKey


def _is_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return kind


def _is_key(text: str) -> str:
    try:
        PublicKey.from_text(text)
    except PeerProtocolError as error:
        raise ValueError(error.message) from None
    return text


def _is_identifier(text: str) -> str:
    if text.startswith("ror:"):
        try:
            parse_ror(text)
        except OrganisationInvalid as error:
            raise ValueError(error.message) from None
    return text


OrganisationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}$"), AfterValidator(_is_identifier)]
"""``ror:`` and the ROR identifier, or a short name of its own where an organisation has none."""


class Registration(Record):
    """An identifier in a public register."""

    scheme: Literal["ror", "lei", "ccn", "npi", "grid", "isni", "wikidata", "fundref", "other"]
    value: Text


class Place(Record):
    """Where it works; WGS 84 degrees."""

    country: Country
    city: Text | None = None
    subdivision: Text | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    geonames_id: Count | None = None


class Capability(Record):
    """What it can do."""

    code: Code
    text: Text | None = None
    capacity: Text | None = None


class DataNeed(Record):
    """Data that are looked for."""

    theme: Text | None = None
    category: Text | None = None
    individuals_min: Count = 0
    countries: tuple[Country, ...] = ()


class Purpose(Record):
    """Why the data or the capability are needed, as clause C of an agreement writes it."""

    system: Literal["EHDS53", "DUO", "HIPAA"]
    code: Text
    disease: str | None = Field(None, pattern=r"^MONDO:[0-9]{7}$")


class Need(Record):
    """Something that it looks for: a capability or data; ``weight`` is 1 (welcome) to 5 (nothing goes without it)."""

    id: Slug
    text: Text
    capability: Code | None = None
    data: DataNeed | None = None
    certificates: tuple[Text, ...] = ()
    weight: int = Field(3, ge=1, le=5)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Need:
        if (self.capability is None) == (self.data is None):
            raise ValueError("a need names either a capability or data")
        return self


class Certificate(Record):
    """What a third party attested, and until when."""

    name: Text
    issuer: Text
    reference: Text | None = None
    granted: date | None = None
    expires: date

    def holds_on(self, day: date) -> bool:
        """Whether it covers the day."""
        return (self.granted is None or self.granted <= day) and day <= self.expires


class Relation(Record):
    """Another organisation that it belongs to, owns or succeeds, as ROR has it."""

    kind: Literal["parent", "child", "related", "predecessor", "successor"]
    organisation: OrganisationId


class Interest(Record):
    """An interest in another organisation, declared before anybody asks."""

    in_organisation: OrganisationId
    kind: Literal["equity", "fees", "ip", "family", "board", "other"]
    text: Text
    declared_on: date


class Debarment(Record):
    """Whether it stands on an exclusion list (OIG LEIE, SAM and the like)."""

    checked_on: date
    source: Text
    listed: bool


class TransferTool(Record):
    """A ground for the transfer of personal data that it has in place."""

    tool: Literal["scc", "bcr", "dpf", "pipeda", "idta", "adhoc"]
    expires: date | None = None


class Organisation(Record):
    """One organisation. Made by `Organisation.from_dict` or an import; every identifier in it has been checked."""

    id: OrganisationId
    name: Text
    other_names: tuple[Text, ...] = ()
    kinds: tuple[Annotated[str, AfterValidator(_is_kind)], ...] = Field(min_length=1)
    status: Literal["active", "inactive", "withdrawn"] = "active"
    established: int | None = Field(None, ge=1, le=2200)
    nonprofit: bool = False
    registrations: tuple[Registration, ...] = ()
    places: tuple[Place, ...] = Field(min_length=1)
    website: Address | None = None
    capabilities: tuple[Capability, ...] = ()
    needs: tuple[Need, ...] = ()
    data_assets: tuple[DataAsset, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    transfer_tools: tuple[TransferTool, ...] = ()
    relations: tuple[Relation, ...] = ()
    interests: tuple[Interest, ...] = ()
    debarment: Debarment | None = None
    purpose: Purpose | None = None
    key: Annotated[str, AfterValidator(_is_key)] | None = None
    revision: Count = 0

    @model_validator(mode="after")
    def _names_are_unique(self) -> Organisation:
        for what, names in (
            ("needs", [item.id for item in self.needs]),
            ("data_assets", [item.id for item in self.data_assets]),
            ("capabilities", [item.code for item in self.capabilities]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} with a short name each, none of them twice")
        return self

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Organisation:
        """The organisation behind plain JSON values.

        Raises:
            OrganisationInvalid: naming the field that does not fit.
        """
        return read_record(cls, dict(value), "The entry")

    @property
    def country(self) -> str:
        """Country of its first place."""
        return self.places[0].country

    @property
    def kind(self) -> str:
        """Its main kind."""
        return main_kind(self.kinds)

    @property
    def ror(self) -> str | None:
        """Its ROR identifier, nine characters; None if it has none."""
        return self.id.removeprefix("ror:") if self.id.startswith("ror:") else None
