"""A site's service key counts on its organisation's word, for one site, for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from summand.errors import SignatureInvalid, SummandError
from summand.signing import PrivateKey, seal
from summand.study import Certificate
from summand.study._certificates import CERTIFICATE_TYPE

PARTY, SERVICE = PrivateKey.generate(), PrivateKey.generate()
NOW = datetime.now(UTC)


def test_a_certificate_is_read_back() -> None:
    """Site, party and key come back from the envelope."""
    made = Certificate.issue("north", SERVICE.public, PARTY)
    read = Certificate.read(made.envelope, "north", "north", PARTY.public, NOW)
    assert (read.site, read.party, read.key) == ("north", "north", SERVICE.public)


@pytest.mark.parametrize(
    ("site", "party", "key", "days"),
    [
        ("south", "north", PARTY, 0),
        ("north", "south", PARTY, 0),
        ("north", "north", PrivateKey.generate(), 0),
        ("north", "north", PARTY, 400),
        ("north", "north", PARTY, -1),
    ],
    ids=["another site", "another party", "another key", "too late", "too early"],
)
def test_it_counts_for_its_site_party_key_and_time_alone(site: str, party: str, key: PrivateKey, days: int) -> None:
    """Anything else than what the organisation signed is refused."""
    made = Certificate.issue("north", SERVICE.public, PARTY)
    with pytest.raises(SignatureInvalid):
        Certificate.read(made.envelope, site, party, key.public, NOW + timedelta(days=days))


GOOD = {
    "site": "north", "party": "north", "key": SERVICE.public.text,
    "from": (NOW - timedelta(days=1)).isoformat(), "to": (NOW + timedelta(days=1)).isoformat(),
}  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {}, [], "north", None, {**GOOD, "more": 1}, {**GOOD, "key": 5}, {**GOOD, "key": "ed25519:AAAA"},
        {**GOOD, "from": "yesterday"}, {**GOOD, "to": None}, {**GOOD, "to": NOW.replace(tzinfo=None).isoformat()},
    ],
    ids=range(10),
)  # fmt: skip
def test_malformed_certificates_are_errors_of_the_tree(fields) -> None:
    """Whatever an organisation signs, reading it gives one of our errors."""
    with pytest.raises(SummandError):
        Certificate.read(seal(CERTIFICATE_TYPE, fields, PARTY), "north", "north", PARTY.public, NOW)
