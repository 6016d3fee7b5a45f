"""Who asks, under what, when: the agreement in force, the requester, a request made just now, the approvals.

A check says every objection that it has; silence is consent. It reads the site's own copy of the agreement and the
signed request, and nothing that the hub says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from summand.agreement import state_of
from summand.errors import (
    AgreementNotInForce,
    ApprovalMissing,
    RequesterNotPermitted,
    SignatureInvalid,
    StudyReplayed,
)
from summand.guard._case import Case, Objections
from summand.guard._events import verified_events

REQUESTER_ROLES = frozenset({"analyst", "principal_investigator"})
REQUESTER_PARTY_ROLES = frozenset({"data_holder", "data_user", "joint_controller", "lead", "sponsor"})
OLDEST = timedelta(hours=24)
CLOCKS_APART = timedelta(minutes=5)


def same_agreement(case: Case) -> Objections:
    """The request names exactly the version that this site holds, signed by the parties' own keys, its own included.

    Clause O may put an agreement into effect before all have signed; who has not is not bound, so brings no data and
    asks for none.
    """
    if case.request.agreement_hash != case.agreement.hash:
        yield AgreementNotInForce(
            "The request names another agreement, or another version, than the one this site holds.",
            remedy="Ask under the version that this site holds, or have the site take in the new one.",
            clause="A.version",
        )
    case.signed.require_effective()
    unsigned = {row.party for row in case.signed.report.parties} - case.signed.report.signed
    asking = None if case.requester_party is None else case.requester_party.id
    for party, whose in ((case.party, "this site's party"), (asking, "the requester's party")):
        if party in unsigned:
            yield SignatureInvalid(
                f"The agreement is in effect, but {whose}, {party}, has not signed it.",
                remedy="Have it sign the unchanged document with the key that clause B names.",
                clause="O.effective_when",
            )


def in_force(case: Case) -> Objections:
    """The agreement is active: commenced, within its term, not suspended, in dispute, terminated or closed."""
    state = state_of(case.signed, verified_events(case.agreement, case.history), case.today)
    if state != "active" or not case.agreement.in_force_on(case.today):
        yield AgreementNotInForce(
            f"The agreement is not in force: its state is '{state}', its term {case.agreement.term.start} to "
            f"{case.agreement.term.end}.",
            remedy="Wait until the parties bring it into force, or sign a new version.",
            clause="N.term" if state in ("executed", "expired") else "A.status",
        )


def requester(case: Case) -> Objections:
    """The requester is a person of the agreement, in a role that may ask, with a key valid today, and signed this."""
    valid = [person for person in case.named if person.holds_on(case.today)]
    who, party = case.requester, case.requester_party
    if not valid:
        yield RequesterNotPermitted(
            "The agreement names no such requester with a key that is valid today.",
            remedy="Ask as a person whom the agreement names, or have it renew the key.",
            clause="B.people",
        )
    elif who is None or party is None:
        yield SignatureInvalid(
            "The request is not signed by the key that the agreement names for the requester.",
            remedy="Sign the unchanged request with that key.",
            clause="B.people",
        )
    elif who.role not in REQUESTER_ROLES or not REQUESTER_PARTY_ROLES & set(party.roles):
        yield RequesterNotPermitted(
            f"The requester's role ({who.role}), or every role of the requester's party, is one that asks for no studies.",
            remedy="Ask as analyst or principal investigator of a party that holds or uses data.",
            clause="B.roles",
        )


def fresh(case: Case) -> Objections:
    """The request was made for this federation, in the last 24 hours, and was not decided or run before."""
    created = datetime.fromisoformat(case.request.created_at)
    if case.request.federation != case.federation:
        yield StudyReplayed("The request was made for another federation.", remedy="Make it anew for this one.")
    if not -CLOCKS_APART <= case.at - created <= OLDEST:
        yield StudyReplayed(
            "The request is older than 24 hours, or more than 5 minutes ahead of this site's clock.",
            remedy="Make it anew; if it is new, set the clocks.",
        )
    for entry in case.history.entries:
        if entry.get("study") == case.request.study_id and _is_used(case, entry):
            yield StudyReplayed("The study's identifier was used before.", remedy="Make the request anew.")
            return


def _is_used(case: Case, entry: dict[str, object]) -> bool:
    if entry.get("type") == "study.request":
        return entry.get("request_hash") != case.study.hash
    return entry.get("type") != "study.decision" or entry.get("site") == case.site


def approvals(case: Case) -> Objections:
    """Every ethics approval holds today, and the people whose signatures a study needs have signed this request."""
    for approval in case.agreement.ethics.approvals:
        if not approval.holds_on(case.today):
            yield ApprovalMissing(
                f"The ethics approval {approval.reference} does not hold today.",
                remedy="Renew it and bring it into the agreement by an amendment.",
                clause="F.approvals",
            )
    for rule in case.agreement.governance.study_approvals:
        signed = len(case.approvers(rule.role, rule.party))
        if signed < rule.count:
            yield ApprovalMissing(
                f"The study needs {rule.count} approval(s) by role {rule.role}, party {rule.party}; it has {signed}.",
                remedy="Have other people than the requester sign this very request.",
                clause="H.study_approvals",
            )
