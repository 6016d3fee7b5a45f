"""States and entries in words, each with the tone in which a badge shows it; a colour never says anything alone."""

from __future__ import annotations

from collections.abc import Mapping

from summand.methods import METHODS

Badge = tuple[str, str]
"""Words and tone: good, bad, busy, warn or calm."""

STUDY_STATUS: Mapping[str, Badge] = {
    "deciding": ("Sites decide", "busy"),
    "sealing": ("Sites seal their keys", "busy"),
    "running": ("Computing", "busy"),
    "confirming": ("Sites confirm", "busy"),
    "released": ("Released", "good"),
    "refused": ("Refused", "bad"),
    "failed": ("Ended without a result", "warn"),
}
AGREEMENT_STATE: Mapping[str, Badge] = {
    "draft": ("Draft", "calm"),
    "offered": ("Offered", "busy"),
    "countered": ("Countered", "busy"),
    "agreed": ("Agreed, signatures missing", "busy"),
    "approvals_pending": ("Waits for approvals", "warn"),
    "executed": ("Signed, not begun", "calm"),
    "active": ("Active", "good"),
    "amending": ("Being amended", "busy"),
    "suspended": ("Suspended", "bad"),
    "in_dispute": ("In dispute", "bad"),
    "expired": ("Expired", "warn"),
    "terminated": ("Terminated", "warn"),
    "closing": ("Closing", "warn"),
    "closed": ("Closed", "calm"),
    "unknown": ("State unclear: an event does not verify", "bad"),
}
ENTRY_TITLES: Mapping[str, str] = {
    "agreement.executed": "Agreement signed",
    "agreement.event": "Agreement changed its state",
    "site.certified": "Site key certified",
    "study.request": "Study asked for",
    "study.decision": "Site decided",
    "study.cohort": "Sites sealed their list",
    "round.opened": "Round opened",
    "round.summed": "Round summed",
    "study.result": "Result recorded",
    "study.confirmed": "Result confirmed",
    "study.released": "Result released",
    "study.ended": "Study ended",
    "goal.measured": "Goal measured",
    "goal.rebased": "Goal: limits anew",
    "goal.attached": "Goal: study of cause",
    "relationship.answered": "Survey answered",
    "relationship.measured": "Relationship measured",
    "backup.tested": "Backup plan tested",
    "governance.act": "Act of governance",
    "site.stopped": "Site stopped",
    "site.resumed": "Site resumed",
    "settlement.statement": "Settlement statement",
    "settlement.act": "Act of settlement",
    "entry.part": "Part of an entry",
}


OUTCOME: Mapping[str, Badge] = {
    "open": ("Open", "busy"),
    "carried": ("Carried", "good"),
    "rejected": ("Rejected", "bad"),
    "inquorate": ("Not enough were present", "warn"),
    "undecidable": ("Cannot be decided", "warn"),
    "void": ("Void", "warn"),
    "withdrawn": ("Withdrawn", "calm"),
}


def motion_outcome(outcome: str) -> Badge:
    """A motion's outcome."""
    return OUTCOME.get(outcome, (outcome.capitalize(), "calm"))


def plain_number(value: object) -> str:
    """A number without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def significant(value: object) -> str:
    """A number with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def study_status(status: str) -> Badge:
    """A study's status."""
    return STUDY_STATUS.get(status, (status.replace("_", " ").capitalize() or "Unknown", "calm"))


def agreement_state(state: str) -> Badge:
    """An agreement's state."""
    return AGREEMENT_STATE.get(state, (state.replace("_", " ").capitalize(), "calm"))


def entry_title(kind: str) -> str:
    """What kind of entry a leaf is."""
    return ENTRY_TITLES.get(kind, kind.replace(".", ": ").replace("_", " ").capitalize())


def method_title(name: str) -> str:
    """What people call a method."""
    method = METHODS.get(name)
    return name if method is None else method.title
