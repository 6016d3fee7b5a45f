"""Consent codes as ODRL 2.2: what each DUO code adds to a permission, forbids, or asks for.

Rules after Pandit & Esteves (2024), "Enhancing Data Use Ontology (DUO) for health-data sharing by extending it with ODRL
and DPV" (w3id.org/duodrl), whose terms are used where they exist; ours begin with ``summand:``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROFILE = "urn:summand:odrl:1"
"""Our terms for what ODRL has none: computation, minCellCount, minSites, releaseLevel, processedIn, epsilon, delta, reidentify,
publishResults, acceptAudit, link."""
CONTEXT: dict[str, str] = {
    "summand": f"{PROFILE}#",
    "duodrl": "https://w3id.org/duodrl#",
    "obo": "http://purl.obolibrary.org/obo/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "eli": "http://data.europa.eu/eli/reg/2025/327/",
    "hipaa": "urn:us:cfr:45:164#",
}
Constraint = dict[str, Any]


@dataclass
class Terms:
    """Constraints of the permission, duties of whoever uses it, and prohibitions beside it."""

    constraints: list[Constraint] = field(default_factory=list)
    duties: list[dict[str, Any]] = field(default_factory=list)
    prohibitions: list[dict[str, Any]] = field(default_factory=list)


def constraint(left: str, operator: str, right: Any) -> Constraint:
    """One ODRL constraint."""
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def typed(value: Any) -> dict[str, str]:
    """A number or date with its type, as JSON-LD writes it; the text form is exact everywhere."""
    kind = "xsd:integer" if isinstance(value, int) else "xsd:decimal" if isinstance(value, float) else "xsd:date"
    return {"@value": f"{value:.17g}" if isinstance(value, float) else str(value), "@type": kind}


def iri(code: str) -> str:
    """A DUO or MONDO code as its address in prefixed form."""
    return "obo:" + code.replace(":", "_")


def _purpose(term: str) -> Callable[[Terms, str], None]:
    return lambda terms, _: terms.constraints.append(constraint("purpose", "isA", term))


def _duty(action: str) -> Callable[[Terms, str], None]:
    return lambda terms, _: terms.duties.append({"action": action})


def _forbidden(term: str) -> Callable[[Terms, str], None]:
    return lambda terms, _: terms.prohibitions.append(
        {"action": "use", "constraint": [constraint("purpose", "isA", term)]}
    )


def _both(*parts: Callable[[Terms, str], None]) -> Callable[[Terms, str], None]:
    def add(terms: Terms, parameter: str) -> None:
        for part in parts:
            part(terms, parameter)

    return add


def _disease(terms: Terms, parameter: str) -> None:
    terms.constraints.append(constraint("purpose", "isA", "duodrl:DS"))
    terms.constraints.append(constraint("duodrl:Disease", "isA", iri(parameter)))


def _time_limit(terms: Terms, parameter: str) -> None:
    if parameter.isdecimal():
        terms.constraints.append(
            constraint("elapsedTime", "lteq", {"@value": f"P{int(parameter)}M", "@type": "xsd:duration"})
        )
    else:
        terms.constraints.append(constraint("dateTime", "lteq", typed(parameter)))


def _moratorium(terms: Terms, parameter: str) -> None:
    terms.prohibitions.append(
        {"action": "summand:publishResults", "constraint": [constraint("dateTime", "lt", typed(parameter))]}
    )


def _names(left: str) -> Callable[[Terms, str], None]:
    def add(terms: Terms, parameter: str) -> None:
        names = [name.strip() for name in parameter.replace(";", ",").split(",") if name.strip()]
        terms.constraints.append(constraint(left, "isAnyOf", names))

    return add


def _region(terms: Terms, parameter: str) -> None:
    places = [place for place in parameter.replace(",", " ").split() if place]
    terms.constraints.append(constraint("spatial", "isAnyOf", places))
    outside = [constraint("spatial", "isNoneOf", places)]
    terms.prohibitions.append({"action": "use", "constraint": outside})


_NONPROFIT: Callable[[Terms, str], None] = lambda terms, _: terms.constraints.append(  # noqa: E731
    constraint("recipient", "isA", "duodrl:NonProfitOrganisation")
)
CODES: dict[str, Callable[[Terms, str], None]] = {
    "DUO:0000004": lambda *_: None,
    "DUO:0000042": _purpose("duodrl:GRU"),
    "DUO:0000006": _purpose("duodrl:HMB"),
    "DUO:0000007": _disease,
    "DUO:0000011": _purpose("duodrl:POA"),
    "DUO:0000012": lambda terms, text: terms.constraints.append(constraint("summand:researchType", "eq", text)),
    "DUO:0000015": _forbidden("duodrl:MDS"),
    "DUO:0000016": _purpose("duodrl:GS"),
    "DUO:0000018": _both(_NONPROFIT, _purpose("duodrl:NCU")),
    "DUO:0000019": _duty("summand:publishResults"),
    "DUO:0000020": _duty("duodrl:CollaborateWithStudyPI"),
    "DUO:0000021": _duty("duodrl:ProvideEthicalApproval"),
    "DUO:0000022": _region,
    "DUO:0000024": _moratorium,
    "DUO:0000025": _time_limit,
    "DUO:0000026": _names("summand:user"),
    "DUO:0000027": lambda terms, text: terms.constraints.append(constraint("duodrl:Project", "eq", text)),
    "DUO:0000028": _names("recipient"),
    "DUO:0000029": _duty("duodrl:ReturnDerivedOrEnrichedData"),
    "DUO:0000043": lambda *_: None,  # opens care beside the permission; see `summand.agreement._odrl`
    "DUO:0000044": _forbidden("duodrl:POA"),
    "DUO:0000045": _NONPROFIT,
    "DUO:0000046": _purpose("duodrl:NCU"),
}
"""What each consent code adds."""
