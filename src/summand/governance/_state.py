"""The state of governance: what pages, digests and warnings read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from summand.errors import ActInvalid, ApprovalMissing
from summand.governance._records import (
    Comment,
    Dispute,
    Minutes,
    Motion,
    Permit,
    StoppedSite,
    Task,
    plain,
)  # fmt: skip
from summand.governance._setting import Delegation, Interest
from summand.study import Ignored, SignedStudy


@dataclass(frozen=True)
class VetoedUse:
    """A holder's no over its own data: for one request (its hash), or for whatever the motion was about."""

    party: str
    datasets: tuple[str, ...]
    request_hash: str
    reason: str
    leaf: int


@dataclass(frozen=True)
class GovernanceState:
    """Everything that governance is about at one moment, each record with the leaf it comes from.

    Attributes:
        as_of: The clock that was passed in.
        motions, vetoed, interests, delegations, disputes, permits, minutes, comments, tasks: In the ledger's order.
        stopped: Sites under an emergency stop.
        ignored: Entries that do not count, and why: shown, so that nobody wonders where a vote went.
    """

    as_of: datetime
    motions: tuple[Motion, ...] = ()
    vetoed: tuple[VetoedUse, ...] = ()
    interests: tuple[Interest, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    permits: tuple[Permit, ...] = ()
    minutes: tuple[Minutes, ...] = ()
    comments: tuple[Comment, ...] = ()
    tasks: tuple[Task, ...] = ()
    stopped: tuple[StoppedSite, ...] = ()
    ignored: tuple[Ignored, ...] = field(default=())

    def motion(self, motion_id: str) -> Motion:
        """The motion of that identifier.

        Raises:
            ActInvalid: if there is none.
        """
        for item in self.motions:
            if item.id == motion_id:
                return item
        raise ActInvalid(f"There is no motion '{motion_id[:63]}'.", remedy="List them with 'summand governance show'.")

    def thread(self, kind: str, thing: str) -> tuple[Comment, ...]:
        """What was written on an agreement, study, goal, motion or dispute, oldest first."""
        return tuple(item for item in self.comments if item.on == (kind, thing))

    def tasks_on(self, kind: str, thing: str) -> tuple[Task, ...]:
        """The tasks on it."""
        return tuple(item for item in self.tasks if item.on == (kind, thing))

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON values."""
        out: dict[str, Any] = plain(self)
        for made, motion in zip(out["motions"], self.motions, strict=True):
            made["waits_for"] = list(motion.waits_for)
        return out


def approved_study(state: GovernanceState, motion_id: str, study: SignedStudy) -> SignedStudy:
    """The request with the approvals that a carried motion gave it: what the sites' guards ask for.

    Raises:
        ActInvalid: if there is no such motion.
        ApprovalMissing: if it was not carried, is about another request, or a holder vetoed its data.
    """
    motion = state.motion(motion_id)
    if (motion.subject, motion.subject_hash) != ("study", study.hash):
        raise _missing("The motion is about another request.", "Open a motion on this very request.")
    if motion.outcome != "carried":
        raise _missing(f"The motion is not carried: {motion.why}", "Wait for its outcome, or open another.")
    vetoed = {name for item in motion.vetoes for name in item.datasets} & set(study.request.datasets)
    if vetoed:
        raise _missing(
            f"The holders vetoed the use of {', '.join(sorted(vetoed))}.",
            "Ask without these datasets, in a new motion.",
        )
    known = {envelope.payload for envelope in study.approvals}
    fresh = tuple(envelope for envelope in motion.approvals if envelope.payload not in known)
    return SignedStudy(study.envelope, (*study.approvals, *fresh))


def _missing(message: str, remedy: str) -> ApprovalMissing:
    return ApprovalMissing(message, remedy=remedy, clause="H.study_approvals")
