"""What a guard may know of the past: a fold over the entries of the site's own replica of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from summand.study._parts import whole_entries


@dataclass(frozen=True)
class History:
    """The past as a site sees it in its own replica, in order.

    Attributes:
        entries: Ledger entries as parsed objects ``{"type": …, "at": …, …}``; see `study.entries` for the types.
        tree_size: The size of the replica's checkpoint.
        root_hash: Its root, hex.
    """

    entries: tuple[dict[str, Any], ...] = ()
    tree_size: int = 0
    root_hash: str = ""
    _by_type: dict[str, list[dict[str, Any]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_type: dict[str, list[dict[str, Any]]] = {}
        for entry in self.entries:
            by_type.setdefault(str(entry.get("type", "")), []).append(entry)
        object.__setattr__(self, "_by_type", by_type)

    @classmethod
    def from_entries(cls, entries: Iterable[bytes], tree_size: int = 0, root_hash: str = "") -> History:
        """The history behind raw ledger entries; entries of unknown types are kept, unreadable ones are not ours."""
        return cls(tuple(value for _, value in whole_entries(entries)), tree_size, root_hash)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The entries of one type, oldest first."""
        return self._by_type.get(kind, [])

    def agreement_events(self, agreement_hash: str) -> list[dict[str, Any]]:
        """The state events (suspended, resumed, terminated …) of one agreement, oldest first."""
        return [entry for entry in self.of_type("agreement.event") if entry.get("agreement_hash") == agreement_hash]

    def answering(self, study: str) -> str:
        """The study whose result stands for this one: itself, or the earlier one that had asked the same."""
        answered = {str(entry.get("study")): str(entry.get("earlier")) for entry in self.of_type("study.answered")}
        return answered.get(study, study)

    def study_ids(self) -> set[str]:
        """Every study identifier that the ledger has seen a decision or a round for."""
        return {str(entry["study"]) for entry in self.of_type("study.decision") if "study" in entry}
