"""Clause A: which agreement this is, which version, and which law reads it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from summand.agreement._base import Clause, Positive, Sha256, Text, may, must, star

Status = Literal[
    "draft",
    "offered",
    "countered",
    "agreed",
    "approvals_pending",
    "executed",
    "active",
    "amending",
    "suspended",
    "in_dispute",
    "expired",
    "terminated",
    "closing",
    "closed",
]


class Template(Clause):
    """The standard terms that the cover page completes: name, language and the hash of their text."""

    name: Text = star('Name and version of the standard terms, such as "provider-provider/1.0".')
    language: Text = star("Language of the standard terms, BCP 47.")
    sha256: Sha256 = star("SHA-256 of the text of the standard terms.")


class Definition(Clause):
    """One defined term."""

    term: Text = must("The term.")
    meaning: Text = must("What it means in this agreement.")


class Identity(Clause):
    """Clause A."""

    id: str = star(
        "Identifier of the agreement, a URN with a UUID; the same in all versions.",
        pattern=r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    )
    title: Text = must("What people call the agreement.")
    version: Positive = star("Version, counted from 1.")
    previous_version_hash: Sha256 | None = may("Hash of the version before; needed from version 2 on.")
    template: Template = star("The standard terms behind the cover page.")
    order_of_precedence: tuple[Text, ...] = star("What wins over what where texts disagree, strongest first.")
    status: Status = may("Where the agreement stands. Not part of what is signed.", "draft")
    effective_date: date | None = may("From when the agreement binds; the start of its term if not given.")
    signature_deadline: date | None = may("Until when parties may sign.")
    governing_law: Text = star("The law that governs the agreement.")
    forum: Text = star("Court or arbitration that decides disputes.")
    definitions: tuple[Definition, ...] = may("Defined terms.", ())
