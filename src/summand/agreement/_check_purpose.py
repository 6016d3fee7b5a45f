"""Conditions of clause C: codes that exist, prohibitions that stand, goals that somebody owns."""

from __future__ import annotations

from collections.abc import Iterator

from summand.agreement._document import Agreement
from summand.agreement._duo import GROUPINGS, INVESTIGATIONS, MODIFIERS, OBSOLETE, PERMISSIONS
from summand.agreement._problems import Problem, invalid, missing, note, twice, unknown_names
from summand.agreement._purpose import (
    EHDS53_CODES,
    EHDS53_PUBLIC_BODIES_ONLY,
    HIPAA_CODES,
    PROHIBITED_ALWAYS,
    Purpose,
)

PUBLIC_BODIES = frozenset({"government", "regulator"})


def purpose_conditions(agreement: Agreement) -> Iterator[Problem]:
    """Clause C."""
    for index, purpose in enumerate(agreement.purpose.purposes):
        yield from _code(agreement, purpose, index)
    yield from _prohibitions(agreement)
    parties = {party.id for party in agreement.parties}
    goals = agreement.purpose.goals
    yield from twice(("purpose", "goals"), goals, "goals")
    owners = ((("purpose", "goals", i, "owner"), goal.owner) for i, goal in enumerate(goals))
    yield from unknown_names(owners, parties, "party")


def _code(agreement: Agreement, purpose: Purpose, index: int) -> Iterator[Problem]:
    place = ("purpose", "purposes", index, "code")
    code = purpose.code
    if purpose.system == "DUO":
        yield from _duo_code(purpose, index)
    elif code not in (EHDS53_CODES if purpose.system == "EHDS53" else HIPAA_CODES):
        known = EHDS53_CODES if purpose.system == "EHDS53" else HIPAA_CODES
        yield invalid(place, f"{code[:40]!r} is no purpose of {purpose.system}.", f"Name one of: {', '.join(known)}.")
    elif code in EHDS53_PUBLIC_BODIES_ONLY and not any(party.type in PUBLIC_BODIES for party in agreement.parties):
        yield invalid(
            place,
            f"Purpose {code} is open to public bodies only (EHDS Art. 53(1)), and no party is one.",
            "Choose a purpose from 53(1)(d) to (f), or add the authority as a party.",
        )


def _duo_code(purpose: Purpose, index: int) -> Iterator[Problem]:
    place = ("purpose", "purposes", index, "code")
    if purpose.code in OBSOLETE:
        yield invalid(place, f"{purpose.code} is obsolete in DUO.", f"Use {OBSOLETE[purpose.code]}.")
    elif purpose.code in MODIFIERS or purpose.code in GROUPINGS:
        yield invalid(
            place,
            f"{purpose.code} is no purpose: it modifies or groups others.",
            "Name a permission, such as DUO:0000006 (HMB), and put modifiers into the dataset's consent_codes.",
        )
    elif purpose.code not in PERMISSIONS and purpose.code not in INVESTIGATIONS:
        yield invalid(place, f"{purpose.code[:40]!r} is not in DUO.", f"Name one of: {', '.join(PERMISSIONS)}.")
    elif purpose.code in ("DUO:0000007", "DUO:0000040") and purpose.disease is None:
        yield missing(
            ("purpose", "purposes", index, "disease"),
            f"{purpose.code} is limited to a disease and names none.",
            "Add its MONDO identifier.",
        )


def _prohibitions(agreement: Agreement) -> Iterator[Problem]:
    place = ("purpose", "prohibited_purposes")
    named = {purpose.code for purpose in agreement.purpose.prohibited_purposes}
    yield from twice(place, agreement.purpose.prohibited_purposes, "prohibitions", "code")
    for code, text in PROHIBITED_ALWAYS.items():
        if code not in named:
            yield note(
                place,
                f"The prohibition {code} ({text}) is not written down. It is in force all the same.",
                "Write it down, so that readers see it.",
            )
    for index, purpose in enumerate(agreement.purpose.purposes):
        if purpose.code in named or purpose.code in PROHIBITED_ALWAYS:
            yield invalid(
                ("purpose", "purposes", index, "code"),
                f"{purpose.code} is both permitted and prohibited; the prohibition wins.",
                "Take it out of one of the two lists.",
            )
