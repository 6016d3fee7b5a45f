"""The register of inventions as a document."""

from __future__ import annotations

from summand.documents import Document, Sheet
from summand.sharing.inventions import InventionRegister
from summand.sharing.reports._money import standing


def inventions_document(register: InventionRegister, *, agreement_hash: str = "", checked: str = "") -> Document:
    """Background, inventions with class and clocks, the four answers, claims. For the partners: it is confidential."""
    background = tuple(
        (b.owner, b.description, b.reference, ", ".join(b.used_by), b.source) for b in register.background
    )
    inventions = tuple(
        (line.disclosed.id, line.disclosed.title, line.disclosed.party, str(line.received),
         line.decided or line.class_by_agreement, line.decided_by or "dates and field",
         "four answers missing" if line.joint_is_missing else "agreed" if line.joint else "", f"leaf {line.leaf}")
        for line in register.inventions
    )  # fmt: skip
    clocks = tuple(
        (line.disclosed.id, clock.what, str(clock.due), clock.standing, clock.rule)
        for line in register.inventions for clock in line.clocks
    )  # fmt: skip
    answers = tuple(
        (line.disclosed.id, answer.territory, answer.may_work, answer.may_license, answer.accounts, answer.may_sue,
         "; ".join(f"leaf {leaf}" for leaf in line.joint.leaves))
        for line in register.inventions if line.joint for answer in line.joint.answers
    )  # fmt: skip
    claims = tuple(
        (c.id, c.party, c.against, c.subject, str(c.ends), c.standing, c.rule, f"leaf {c.leaf}")
        for c in register.claims
    )
    return Document(
        "Register of inventions",
        (f"As it stands on {register.today}. Confidential to the partners.",),
        (
            Sheet("Background", ("owner", "what", "reference", "used by", "source"), background),
            Sheet(
                "Inventions", ("id", "title", "party", "received", "class", "by", "joint ownership", "source"), inventions
            ),
            Sheet("Clocks", ("id", "what", "due", "standing", "rule"), clocks),
            Sheet("Joint ownership", ("id", "territory", "work", "license", "account", "sue", "source"), answers),
            Sheet("Claims", ("id", "party", "against", "subject", "ends", "standing", "rule", "source"), claims),
        ),
        standing(agreement_hash, checked),
    )  # fmt: skip
