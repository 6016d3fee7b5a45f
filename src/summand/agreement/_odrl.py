"""The agreement as ODRL 2.2 policies and Dataspace Protocol agreements: one for each provider, recipient and dataset.

A projection for other systems to read. What decides is the agreement itself, by the guard of each site: ODRL has no words
for a minimum cell or a secure sum, so these stand in a profile (`PROFILE`), and a reader that does not know it must refuse.

Sources: ODRL Information Model 2.2 (www.w3.org/TR/odrl-model); Dataspace Protocol 2025-1, contract negotiation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from summand.agreement._data_use import DataUse, DiseaseTree
from summand.agreement._datasets import Dataset
from summand.agreement._document import Agreement
from summand.agreement._duo import PERMISSIONS
from summand.agreement._duo_matching import CC, ConsentVerdict, match_consent
from summand.agreement._odrl_terms import CODES, CONTEXT, PROFILE, Constraint, Terms, constraint, iri, typed
from summand.agreement._parties import Party
from summand.agreement._purpose import Purpose
from summand.errors import UsageError

ODRL_CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
DSP_CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"


@dataclass(frozen=True)
class Projection:
    """What one recipient may do with one dataset of one provider, and whether the consent covers each purpose.

    Attributes:
        provider: Party that holds the dataset.
        recipient: Party that uses what is computed.
        dataset: The dataset.
        odrl: ODRL 2.2 policy of type Agreement, JSON-LD.
        dataspace: Agreement of the Dataspace Protocol 2025-1, JSON-LD.
        consent: For each purpose of clause C, by its code, what the dataset's consent says.
    """

    provider: str
    recipient: str
    dataset: str
    odrl: dict[str, Any]
    dataspace: dict[str, Any]
    consent: dict[str, ConsentVerdict]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "provider": self.provider,
            "recipient": self.recipient,
            "dataset": self.dataset,
            "odrl": self.odrl,
            "dataspace": self.dataspace,
            "consent": {code: verdict.to_dict() for code, verdict in self.consent.items()},
        }


def projections(
    agreement: Agreement,
    dataset: str | None = None,
    recipient: str | None = None,
    diseases: DiseaseTree | None = None,
) -> tuple[Projection, ...]:
    """Every pair of a dataset and a party that uses data of others, or those asked for.

    Args:
        agreement: The agreement.
        dataset: Only this dataset; all if not given.
        recipient: Only this party; all that use data if not given.
        diseases: Which disease is a kind of which, for consent to a disease; without it a person must look.

    Raises:
        UsageError: if the agreement has no such dataset or party.
    """
    datasets = agreement.datasets if dataset is None else (agreement.dataset(dataset),)
    users = [party for party in agreement.parties if {"data_user", "processor"} & set(party.roles)]
    if recipient is not None:
        users = [agreement.party(recipient)]
    found = tuple(
        _projection(agreement, one, user, diseases) for one in datasets for user in users if user.id != one.holder
    )
    if not found:
        raise UsageError(
            "No party uses another's data under this agreement.",
            remedy="Name a dataset and a party that does not hold it.",
        )
    return found


def party_iri(agreement: Agreement, party: Party) -> str:
    """The party by its ROR or LEI where it has one, else within the agreement."""
    for row in party.registrations:
        if row.scheme == "ror":
            return f"https://ror.org/{row.value.rsplit('/', 1)[-1]}"
        if row.scheme == "lei":
            return f"urn:lei:{row.value}"
    return f"{agreement.id}#party-{party.id}"


def _projection(agreement: Agreement, dataset: Dataset, user: Party, diseases: DiseaseTree | None) -> Projection:
    holder = agreement.party(dataset.holder)
    body = {
        "profile": PROFILE,
        "target": f"{agreement.id}#dataset-{dataset.id}",
        "assigner": party_iri(agreement, holder),
        "assignee": party_iri(agreement, user),
        **_rules(agreement, dataset),
    }
    identifier = f"{agreement.id}:{agreement.version}:{dataset.id}:{user.id}"
    odrl = {
        "@context": [ODRL_CONTEXT, CONTEXT], "@type": "Agreement", "uid": identifier, "conflict": "prohibit", **body,
        "summand:agreementSha256": agreement.hash,
    }  # fmt: skip
    start = max(agreement.term.start, agreement.identity.effective_date or agreement.term.start)
    dataspace = {
        "@context": [DSP_CONTEXT, CONTEXT], "@id": identifier, "@type": "Agreement",
        "timestamp": f"{start.isoformat()}T00:00:00Z", **body,
    }  # fmt: skip
    return Projection(holder.id, user.id, dataset.id, odrl, dataspace, _consent(agreement, dataset, user, diseases))


def _rules(agreement: Agreement, dataset: Dataset) -> dict[str, Any]:
    terms, modifiers = Terms(), Terms()
    for item in dataset.consent_codes:
        CODES[item.code](terms, item.parameter or "")
        if item.code not in PERMISSIONS:
            CODES[item.code](modifiers, item.parameter or "")
    common = list(_constraints(agreement))
    duties = [*terms.duties, *_duties(agreement)]
    permissions = [{"action": "use", "constraint": [*common, *terms.constraints], "duty": duties}]
    if any(item.code == CC for item in dataset.consent_codes):  # care beside research, under the same modifiers
        care = [*common, *modifiers.constraints, constraint("purpose", "isA", "duodrl:CC")]
        permissions.append({"action": "use", "constraint": care, "duty": duties})
    return {"permission": permissions, "prohibition": [*terms.prohibitions, *_prohibitions(agreement)]}


def _constraints(agreement: Agreement) -> Iterator[Constraint]:
    data, limits = agreement.data, agreement.limits
    yield constraint("purpose", "isAnyOf", [_purpose(purpose) for purpose in agreement.purpose.purposes])
    yield constraint("dateTime", "gteq", typed(agreement.term.start))
    yield constraint("dateTime", "lteq", typed(agreement.term.end))
    yield constraint("summand:processedIn", "isAnyOf", list(data.location))
    yield constraint("summand:computation", "isAnyOf", [item.method for item in data.computations_allowed])
    yield constraint("summand:releaseLevel", "isAnyOf", list(data.release_levels))
    yield constraint("summand:minSites", "gteq", typed(int(limits["minimum_sites"])))
    yield constraint("summand:minCellCount", "gteq", typed(int(limits["minimum_cell"])))
    budget = agreement.privacy.budget
    if budget is not None:
        yield constraint("summand:epsilon", "lteq", typed(float(budget.epsilon_total)))
        yield constraint("summand:delta", "lteq", typed(float(budget.delta)))


def _purpose(purpose: Purpose) -> str:
    if purpose.system == "DUO":
        return iri(purpose.code)
    if purpose.system == "HIPAA":
        return f"hipaa:{purpose.code}"
    return f"eli:art_{purpose.code}"


def _duties(agreement: Agreement) -> Iterator[dict[str, Any]]:
    data = agreement.data
    hours = {"@value": f"PT{data.incident_notice_hours}H", "@type": "xsd:duration"}
    yield {"action": "inform", "constraint": [constraint("elapsedTime", "lteq", hours)]}
    months = {"@value": f"P{data.retention.months}M", "@type": "xsd:duration"}
    yield {"action": "delete", "constraint": [constraint("elapsedTime", "lteq", months)]}
    yield {"action": "summand:acceptAudit"}


def _prohibitions(agreement: Agreement) -> Iterator[dict[str, Any]]:
    codes = sorted(code for code in agreement.prohibited_codes if code[0].isdigit())
    own = sorted(code for code in agreement.prohibited_codes if not code[0].isdigit() and code != "reidentification")
    purposes = [f"eli:art_{code}" for code in codes] + [f"summand:{code}" for code in own]
    yield {"action": "use", "constraint": [constraint("purpose", "isAnyOf", purposes)]}
    yield {"action": "summand:reidentify"}
    yield {"action": "extract"}  # rows never leave their holder
    if agreement.data.linkage == "none":
        yield {"action": "summand:link"}
    listed = list(agreement.data.onward_transfer)
    yield {"action": "distribute", **({"constraint": [constraint("recipient", "isNoneOf", listed)]} if listed else {})}


def _consent(
    agreement: Agreement, dataset: Dataset, user: Party, diseases: DiseaseTree | None
) -> dict[str, ConsentVerdict]:
    """What the consent codes say to each purpose of clause C, asked by this party on the first day of the term."""
    day = agreement.term.start
    approved = any(approval.holds_on(day) for approval in agreement.ethics.approvals)
    return {
        purpose.code: match_consent(
            dataset.consent_codes,
            DataUse(
                purpose.model_dump(exclude_none=True), day, user.country, user.nonprofit, (user.id, user.legal_name),
                project=agreement.id, start=day, ethics_approved=approved, diseases=diseases,
            ),
        )
        for purpose in agreement.purpose.purposes
    }  # fmt: skip
