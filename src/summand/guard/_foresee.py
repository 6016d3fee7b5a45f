"""What a site's guard would say of a request that nobody has signed yet: for whoever is about to ask.

It takes the requester's signature as given and knows nothing of what a site alone remembers, so it is no decision: there
is no way from here to a permit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from summand.agreement import Person, SignedAgreement
from summand.encoding import canonical
from summand.errors import ApprovalMissing
from summand.guard._case import Case
from summand.guard._decide import CHECKS, _objections
from summand.guard._decision import Reason
from summand.signing import Envelope
from summand.study import REQUEST_TYPE, History, SignedStudy, StudyRequest


@dataclass(frozen=True)
class Foreseen:
    """What one site would say.

    Attributes:
        site: The party.
        reasons: Why it would refuse; empty if it would permit.
        waits_for: Approvals that are still missing.
    """

    site: str
    reasons: tuple[Reason, ...]
    waits_for: tuple[Reason, ...]


class _Unsigned(Case):
    """A case in which the requester is whom the request names."""

    @cached_property
    def requester(self) -> Person | None:
        """The person of that name whose key is valid today."""
        return next((person for person in self.named if person.holds_on(self.today)), None)


def unsigned_study(request: StudyRequest) -> SignedStudy:
    """The request as a study that carries no signature; every guard refuses it."""
    return SignedStudy(Envelope(canonical(request.to_dict()), REQUEST_TYPE, ()))


def foresee(
    study: SignedStudy, agreement: SignedAgreement, history: History, *, site: str, federation: str, at: datetime
) -> Foreseen:
    """What a site's guard would say of a study, were it signed by its requester; arguments as of `decide`.

    What only the site knows is not asked: its record of earlier questions, its privacy account, an emergency stop.
    """
    case = _Unsigned(study, agreement, history, site, None, federation, at, False)
    found = [error for _, check in CHECKS for error in _objections(check, case)]
    waits = [error for error in found if isinstance(error, ApprovalMissing) and error.clause == "H.study_approvals"]
    reasons = [error for error in found if error not in waits]
    return Foreseen(
        site, tuple(dict.fromkeys(map(Reason.of, reasons))), tuple(dict.fromkeys(map(Reason.of, waits)))
    )  # fmt: skip
