"""The tables of the directory's database; the same statements run on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

from summand.directory._entries import Entry
from summand.directory._words import main_kind

SCHEMA_VERSION = 1
metadata = MetaData()
schema = Table("directory_schema", metadata, Column("version", Integer, primary_key=True))
organisations = Table(
    "organisation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(2000), nullable=False),
    Column("sought", String, nullable=False),  # names, cities and identifiers in lower case, for search
    Column("kind", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("country", String(2), nullable=False),
    Column("city", String(2000)),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("standing", String(20), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("envelope", LargeBinary),
)
Index("organisation_by_name", organisations.c.name, organisations.c.id)
facets = Table(
    "facet",
    metadata,
    Column("facet", String(20), primary_key=True),
    Column("value", String(2000), primary_key=True),
    Column("organisation", String(64), primary_key=True),
)
Index("facet_by_organisation", facets.c.organisation)
certificates = Table(
    "certificate",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String(2000), nullable=False),
    Column("expires", String(10), nullable=False),
)
Index("certificate_by_day", certificates.c.expires)
FACETS = ("kind", "country", "capability", "need", "category", "theme", "certificate", "holds", "standing", "status")
"""What a search can be narrowed by, besides text and the expiry of certificates."""


def facet_values(entry: Entry) -> set[tuple[str, str]]:
    """The (facet, value) pairs under which an entry is found."""
    one = entry.organisation
    found = {("kind", kind) for kind in one.kinds} | {("country", place.country) for place in one.places}
    found |= {("capability", item.code) for item in one.capabilities}
    found |= {("need", item.capability) for item in one.needs if item.capability}
    found |= {("need", "data") for item in one.needs if item.data}
    found |= {("category", text) for asset in one.data_assets for text in asset.categories}
    found |= {("theme", text) for asset in one.data_assets for text in asset.themes}
    found |= {("certificate", item.name) for item in one.certificates}
    found |= {("holds", "data")} if one.data_assets else set()
    return found | {("standing", entry.standing), ("status", one.status)}


def row_of(entry: Entry, data: bytes, envelope: bytes | None) -> dict[str, object]:
    """An entry as a row of ``organisation``."""
    one, place = entry.organisation, entry.organisation.places[0]
    sought = [one.id, one.name, *one.other_names, *(item.city or "" for item in one.places)]
    return {
        "id": one.id,
        "name": one.name,
        "sought": "\n".join(sought).casefold(),
        "kind": main_kind(one.kinds),
        "status": one.status,
        "country": one.country,
        "city": place.city,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "standing": entry.standing,
        "data": data,
        "envelope": envelope,
    }
