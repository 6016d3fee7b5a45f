"""The store: search against a plain scan, facet counts, expiry of certificates, and signed entries."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory_cases import able, holding, organisation
from summand.directory import Directory, Entry, Organisation, Query, read_signed_entry, sign_entry
from summand.errors import OrganisationInvalid, OrganisationUnknown, SignatureInvalid, StorageFailed, UsageError
from summand.signing import Envelope, PrivateKey

TODAY = date(2026, 3, 10)
WORDS = st.sampled_from(["alpha", "beta", "Gamma", "50%", "a_b"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.sampled_from(["NL", "DE"]), st.frozensets(st.sampled_from(["statistics", "imaging"]))), max_size=6),
    st.one_of(st.just(""), WORDS), st.frozensets(st.sampled_from(["NL", "DE"])), st.frozensets(st.just("imaging")),
)  # fmt: skip
def test_a_search_finds_what_a_plain_scan_finds(
    rows: list[tuple[str, str, frozenset[str]]], text: str, countries: frozenset[str], codes: frozenset[str]
) -> None:
    """Text, facets and their counts agree with a scan over all rows; a facet's own choice is left aside in its counts."""
    directory = Directory()
    found = {f"o{i}": row for i, row in enumerate(rows)}
    for name, (title, country, can) in found.items():
        can_do = [{"code": code} for code in sorted(can)]
        directory.put(Entry(organisation("x", country, id=name, name=title, capabilities=can_do), "declared"))
    page = directory.search(Query(text, {"country": tuple(countries), "capability": tuple(codes)}, today=TODAY))

    def fits(row: tuple[str, str, frozenset[str]], *, country: bool = True) -> bool:
        title, land, can = row
        return (
            text.casefold() in title.casefold()
            and (not country or not countries or land in countries)
            and (not codes or bool(codes & can))
        )

    assert {row.id for row in page.rows} == {name for name, row in found.items() if fits(row)}
    assert page.total == len(page.rows)
    lands = [row[1] for row in found.values() if fits(row, country=False)]
    assert dict(page.facets["country"]) == {land: lands.count(land) for land in set(lands)}
    directory.close()


def certified(name: str, days: int) -> Entry:
    """An entry with a certificate that lapses so many days from today."""
    paper = {"name": "ISO 27001", "issuer": "sample", "expires": (TODAY + timedelta(days=days)).isoformat()}
    return Entry(organisation(name, certificates=[paper]), "declared")


@pytest.mark.parametrize(
    ("band", "days"),
    [("expired", {-1}), ("30", {0, 30}), ("60", {0, 30, 60}), ("90", {0, 30, 60, 90}), ("later", {91})],
)
def test_expiry_of_certificates(band: Any, days: set[int]) -> None:
    """Each band holds exactly the certificates that lapse in it, today's last day included."""
    directory = Directory()
    for day in (-1, 0, 30, 60, 90, 91):
        directory.put(certified(f"in{day + 1}", day))
    page = directory.search(Query(certificate_expiry=band, today=TODAY))

    assert {row.id for row in page.rows} == {f"in{day + 1}" for day in days}
    assert dict(page.facets["certificate_expiry"])[band] == len(days)


def test_pages_follow_one_another() -> None:
    """Limit and offset cut one order by name."""
    directory = Directory()
    for name in "cab":
        directory.put(able(name))
    assert [directory.search(Query(limit=1, offset=at)).rows[0].id for at in range(3)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "query", [{"where": {"colour": ("red",)}}, {"limit": 1001}, {"offset": -1}, {"certificate_expiry": "soon"}]
)
def test_a_query_that_is_none(query: dict[str, Any]) -> None:
    """Unknown facets and pages are refused with what is known."""
    with pytest.raises(UsageError):
        Query(**query)


def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    """An entry comes back from the file as it went in, and a removed one is gone."""
    file, entry = tmp_path / "d.db", holding("north", "DUO:0000006")
    Directory.at(file).put(entry)
    again = Directory.at(file)

    assert again.get("north") == entry
    again.remove("north")
    with pytest.raises(OrganisationUnknown):
        again.get("north")


def test_a_file_that_is_no_directory(tmp_path: Path) -> None:
    """Another file is an error of storage, never a traceback."""
    file = tmp_path / "d.db"
    file.write_bytes(b"x" * 5000)
    with pytest.raises(StorageFailed):
        Directory.at(file)


def signed(key: PrivateKey, revision: int = 1, **fields: Any) -> Entry:
    """An entry signed by its key."""
    one = organisation("north", key=key.public.text, revision=revision, **fields)
    return read_signed_entry(sign_entry(one, key))


def test_only_its_key_changes_a_signed_entry() -> None:
    """A newer one of the same key goes in; an older one, another key's and an unsigned one do not."""
    key, other, directory = PrivateKey.generate(), PrivateKey.generate(), Directory()
    directory.put(signed(key, 1))
    directory.put(signed(key, 2))
    for attempt in (signed(key, 2), signed(key, 1), signed(other, 3), Entry(organisation("north"), "declared")):
        with pytest.raises(SignatureInvalid):
            directory.put(attempt)
    assert directory.get("north").organisation.revision == 2
    assert directory.get("north").fingerprint == key.public.fingerprint
    assert directory.get("north").to_dict()["standing"] == "signed"


def test_what_was_signed_is_what_counts() -> None:
    """A changed payload, another key, no key, or another type of document does not pass."""
    key = PrivateKey.generate()
    good = sign_entry(organisation("north", key=key.public.text), key)
    forged = [
        Envelope(good.payload.replace(b"North", b"South"), good.payload_type, good.signatures),
        Envelope(good.payload, "application/vnd.summand.statement+json", ()).signed_by(key),
        Envelope(
            b'{"id":"north","kinds":["provider"],"name":"North","places":[{"country":"NL"}]}', good.payload_type, ()
        ).signed_by(key),
    ]
    for envelope in forged:
        with pytest.raises(SignatureInvalid):
            read_signed_entry(envelope)
    with pytest.raises(SignatureInvalid, match="does not name this key"):
        sign_entry(organisation("north"), key)
    with pytest.raises(OrganisationInvalid):
        read_signed_entry(Envelope(b"[1]", good.payload_type, ()).signed_by(key))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "ror:02qp3tb04"), ("kinds", ["starship"]), ("kinds", []), ("places", []), ("website", "javascript:alert(1)"),
        ("name", "North\u202egnp.exe"), ("places", [{"country": "NL", "latitude": 91.0}]), ("key", "ed25519:abc"),
        ("needs", [{"id": "a", "text": "x"}]), ("capabilities", [{"code": "a"}, {"code": "a"}]), ("colour", "red"),
        ("certificates", [{"name": "x", "issuer": "y", "expires": "2026-02-30"}]), ("revision", 2**60),
    ],
)  # fmt: skip
def test_an_entry_that_is_none(field: str, value: Any) -> None:
    """Each wrong field is named in the error."""
    with pytest.raises(OrganisationInvalid):
        Organisation.from_dict(
            {"id": "x", "name": "X", "kinds": ["provider"], "places": [{"country": "NL"}], field: value}
        )
