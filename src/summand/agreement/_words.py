"""The agreement in plain words, for people who sign it and never read JSON; drafts too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._purpose import PROHIBITED_ALWAYS
from summand.agreement._words_data import data_sentences, method_sentences, protection_sentences
from summand.agreement._words_page import listing, rows, value
from summand.agreement._words_terms import ip_sentences, money_sentences, rules_sentences, term_sentences


@dataclass(frozen=True)
class Section:
    """A heading and what there is to say under it, sentence by sentence."""

    heading: str
    sentences: tuple[str, ...]


def plain_sections(document: Agreement | Mapping[str, Any]) -> tuple[Section, ...]:
    """The agreement, or a draft as plain values, in sections that a manager can read.

    What a draft leaves out reads "[missing]", what lawyers have yet to settle "[needs counsel]".
    """
    page = document.to_dict() if isinstance(document, Agreement) else document
    parts = {
        "This agreement": _identity(page),
        "Who": _who(page),
        "Why": _why(page),
        "Never": _never(page),
        "Which data": data_sentences(page),
        "What may be computed": method_sentences(page),
        "How patients are protected": protection_sentences(page),
        "Who decides": rules_sentences(page),
        "Money": money_sentences(page),
        "What is made, and who owns it": ip_sentences(page),
        "How long, and how it ends": term_sentences(page),
    }
    return tuple(Section(heading, tuple(sentences)) for heading, sentences in parts.items())


def to_plain_words(document: Agreement | Mapping[str, Any]) -> str:
    """The sections of `plain_sections` as text: a title, headings, and one line a sentence (Markdown)."""
    page = document.to_dict() if isinstance(document, Agreement) else document
    lines = [f"# {value(page, 'identity', 'title')}"]
    for section in plain_sections(page):
        lines += ["", f"## {section.heading}", "", *(f"- {sentence}" for sentence in section.sentences)]
    return "\n".join(lines) + "\n"


def _identity(page: Mapping[str, Any]) -> list[str]:
    return [
        f"Version {value(page, 'identity', 'version')} of agreement {value(page, 'identity', 'id')}, "
        f"under the standard terms {value(page, 'identity', 'template', 'name')}.",
        f"Law: {value(page, 'identity', 'governing_law')}. Disputes: {value(page, 'identity', 'forum')}.",
    ]


def _who(page: Mapping[str, Any]) -> list[str]:
    out = []
    for party in rows(page, "parties"):
        roles = listing(party, "roles")
        out.append(f"{value(party, 'legal_name')} ({value(party, 'id')}), {value(party, 'country')}: {roles}.")
    for person in rows(page, "people"):
        until = f"from {value(person, 'from')} to {value(person, 'to')}"
        out.append(f"{value(person, 'name')} acts for {value(person, 'party')} as {value(person, 'role')}, {until}.")
    return out


def _why(page: Mapping[str, Any]) -> list[str]:
    out = []
    for purpose in rows(page, "purpose", "purposes"):
        system = {"EHDS53": "EHDS Art.", "DUO": "DUO code", "HIPAA": "HIPAA:"}.get(str(purpose.get("system")), "")
        code = value(purpose, "code").removeprefix("DUO ")
        disease = f", limited to {value(purpose, 'disease')}" if "disease" in purpose else ""
        out.append(f"{value(purpose, 'text')} ({system} {code}{disease}).")
    out += [
        f"Goal: {value(goal, 'text')}. Measured by {value(goal, 'indicator_id')} ({value(goal, 'unit')}); "
        f"target {value(goal, 'target')} by {value(goal, 'due')}; {value(goal, 'owner')} answers for it"
        f"{', measured ' + value(goal, 'schedule') if 'schedule' in goal else ''}."
        for goal in rows(page, "purpose", "goals")
    ]
    return out


def _never(page: Mapping[str, Any]) -> list[str]:
    said = {str(row.get("code")): value(row, "text") for row in rows(page, "purpose", "prohibited_purposes")}
    return [f"{text[:1].upper()}{text[1:]} ({code})." for code, text in {**PROHIBITED_ALWAYS, **said}.items()]
