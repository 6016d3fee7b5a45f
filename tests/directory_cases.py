"""Organisations for tests of the directory; all invented."""

from __future__ import annotations

from typing import Any

from summand.directory import Entry, Organisation

RESEARCH = {"system": "EHDS53", "code": "53(1)(e)"}


def organisation(identifier: str, country: str = "NL", **fields: Any) -> Organisation:
    """An organisation with a place in a country."""
    base: dict[str, Any] = {
        "id": identifier,
        "name": identifier.title(),
        "kinds": ["provider"],
        "places": [{"country": country}],
    }
    return Organisation.from_dict({**base, **fields})


def seeker(*needs: dict[str, Any], country: str = "NL", **fields: Any) -> Organisation:
    """One that looks for these."""
    rows = [{"id": f"need-{i}", "text": "sample", **need} for i, need in enumerate(needs)]
    return organisation("seeker", country, needs=rows, **{"purpose": RESEARCH, **fields})


def able(name: str, *codes: str, country: str = "NL", **fields: Any) -> Entry:
    """A declared entry of an organisation that can do these."""
    return Entry(organisation(name, country, capabilities=[{"code": code} for code in codes], **fields), "declared")


def holding(name: str, *codes: str, country: str = "NL", people: int | None = 5000, **asset: Any) -> Entry:
    """A declared entry of one that holds a stroke registry under these DUO codes."""
    data = {
        "id": "registry", "title": "stroke registry", "themes": ["stroke"], "consent": [{"code": code} for code in codes],
        **({} if people is None else {"unique_individuals": people}), **asset,
    }  # fmt: skip
    return Entry(organisation(name, country, data_assets=[data]), "declared")
