"""Where two versions differ: leaf by leaf, with entries of lists recognised by what names them, not by their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
NAMED_BY: dict[str, tuple[str, ...]] = {
    "parties": ("id",), "people": ("name", "party"), "purposes": ("system", "code"), "prohibited_purposes": ("code",),
    "goals": ("id",), "datasets": ("id",), "consent_codes": ("code",), "legal_basis": ("jurisdiction",),
    "computations_allowed": ("method",), "party_budgets": ("party",), "approvals": ("body", "reference"),
    "declarations": ("person", "party", "counterparty"), "bodies": ("id",), "decision_rules": ("topic", "body"),
    "study_approvals": ("role", "party"), "escalation": ("step",), "workpackages": ("id",),
    "contributions": ("party", "kind"), "weights": ("party",), "caps": ("party",),
    "payment_schedule": ("payer", "payee", "due"), "background": ("owner", "reference"),
    "licence_options": ("party", "field"), "waterfall": ("order",), "tools": ("id",), "insurance": ("type",),
    "backup_plan": ("trigger",), "definitions": ("term",), "registrations": ("scheme",), "fields": ("name",),
}  # fmt: skip
"""By which fields an entry of a list is the same entry in two versions."""
_UNSIGNED = {("identity", "status"), ("execution", "signatures")}


@dataclass(frozen=True)
class Difference:
    """One place that differs; ``before`` or ``after`` is None where the place is new or gone."""

    path: Path
    before: Any
    after: Any

    @property
    def pattern(self) -> str:
        """The path with ``*`` for names of entries: ``data.datasets.*.rows_max``."""
        return ".".join("*" if part.startswith("[") else part for part in self.path)

    @property
    def entry(self) -> str:
        """Names of the entries that it lies in, without brackets; empty if it lies in none."""
        return ", ".join(part.strip("[]") for part in self.path if part.startswith("["))


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Every place where two documents differ, in the order of the document."""
    if before == after or path in _UNSIGNED:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key), after.get(key), (*path, str(key)))
    elif _is_list(before) and _is_list(after):
        yield from _of_lists(before or [], after or [], path)
    else:
        yield Difference(path, before, after)


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, (list, tuple))


def _of_lists(before: Any, after: Any, path: Path) -> Iterator[Difference]:
    names = NAMED_BY.get(path[-1] if path else "", ())
    old, new = _keyed(before, names), _keyed(after, names)
    for key in [*old, *(key for key in new if key not in old)]:
        here = (*path, f"[{key}]")
        if key in old and key in new:
            yield from differences(old[key], new[key], here)
        else:
            yield Difference(here, old.get(key), new.get(key))


def _keyed(rows: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Entries by what names them; a second one of the same name gets a number."""
    found: dict[str, Any] = {}
    for row in rows:
        name = " ".join(str(row.get(part, "")) for part in names) if names and isinstance(row, Mapping) else str(row)
        key, count = name, 2
        while key in found:
            key, count = f"{name} ({count})", count + 1
        found[key] = row
    return found
