"""Which statements of a ledger count: by whom they are signed, and not by what the hub says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from summand.agreement import complete_example
from summand.encoding import canonical, parse
from summand.errors import PeerProtocolError, UsageError
from summand.signing import PrivateKey, seal
from summand.study import DOCUMENT_BYTES_MAX, STATEMENT_TYPE, Certificate, Statement, entry, read_statements

PARTY, PERSON, SITE, STRANGER = (PrivateKey.generate() for _ in range(4))
NAME = "sample lead"


@pytest.fixture(scope="module")
def agreement():
    """Two parties, one person."""
    return complete_example(
        [{"id": "north", "key": PARTY.public.text}, "south", "west"],
        people=[{"name": NAME, "party": "south", "role": "governance_lead", "key": PERSON.public.text}],
    )


def leaf(statement, **changes):
    """The ledger entry that an honest hub makes of a statement, or one with changes."""
    made = entry(
        statement.kind, agreement_hash=statement.agreement_hash, study=statement.study, person=statement.person,
        document_sha256=statement.document_sha256, envelope=statement.envelope.to_dict(),
    )  # fmt: skip
    return {**parse(made), **changes}


def numbered(*entries):
    """Entries with leaf numbers."""
    return list(enumerate(entries))


def certified(key, days=365, party_key=PARTY):
    """The entry of a site's certificate."""
    certificate = Certificate.issue("north", key.public, party_key, days=days)
    return parse(entry("site.certified", key=key.public.text, site="north", party="north",
                       envelope=certificate.envelope.to_dict()))  # fmt: skip


def test_people_parties_and_certified_sites_count(agreement):
    """Each with the party that answers for it and the role."""
    said = {"a": 1}
    entries = numbered(
        certified(SITE),
        leaf(Statement.sign("governance.act", agreement.hash, NAME, said, PERSON, inside=True)),
        leaf(Statement.sign("governance.act", agreement.hash, "north", {"a": 2}, PARTY, inside=True)),
        leaf(Statement.sign("site.stopped", agreement.hash, "north", {"a": 3}, SITE, inside=True)),
    )
    counted, ignored = read_statements(entries, [agreement])
    assert [(item.leaf, item.party, item.role) for item in counted] == [
        (1, "south", "governance_lead"), (2, "north", "party"), (3, "north", "site"),
    ]  # fmt: skip
    assert counted[0].document == said
    assert ignored == []


def test_what_is_not_signed_by_whom_it_names_does_not_count(agreement):
    """Other keys, a name nobody has, an entry that says something else than its envelope, a key before its time."""
    good = Statement.sign("governance.act", agreement.hash, NAME, {"a": 1}, PERSON, inside=True)
    other = Statement.sign("governance.act", agreement.hash, NAME, {"a": 2}, STRANGER, inside=True)
    nobody = Statement.sign("governance.act", agreement.hash, "nobody", {"a": 3}, STRANGER)
    entries = numbered(
        leaf(other), leaf(nobody), leaf(good, type="goal.measured"), leaf(good, envelope={}), leaf(good, at="yesterday"),
        leaf(good, at=(datetime.now(UTC) + timedelta(days=4000)).isoformat()),
    )  # fmt: skip
    counted, ignored = read_statements(entries, [agreement])
    assert counted == []
    assert [item.leaf for item in ignored] == [0, 1, 2, 3, 4, 5]


def test_a_certificate_that_another_key_signed_certifies_nothing(agreement):
    """The hub cannot make a site up."""
    stop = leaf(Statement.sign("site.stopped", agreement.hash, "north", {}, SITE, inside=True))
    assert read_statements(numbered(certified(SITE, party_key=STRANGER), stop), [agreement])[0] == []
    assert len(read_statements(numbered(certified(SITE), stop), [agreement])[0]) == 1


def test_a_statement_counts_once_and_no_earlier_than_it_came(agreement):
    """Repeating an entry changes nothing; the later of the signer's and the hub's times counts."""
    early = datetime.now(UTC) - timedelta(days=3)
    statement = Statement.sign("governance.act", agreement.hash, NAME, {"a": 1}, PERSON, inside=True, at=early)
    came = leaf(statement)
    counted, _ = read_statements(numbered(came, came, leaf(statement, at=early.isoformat())), [agreement])
    assert [(item.leaf, item.at) for item in counted] == [(0, datetime.fromisoformat(came["at"]))]


def test_a_document_travels_inside_or_by_its_hash(agreement):
    """Both forms read back; the hash is the same."""
    inside = Statement.sign("goal.measured", agreement.hash, NAME, {"v": 1.5}, PERSON, inside=True)
    apart = Statement.sign("goal.measured", agreement.hash, NAME, {"v": 1.5}, PERSON)
    assert inside.document_sha256 == apart.document_sha256
    assert Statement.from_dict(inside.envelope.to_dict()).document == {"v": 1.5}
    assert Statement.from_dict(apart.envelope.to_dict()).document is None


def test_a_document_inside_is_what_its_hash_says_and_not_too_long(agreement):
    """Another document, a list, one that is too long: refused when read; too long: refused when signed."""
    fields = parse(
        Statement.sign("goal.measured", agreement.hash, NAME, {"v": 1}, PERSON, inside=True).envelope.payload
    )
    for document in ({"v": 2}, [1], "text", {"v": "x" * DOCUMENT_BYTES_MAX}):
        with pytest.raises(PeerProtocolError):
            Statement.from_dict(seal(STATEMENT_TYPE, {**fields, "document": document}, PERSON).to_dict())
    with pytest.raises(UsageError):
        Statement.sign("goal.measured", agreement.hash, NAME, {"v": "x" * DOCUMENT_BYTES_MAX}, PERSON, inside=True)
    longest = {"v": "x" * (DOCUMENT_BYTES_MAX - len(canonical({"v": ""})))}
    found = Statement.sign("goal.measured", agreement.hash, NAME, longest, PERSON, inside=True)
    assert len(canonical(leaf(found))) < 65_536
