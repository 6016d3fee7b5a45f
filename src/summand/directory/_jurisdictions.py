"""Whether personal data may pass from one organisation's country to another's, and on which ground.

Rows stay with their holder in any case; the question is about results and messages that might still count as personal
data, and it is the one that a legal office asks first. The table below is a starting point, as of 2025-12, no legal
advice: decisions are made and repealed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from summand.agreement import EEA_COUNTRIES, Answer
from summand.directory._organisation import Organisation
from summand.directory._words import TRANSFER_TOOLS

ADEQUATE = frozenset(["AD", "AR", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "KR", "NZ", "UY"])
"""Whole countries with a decision under GDPR Art. 45(3)."""
ADEQUATE_IN_PART = {
    "CA": ("pipeda", "commercial organisations under PIPEDA (Decision 2002/2/EC)"),
    "JP": ("", "organisations under Japan's act on personal information (Decision (EU) 2019/419)"),
    "US": ("dpf", "organisations certified under the Data Privacy Framework (Decision (EU) 2023/1795)"),
}
"""Countries whose decision covers some organisations only: the tool that shows it, and which they are."""
OF_CONCERN = frozenset(["CN", "CU", "HK", "IR", "KP", "MO", "RU", "VE"])
"""Countries of concern under 28 CFR 202.601 (with Hong Kong and Macau)."""
SAFEGUARDS = ("scc", "bcr", "adhoc")


@dataclass(frozen=True)
class Transfer:
    """An answer: ``yes``, or ``ask`` where counsel must look, with the tool and the reason."""

    sender: str
    receiver: str
    answer: Answer
    tool: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def transfer_between(sender: Organisation, receiver: Organisation, day: date) -> Transfer:
    """On which ground personal data could pass from the sender to the receiver on a day."""
    law = next((rule for countries, rule in _LAWS if sender.country in countries), _unknown_law)
    if sender.country == receiver.country:
        return Transfer(sender.id, receiver.id, "yes", "none", "the same country")
    answer, tool, reason = law(sender, receiver, day)
    return Transfer(sender.id, receiver.id, answer, tool, reason)


Law = Callable[[Organisation, Organisation, date], tuple[Answer, str, str]]


def _european(sender: Organisation, receiver: Organisation, day: date) -> tuple[Answer, str, str]:
    _ = sender
    country = receiver.country
    if country in EEA_COUNTRIES:
        return "yes", "none", "both lie in the European Economic Area: no transfer to a third country (GDPR Art. 44)"
    if country in ADEQUATE:
        return "yes", "adequacy", f"an adequacy decision holds for {country} (GDPR Art. 45)"
    tools = _tools(receiver, day)
    tool, whom = ADEQUATE_IN_PART.get(country, ("", ""))
    if tool and tool in tools:
        return "yes", tool, f"adequacy for {whom}; {receiver.name} declares that it is one (GDPR Art. 45)"
    found = next((name for name in SAFEGUARDS if name in tools), None)
    if found:
        return "yes", found, f"{TRANSFER_TOOLS[found]}, with a transfer impact assessment (GDPR Art. 46)"
    partly = f"adequacy covers only {whom}; otherwise " if whom else ""
    return (
        "ask",
        "scc",
        f"{partly}standard contractual clauses and a transfer impact assessment are needed (GDPR Art. 46)",
    )


def _british(sender: Organisation, receiver: Organisation, day: date) -> tuple[Answer, str, str]:
    _ = sender
    if receiver.country in EEA_COUNTRIES | (ADEQUATE - {"GB"}) | {"GI"}:
        return "yes", "adequacy", f"United Kingdom adequacy regulations hold for {receiver.country} (UK GDPR Art. 45)"
    if "idta" in _tools(receiver, day):
        return "yes", "idta", f"{TRANSFER_TOOLS['idta']}, with a transfer risk assessment (UK GDPR Art. 46)"
    return "ask", "idta", "the international data transfer agreement or addendum is needed (UK GDPR Art. 46)"


def _american(sender: Organisation, receiver: Organisation, day: date) -> tuple[Answer, str, str]:
    _ = sender, day
    if receiver.country in OF_CONCERN:
        return "ask", "none", f"{receiver.country} is a country of concern for bulk health data (28 CFR 202.601)"
    return "yes", "contract", "HIPAA binds the covered entity wherever data go; it asks for no transfer tool"


def _unknown_law(sender: Organisation, receiver: Organisation, day: date) -> tuple[Answer, str, str]:
    _ = receiver, day
    return "ask", "none", f"the law of {sender.country} on transfers is not in the table"


def _tools(organisation: Organisation, day: date) -> set[str]:
    return {item.tool for item in organisation.transfer_tools if item.expires is None or day <= item.expires}


_LAWS: tuple[tuple[frozenset[str], Law], ...] = (
    (EEA_COUNTRIES, _european),
    (frozenset({"GB"}), _british),
    (frozenset({"US"}), _american),
)
