"""Price and access commitments as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from summand.sharing._acts import Act
from summand.sharing._dates import add_months
from summand.sharing.income._acts import CommitmentMade, CommitmentReported

CommitmentStanding = Literal["kept", "broken", "not yet reported", "report overdue"]


@dataclass(frozen=True)
class CommitmentLine:
    """One commitment.

    Attributes:
        leaf: Where it was made.
        made: Its terms.
        value: As last reported, None before.
        reported_to: Up to which day.
        report_leaf: Where that was stated.
        next_report: When the next report is due.
        standing: "kept" and "broken" as last reported; overdue reports are told instead of "kept".
    """

    leaf: int
    made: CommitmentMade
    value: int | None
    reported_to: date | None
    report_leaf: int | None
    next_report: date
    standing: CommitmentStanding

    @property
    def trigger(self) -> str:
        """The trigger that is on while the commitment is kept: ``commitment ID kept``."""
        return f"commitment {self.made.id} kept"


def commitment_lines(acts: Sequence[Act], today: date) -> tuple[CommitmentLine, ...]:
    """Every commitment in the order it was made; a name counts once, where it stands first."""
    found: dict[str, CommitmentLine] = {}
    for act in acts:
        if isinstance(act.record, CommitmentMade) and act.record.id not in found:
            found[act.record.id] = _line(act, acts, today)
    return tuple(found.values())


def _line(made: Act, acts: Sequence[Act], today: date) -> CommitmentLine:
    terms = made.record
    reports = [
        act for act in acts
        if isinstance(act.record, CommitmentReported)
        and (act.record.commitment, act.party) == (terms.id, made.party)
        and act.record.to <= today
    ]  # fmt: skip
    last = max(reports, key=lambda act: (act.record.to, act.leaf), default=None)
    since = terms.first_day if last is None else last.record.to
    due = add_months(since, max(1, terms.report_every_months))
    if last is None:
        standing: CommitmentStanding = "report overdue" if today > due else "not yet reported"
        return CommitmentLine(made.leaf, terms, None, None, None, due, standing)
    held = last.record.value <= terms.limit if terms.kind == "price_at_most" else last.record.value >= terms.limit
    standing = "broken" if not held else "report overdue" if today > due else "kept"
    return CommitmentLine(made.leaf, terms, last.record.value, last.record.to, last.leaf, due, standing)
