"""A study as the use that consent is asked about."""

from __future__ import annotations

from summand.agreement import DataUse
from summand.guard._case import Case


def use_of(case: Case) -> DataUse:
    """Who asks for what, under which agreement, today. A requester whom no party answers for has no party's rights."""
    party, agreement = case.requester_party, case.agreement
    return DataUse(
        purpose=case.request.purpose,
        day=case.today,
        country=party.country if party is not None else "",
        nonprofit=party is not None and party.nonprofit,
        institution=(party.id, party.legal_name) if party is not None else (),
        user=case.request.requester,
        project=agreement.id,
        start=agreement.term.start,
        ethics_approved=any(approval.holds_on(case.today) for approval in agreement.ethics.approvals),
    )
