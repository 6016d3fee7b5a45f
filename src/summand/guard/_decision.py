"""What a site decided, and why: the record that it signs for the ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from summand.errors import SummandError
from summand.tables import Limits


@dataclass(frozen=True)
class Reason:
    """Why a study is refused: a stable code, the clause that decided, what was found, what to do next."""

    code: str
    clause: str
    message: str
    remedy: str

    @classmethod
    def of(cls, error: SummandError) -> Reason:
        """The reason as others may read it."""
        return cls(error.code, error.clause or "", error.public, error.remedy)


@dataclass(frozen=True)
class Decision:
    """One site's decision on one study.

    Attributes:
        permitted: Whether the site takes part.
        reasons: Every check that said no; empty if permitted.
        study_id, request_hash, agreement_hash, site: What was decided, by whom, under which copy of the agreement.
        tree_size, root_hash: The checkpoint of the site's replica, which was the past that the guard saw.
        decided_at: When (UTC).
        dataset: The dataset that the site contributes; None if refused, like the four that follow.
        columns: The columns that the method reads.
        method_spec: The method with all its settings.
        limits: What may be released.
        rows_max: The most rows that this site may bring.
        answered_by: The study that answered this very question on the same rows; its result stands, and nothing runs.
        privacy: What the study spends of the privacy budget; None without one.
        obligations: What the consent asks of the requester afterwards, such as publication.
    """

    permitted: bool
    reasons: tuple[Reason, ...]
    study_id: str
    request_hash: str
    agreement_hash: str
    site: str
    tree_size: int
    root_hash: str
    decided_at: datetime
    dataset: str | None = None
    columns: tuple[str, ...] = ()
    method_spec: dict[str, Any] | None = None
    limits: Limits | None = None
    rows_max: int | None = None
    answered_by: str | None = None
    privacy: dict[str, Any] | None = None
    obligations: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON values, for the ledger."""
        out: dict[str, Any] = {
            "study": self.study_id,
            "request_hash": self.request_hash,
            "agreement_hash": self.agreement_hash,
            "site": self.site,
            "decision": "permit" if self.permitted else "refuse",
            "reasons": [asdict(reason) for reason in self.reasons],
            "checkpoint": {"tree_size": self.tree_size, "root_hash": self.root_hash},
            "decided_at": self.decided_at.astimezone(UTC).isoformat(timespec="seconds"),
        }
        if self.permitted and self.limits is not None:
            out |= {
                "dataset": self.dataset,
                "columns": list(self.columns),
                "method": self.method_spec,
                "limits": asdict(self.limits),
                "obligations": list(self.obligations),
            }
            if self.privacy is not None:
                out["privacy"] = self.privacy
            if self.answered_by is not None:
                out["answered_by"] = self.answered_by
        return out
