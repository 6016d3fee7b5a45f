"""Conditions of clauses A and B: version and history, who is who, and what the law of a party's country adds."""

from __future__ import annotations

from collections.abc import Iterator

from summand.agreement._document import Agreement
from summand.agreement._law import GDPR_COUNTRIES, UNITED_STATES
from summand.agreement._problems import Problem, invalid, missing, twice, unknown_names


def has_us_party(agreement: Agreement) -> bool:
    """Whether a party has its seat in the United States."""
    return any(party.country == UNITED_STATES for party in agreement.parties)


def party_conditions(agreement: Agreement) -> Iterator[Problem]:
    """Clauses A and B."""
    yield from _history(agreement)
    yield from twice(("parties",), agreement.parties, "parties")
    yield from twice(("parties",), agreement.parties, "parties", "key")
    for index, party in enumerate(agreement.parties):
        if party.id == "any":
            yield invalid(("parties", index, "id"), 'No party can be called "any".', "Choose another short name.")
    yield from _law_of_the_country(agreement)
    yield from _people(agreement)


def _history(agreement: Agreement) -> Iterator[Problem]:
    place = ("identity", "previous_version_hash")
    if agreement.version > 1 and agreement.previous_version_hash is None:
        yield missing(
            place,
            f"Version {agreement.version} does not name the version before it.",
            "Add its hash, as 'summand agreement show' gives it.",
        )
    if agreement.version == 1 and agreement.previous_version_hash is not None:
        yield invalid(place, "Version 1 names a version before it.", "Take the hash out, or raise the version.")


def _law_of_the_country(agreement: Agreement) -> Iterator[Problem]:
    us = has_us_party(agreement)
    for index, party in enumerate(agreement.parties):
        if party.country == UNITED_STATES and party.hipaa_status is None:
            yield missing(
                ("parties", index, "hipaa_status"),
                f"Party {party.id} is in the United States and does not state its standing under HIPAA.",
                "Add one of: covered_entity, business_associate, none.",
            )
        if us and party.debarment_check is None:
            yield missing(
                ("parties", index, "debarment_check"),
                f"A party is in the United States, and party {party.id} was not searched in the exclusion lists.",
                "Add the date and the lists (OIG LEIE, SAM).",
            )
        if party.country in GDPR_COUNTRIES and party.gdpr_role is None:
            yield missing(
                ("parties", index, "gdpr_role"),
                f"Party {party.id} is in {party.country} and does not state its role under the GDPR.",
                "Add one of: controller, joint_controller, processor, none.",
            )


def _people(agreement: Agreement) -> Iterator[Problem]:
    people = agreement.people
    parties = {party.id for party in agreement.parties}
    yield from unknown_names(((("people", i, "party"), p.party) for i, p in enumerate(people)), parties, "party")
    owners: dict[str, tuple[str, str | None]] = {party.key: (party.id, None) for party in agreement.parties}
    for index, person in enumerate(people):
        if person.to < person.from_:
            yield invalid(("people", index, "to"), f"{person.name}'s key ends before it starts.", "Correct the dates.")
        party, name = owners.setdefault(person.key, (person.party, person.name))
        if party != person.party or name not in (None, person.name):
            yield invalid(
                ("people", index, "key"),
                f"The key of {person.name} of {person.party} also belongs to {name or 'the party'} ({party}).",
                "Give each person a key of their own, so that a signature shows who signed.",
            )
