"""ROR identifiers: every published one passes, and no single mistyped character does."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_files import shared_data
from summand.directory import parse_ror, ror_checksum
from summand.directory._ror import ALPHABET
from summand.errors import OrganisationInvalid

BODIES = st.text(ALPHABET, min_size=6, max_size=6).map(lambda text: "0" + text)


def test_every_published_identifier_has_the_checksum_we_compute() -> None:
    """All health-care organisations and the named partners of the registry: 4,347 identifiers."""
    found = []
    for name in ("ror_healthcare.csv", "named_partners.csv"):
        with shared_data(f"organisations/{name}").open(encoding="utf-8") as lines:
            found += [row["ror_id"] for row in csv.DictReader(lines)]

    assert len(found) == 4347
    assert [parse_ror(text) for text in found] == found


@given(BODIES, st.integers(1, 8), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(body: str, place: int, letter: str) -> None:
    """MOD 97-10 finds every substitution of one character, in the body or the check digits."""
    good = body + ror_checksum(body)
    bad = good[:place] + letter + good[place + 1 :]
    assert parse_ror(good) == good
    if bad != good:
        with pytest.raises(OrganisationInvalid):
            parse_ror(bad)


@pytest.mark.parametrize("text", ["https://ror.org/02qp3tb03", "ror.org/02QP3TB03", "ror:02qp3tb03", " 02qp3tb03 "])
def test_forms_in_which_it_is_written(text: str) -> None:
    """An address, a prefix, capitals and spaces around it are the same identifier."""
    assert parse_ror(text) == "02qp3tb03"


@pytest.mark.parametrize(
    "text", ["", "02qp3tb0", "12qp3tb03", "02qp3tbi3", "https://example.org/02qp3tb03", "02qp3tb03/x"]
)
def test_what_is_no_identifier(text: str) -> None:
    """Another form is refused with what the form is."""
    with pytest.raises(OrganisationInvalid, match="no ROR identifier"):
        parse_ror(text)
