"""One rule for each consent code of the GA4GH Data Use Ontology, with three answers: yes, no, a person must look.

Where a rule needs knowledge that is not at hand, such as which diseases are kinds of which, the answer is `ASK`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from summand.agreement._data_use import ASK, NO, YES, Answer, DataUse
from summand.agreement._duo_purposes import DS, GRU, HMB, NRES, POA, as_duo
from summand.agreement._law import EU_COUNTRIES


def _permission(permission: str) -> Callable[[DataUse, str], Answer]:
    def answer(use: DataUse, parameter: str) -> Answer:
        codes = as_duo(use.purpose)
        if permission == NRES:
            return YES
        if not codes:
            return ASK
        if permission not in codes:
            return NO
        return _disease(use, parameter) if permission == DS else YES

    return answer


def _disease(use: DataUse, parameter: str) -> Answer:
    """Yes on the disease itself and on its kinds; where no disease tree is at hand, another disease is for a person."""
    asked = use.purpose.get("disease")
    if asked == parameter:
        return YES
    if not asked:
        return NO
    if use.diseases is None or asked not in use.diseases:
        return ASK
    return YES if parameter in use.diseases.ancestors(str(asked)) else NO


def _purpose_is(*codes: str) -> Callable[[DataUse], bool]:
    return lambda use: bool(set(codes) & set(as_duo(use.purpose)))


def _nonprofit(use: DataUse, _: str = "") -> Answer:
    return YES if use.nonprofit else NO


def _noncommercial(use: DataUse, _: str = "") -> Answer:
    if use.purpose.get("code") in ("53(1)(e)(i)", "DUO:0000039"):
        return NO
    return YES if use.nonprofit else ASK


def _methods_development(use: DataUse, _: str) -> Answer:
    if _purpose_is("DUO:0000031")(use):
        return NO
    return ASK if use.purpose.get("code") == "53(1)(e)(ii)" else YES


def _ethics_approved(use: DataUse, _: str) -> Answer:
    if use.ethics_approved is None:
        return ASK
    return YES if use.ethics_approved else NO


def _region(use: DataUse, parameter: str) -> Answer:
    regions = _names(parameter.replace(" ", ","))
    if use.country in regions or ("EU" in regions and use.country in EU_COUNTRIES):
        return YES
    return ASK if any(region.startswith(f"{use.country}-") for region in regions) else NO


def _time_limit(use: DataUse, parameter: str) -> Answer:
    if parameter.isdecimal():
        if use.start is None:
            return ASK
        months = (use.day.year - use.start.year) * 12 + use.day.month - use.start.month
        return YES if (months, use.day.day) <= (int(parameter), use.start.day) else NO
    try:
        return YES if use.day <= date.fromisoformat(parameter) else NO
    except ValueError:  # checked in an agreement, not everywhere else
        return ASK


def _user(use: DataUse, parameter: str) -> Answer:
    if not use.user:
        return ASK
    return YES if use.user in _names(parameter) else NO


def _project(use: DataUse, parameter: str) -> Answer:
    return YES if use.project and parameter == use.project else ASK


def _institution(use: DataUse, parameter: str) -> Answer:
    return YES if set(use.institution) & set(_names(parameter)) else NO


def _undertaking(code: str) -> Callable[[DataUse, str], Answer]:
    """A duty that the user takes on: an agreement binds its parties to it, before that the user must say so."""
    return lambda use, _: YES if use.undertakes is None or code in use.undertakes else ASK


def _names(parameter: str) -> list[str]:
    return [name.strip() for name in parameter.replace(";", ",").split(",") if name.strip()]


@dataclass(frozen=True)
class ConsentRule:
    """One DUO code: its shorthand, its rule in words, its answer, and what it obliges to afterwards."""

    shorthand: str
    rule: str
    answer: Callable[[DataUse, str], Answer]
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
        "GSO", "genetic studies only", lambda use, _: YES if _purpose_is("DUO:0000038")(use) else ASK
    ),
    "DUO:0000018": ConsentRule(
        "NPUNCU",
        "organisations without profit, and no commercial use",
        lambda use, _: _noncommercial(use) if use.nonprofit else NO,
    ),
    "DUO:0000019": ConsentRule(
        "PUB", "results are published", _undertaking("DUO:0000019"), obligation="Publish the results."
    ),
    "DUO:0000020": ConsentRule("COL", "together with the primary investigator; a person must look", lambda *_: ASK),
    "DUO:0000021": ConsentRule("IRB", "an ethics approval is in force", _ethics_approved),
    "DUO:0000022": ConsentRule("GS", "requesters in the region named", _region),
    "DUO:0000024": ConsentRule(
        "MOR", "no publication before the date", _undertaking("DUO:0000024"), obligation="Publish nothing before"
    ),
    "DUO:0000025": ConsentRule("TS", "until the date, or the months after the term's start", _time_limit),
    "DUO:0000026": ConsentRule("US", "the users named", _user),
    "DUO:0000027": ConsentRule("PS", "the project named", _project),
    "DUO:0000028": ConsentRule("IS", "the institutions named", _institution),
    "DUO:0000029": ConsentRule(
        "RTN", "derived data go back", _undertaking("DUO:0000029"), obligation="Return derived data to the holder."
    ),
    "DUO:0000043": ConsentRule("CC", "clinical care too", lambda *_: YES),
    "DUO:0000044": ConsentRule(
        "NPOA", "no research into ancestry", lambda use, _: NO if _purpose_is(POA)(use) else YES
    ),
    "DUO:0000045": ConsentRule("NPU", "organisations without profit", _nonprofit),
    "DUO:0000046": ConsentRule("NCU", "no commercial use", _noncommercial),
}
"""Every consent code that is known; another means no."""
