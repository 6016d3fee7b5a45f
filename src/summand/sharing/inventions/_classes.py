"""Whose an invention is by when, where and about what it was made."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from summand.sharing._dates import add_months

if TYPE_CHECKING:
    from summand.agreement import Agreement

InventionClass = Literal["background", "foreground", "sideground", "tail", "outside"]

INVENTION_CLASSES: dict[InventionClass, str] = {
    "background": "From before the agreement, or listed in clause J: stays its owner's.",
    "foreground": "Made in the project: clause J's rule for results.",
    "sideground": "Made by a party in the term and in the field, outside the project: clause J's rule for sideground.",
    "tail": "Made after the term within the tail, in the field: the rules go on.",
    "outside": "Neither in the project nor in the field, or after the tail: its owner's alone.",
}
"""The classes and what follows from them."""


def proposed_class(agreement: Agreement, conceived: date, *, in_project: bool, field: str) -> InventionClass:
    """The class that the agreement's dates and fields give; a body may decide another, with its reasons.

    Args:
        agreement: With its term and its clause J.
        conceived: When the invention was made.
        in_project: Whether in the project.
        field: Compared with clause J's fields of technology, letter case apart.
    """
    term, ip = agreement.term, agreement.ip
    in_field = field.strip().casefold() in {name.strip().casefold() for name in ip.field_of_technology}
    if conceived < term.start:
        return "background"
    if conceived <= term.end:
        return "foreground" if in_project else "sideground" if in_field else "outside"
    in_tail = conceived <= add_months(term.end, ip.postground_tail_months)
    return "tail" if in_tail and (in_field or in_project) else "outside"
