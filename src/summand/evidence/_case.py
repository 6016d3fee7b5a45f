"""What every part of a pack is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from summand.agreement import Agreement, SignedAgreement
from summand.documents import Document, to_pdf
from summand.errors import SummandError
from summand.evidence._ledger_copy import Chosen, LedgerCopy, Numbered
from summand.governance import GovernanceState, governance_state
from summand.study import Stated, read_statements


@dataclass
class Case:
    """The agreement, the chosen part of the ledger, and the files as they are made.

    Attributes:
        signed: The agreement's versions, the current one last.
        ledger: The whole ledger.
        chosen: What of it the pack holds: every part of the pack is made from this alone.
        as_of: The clock of every register.
        with_pdfs: Whether documents are set as PDF.
        files: The pack's files by path.
        about: What each file is, in words.
    """

    signed: Sequence[SignedAgreement]
    ledger: LedgerCopy
    chosen: Chosen
    as_of: datetime
    with_pdfs: bool
    files: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

    @property
    def agreement(self) -> Agreement:
        """The current version."""
        return self.signed[-1].agreement

    @cached_property
    def versions(self) -> list[Agreement]:
        """All versions, the current one last."""
        return [one.agreement for one in self.signed]

    @property
    def entries(self) -> list[Numbered]:
        """The chosen entries."""
        return list(self.chosen.entries)

    @property
    def today(self) -> date:
        """The day of `as_of`."""
        return self.as_of.astimezone(UTC).date()

    @cached_property
    def stated(self) -> list[Stated]:
        """The statements that count."""
        return read_statements(self.entries, self.versions)[0]

    @cached_property
    def governance(self) -> GovernanceState:
        """Where governance stands."""
        return governance_state(self.versions, self.entries, self.as_of)

    @property
    def source(self) -> str:
        """Which ledger the pack was made from, in one sentence."""
        root = self.ledger.tree.root().hex()
        return f"Read from the ledger of {self.ledger.origin}: {self.ledger.size} leaves, root hash {root}."

    def put(self, path: str, data: bytes | str, about: str) -> None:
        """A file."""
        self.files[path] = data if isinstance(data, bytes) else data.encode()
        self.about[path] = about

    def put_json(self, path: str, value: Any, about: str) -> None:
        """A JSON file."""
        self.put(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", about)

    def put_pdf(self, path: str, document: Document, about: str) -> None:
        """A document, if documents are wanted."""
        if self.with_pdfs:
            self.put(path, to_pdf(document), about)


def last_moment(entries: Sequence[Numbered], versions: Sequence[Agreement]) -> datetime:
    """When the last of some entries came: the clock of a pack that names none, so that it depends on the ledger alone."""
    times = [found for _, entry in entries if (found := _time(entry)) is not None]
    times += [stated.at for stated in read_statements(entries, versions)[0]]
    start = versions[-1].term.start
    return max(times, default=datetime(start.year, start.month, start.day, tzinfo=UTC))


def _time(entry: Mapping[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(entry.get("at")))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def said(error: SummandError) -> str:
    """An error as a sentence in a document."""
    return f"{error.message} [{error.code}]"
