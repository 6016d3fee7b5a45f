"""Amounts and marks as texts."""

from __future__ import annotations

SAMPLE = "Sample: the amounts of this agreement are invented."


def amount(cents: int) -> str:
    """An amount for people.

    Examples:
        >>> amount(-123456)
        '-1,234.56'
    """
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def standing(agreement_hash: str, checked: str) -> tuple[str, ...]:
    """The notes under every document: which agreement, and which ledger it was read from."""
    found = (f"Agreement {agreement_hash}.",) if agreement_hash else ()
    return (*found, checked) if checked else found
