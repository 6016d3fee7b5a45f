"""What the consent codes of a dataset say to a study: the GA4GH Data Use Ontology, code by code.

Where a rule needs knowledge that the agreement does not hold, such as which diseases are kinds of which, the answer is
`ASK`: a person must look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from summand.guard._case import Case
from summand.guard._purpose import DS, GRU, HMB, NRES, POA, as_duo

Answer = Literal["yes", "no", "ask"]
YES: Answer = "yes"
NO: Answer = "no"
ASK: Answer = "ask"


def _permission(permission: str) -> Callable[[Case, str], Answer]:
    def answer(case: Case, parameter: str) -> Answer:
        purpose = case.request.purpose
        codes = as_duo(purpose)
        if permission == NRES:
            return YES
        if not codes:
            return ASK
        if permission not in codes:
            return NO
        if permission == DS and purpose.get("disease") != parameter:
            return ASK if purpose.get("disease") else NO
        return YES

    return answer


def _purpose_is(*codes: str) -> Callable[[Case], bool]:
    return lambda case: bool(set(codes) & set(as_duo(case.request.purpose)))


def _nonprofit(case: Case, _: str = "") -> Answer:
    return YES if case.requester_party is not None and case.requester_party.nonprofit else NO


def _noncommercial(case: Case, _: str = "") -> Answer:
    if case.request.purpose.get("code") in ("53(1)(e)(i)", "DUO:0000039"):
        return NO
    return YES if _nonprofit(case) == YES else ASK


def _methods_development(case: Case, _: str) -> Answer:
    if _purpose_is("DUO:0000031")(case):
        return NO
    return ASK if case.request.purpose.get("code") == "53(1)(e)(ii)" else YES


def _ethics_approved(case: Case, _: str) -> Answer:
    return YES if any(approval.holds_on(case.today) for approval in case.agreement.ethics.approvals) else NO


def _region(case: Case, parameter: str) -> Answer:
    country = case.requester_party.country if case.requester_party is not None else ""
    regions = _names(parameter.replace(" ", ","))
    if country in regions:
        return YES
    return ASK if any(region == "EU" or region.startswith(f"{country}-") for region in regions) else NO


def _time_limit(case: Case, parameter: str) -> Answer:
    if parameter.isdecimal():
        start, months = case.agreement.term.start, int(parameter)
        passed = (case.today.year - start.year) * 12 + case.today.month - start.month
        return YES if (passed, case.today.day) <= (months, start.day) else NO
    return YES if case.today <= date.fromisoformat(parameter) else NO


def _institution(case: Case, parameter: str) -> Answer:
    party = case.requester_party
    return YES if party is not None and {party.id, party.legal_name} & set(_names(parameter)) else NO


def _names(parameter: str) -> list[str]:
    return [name.strip() for name in parameter.replace(";", ",").split(",") if name.strip()]


@dataclass(frozen=True)
class ConsentRule:
    """One DUO code: its shorthand, its rule in words, its answer, and what it obliges to afterwards."""

    shorthand: str
    rule: str
    answer: Callable[[Case, str], Answer]
    obligation: str = ""


CONSENT: dict[str, ConsentRule] = {
    NRES: ConsentRule("NRES", "no restriction", _permission(NRES)),
    GRU: ConsentRule("GRU", "research of any kind", _permission(GRU)),
    HMB: ConsentRule("HMB", "health, medical and biomedical research", _permission(HMB)),
    DS: ConsentRule("DS", "research on the disease named; on its kinds, once a person has looked", _permission(DS)),
    POA: ConsentRule("POA", "population origins and ancestry only", _permission(POA)),
    "DUO:0000012": ConsentRule("RS", "a type of research only; a person must look", lambda *_: ASK),
    "DUO:0000015": ConsentRule("NMDS", "no general methods development", _methods_development),
    "DUO:0000016": ConsentRule(
        "GSO", "genetic studies only", lambda case, _: YES if _purpose_is("DUO:0000038")(case) else ASK
    ),
    "DUO:0000018": ConsentRule(
        "NPUNCU",
        "organisations without profit, and no commercial use",
        lambda case, _: _noncommercial(case) if _nonprofit(case) == YES else NO,
    ),
    "DUO:0000019": ConsentRule("PUB", "results are published", lambda *_: YES, "Publish the results."),
    "DUO:0000020": ConsentRule("COL", "together with the primary investigator; a person must look", lambda *_: ASK),
    "DUO:0000021": ConsentRule("IRB", "an ethics approval is in force", _ethics_approved),
    "DUO:0000022": ConsentRule("GS", "requesters in the region named", _region),
    "DUO:0000024": ConsentRule("MOR", "no publication before the date", lambda *_: YES, "Publish nothing before"),
    "DUO:0000025": ConsentRule("TS", "until the date, or the months after the term's start", _time_limit),
    "DUO:0000026": ConsentRule(
        "US", "the users named", lambda case, text: YES if case.request.requester in _names(text) else NO
    ),
    "DUO:0000027": ConsentRule("PS", "the project named", lambda case, text: YES if text == case.agreement.id else ASK),
    "DUO:0000028": ConsentRule("IS", "the institutions named", _institution),
    "DUO:0000029": ConsentRule("RTN", "derived data go back", lambda *_: YES, "Return derived data to the holder."),
    "DUO:0000043": ConsentRule("CC", "clinical care too", lambda *_: YES),
    "DUO:0000044": ConsentRule(
        "NPOA", "no research into ancestry", lambda case, _: NO if _purpose_is(POA)(case) else YES
    ),
    "DUO:0000045": ConsentRule("NPU", "organisations without profit", _nonprofit),
    "DUO:0000046": ConsentRule("NCU", "no commercial use", _noncommercial),
}
"""Every consent code that is known; another means no."""
