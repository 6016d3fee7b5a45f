"""A ledger of acts about money and inventions, signed by the parties of an example agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from summand.agreement import Agreement, complete_example
from summand.encoding import parse
from summand.sharing import ACT_KIND, act_document
from summand.signing import PrivateKey
from summand.study import Stated, Statement, entry, read_statements


@dataclass
class ActLedger:
    """An agreement, its parties' keys, and what they stated."""

    agreement: Agreement
    keys: Mapping[str, PrivateKey]
    entries: list[dict[str, Any]] = field(default_factory=list)
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def of(cls, *parties: str, **terms: Any) -> ActLedger:
        """Parties with keys, under a complete example with some terms replaced."""
        keys = {party: PrivateKey.generate() for party in parties}
        named = [{"id": party, "key": key.public.text} for party, key in keys.items()]
        return cls(complete_example(named, **terms), keys)

    def say(self, party: str, *records: Any, key: PrivateKey | None = None) -> int:
        """A party states acts, a day after each other; the leaf of the last."""
        for record in records:
            document = record if isinstance(record, dict) else act_document(record)
            at = self.start + timedelta(days=len(self.entries))
            signed = Statement.sign(
                ACT_KIND, self.agreement.hash, party, document, key or self.keys[party], inside=True, at=at
            )
            made = parse(
                entry(
                    ACT_KIND, agreement_hash=signed.agreement_hash, study="", person=party,
                    document_sha256=signed.document_sha256, envelope=signed.envelope.to_dict(),
                )
            )  # fmt: skip
            self.entries.append({**made, "at": at.isoformat(timespec="seconds")})
        return len(self.entries) - 1

    @property
    def stated(self) -> list[Stated]:
        """What counts as stated."""
        return read_statements(list(enumerate(self.entries)), [self.agreement])[0]
