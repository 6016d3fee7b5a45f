"""Agreement, legal basis, data and privacy in a pack: what was permitted, on which ground, over which data, how far."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from summand.agreement import Agreement, projections, to_document
from summand.directory import Organisation, datasets_to_json_ld
from summand.disclosure import epsilon_of, limits_for
from summand.documents import Document, Sheet
from summand.errors import SummandError
from summand.evidence._case import Case
from summand.evidence._studies import StudyFacts
from summand.study import Spent, budget_of, rho_left
from summand.tables import dictionary_from_table_schema

PROVISO = 'Clauses read "needs counsel" where the parties left something open; nothing here is legal advice.'


def write_agreement(case: Case) -> None:
    """Every version as it was signed; the current one in plain words; its grounds; its ODRL projections."""
    for one in case.signed:
        path = f"agreement/version-{one.agreement.version}.signed.json"
        case.put(path, one.to_bytes(), f"Version {one.agreement.version} with all signatures (DSSE envelope).")
    case.put_pdf(
        "agreement/agreement.pdf", to_document(case.signed[-1]), "The agreement in plain words, and every term of it."
    )
    case.put_json(
        "agreement/legal-basis.json", legal_basis(case.agreement), "Grounds, purposes, ethics approvals, places."
    )
    case.put_json(
        "agreement/odrl.json",
        [asdict(item) for item in projections(case.agreement)],
        "Who may do what with which data (ODRL 2.2).",
    )


def legal_basis(agreement: Agreement) -> dict[str, Any]:
    """What the use of the data rests on, clause by clause."""
    data = agreement.data
    return {
        "about": PROVISO,
        "purposes_permitted": [item.model_dump(mode="json", exclude_none=True) for item in agreement.purpose.purposes],
        "purposes_prohibited": sorted(agreement.prohibited_codes),
        "out_of_scope": list(agreement.purpose.out_of_scope),
        "datasets": [
            {
                "dataset": one.id, "holder": one.holder, "identifiability": one.identifiability,
                "legal_basis": [item.model_dump(mode="json") for item in one.legal_basis],
                "consent": [item.model_dump(mode="json", exclude_none=True) for item in one.consent_codes],
                "opt_out": one.opt_out_mechanism,
            }
            for one in agreement.datasets
        ],
        "ethics": agreement.ethics.model_dump(mode="json", exclude_none=True),
        "conflicts_of_interest": agreement.conflicts.model_dump(mode="json", exclude_none=True),
        "places_of_processing": list(data.location), "onward_transfer": list(data.onward_transfer),
        "linkage": data.linkage, "reidentification_ban": data.reidentification_ban,
        "retention": data.retention.model_dump(mode="json"), "audit_right": data.audit_right.model_dump(mode="json"),
        "minimum_necessary": data.minimum_necessary_statement, "incident_notice_hours": data.incident_notice_hours,
    }  # fmt: skip


def write_data(case: Case) -> None:
    """Each holder's datasets in HealthDCAT-AP (JSON-LD), and the dictionaries as the agreement has them."""
    for party in case.agreement.parties:
        held = [one for one in case.agreement.datasets if one.holder == party.id]
        if held:
            assets = [_asset(case.agreement, one) for one in held]
            holder = Organisation.from_dict(
                {
                    "id": party.id, "name": party.legal_name, "kinds": [party.type],
                    "places": [{"country": party.country}],
                    "data_assets": assets,
                }
            )  # fmt: skip
            case.put_json(
                f"data/{party.id}.jsonld", datasets_to_json_ld(holder), f"Datasets of {party.id} (HealthDCAT-AP)."
            )
    for name, schema in case.agreement.data.dictionaries.items():
        case.put_json(
            f"data/dictionaries/{name}.json",
            schema,
            f"Dictionary '{name}' (Table Schema): columns, units, ranges, levels.",
        )


def _asset(agreement: Agreement, dataset: Any) -> dict[str, Any]:
    """A dataset of clause D by the fields of the directory."""
    dictionary = dictionary_from_table_schema(dataset.dictionary, agreement.dictionary_of(dataset.id))
    columns = [column for column in dictionary.columns if column.name not in dataset.columns_withheld]
    told = [f"Columns: {', '.join(column.name for column in columns)}."]
    told += [f"Records from {dataset.period}."] if dataset.period else []
    told += [f"Brought up to date {dataset.refresh}."] if dataset.refresh else []
    notes = [dataset.quality_label] if dataset.quality_label else []
    fields = {
        "id": dataset.id, "title": dataset.title, "description": " ".join(told)[:2000],
        "access_rights": "public" if dataset.licence else "non_public", "categories": list(dataset.categories),
        "population_coverage": dataset.population,
        "legal_basis": [f"{item.jurisdiction}: {item.basis}"[:2000] for item in dataset.legal_basis],
        "purposes": [f"{item.code} {item.text}"[:2000] for item in agreement.purpose.purposes],
        "provenance": dataset.source, "quality_annotations": notes,
        "consent": [{"code": c.code, **({"parameter": c.parameter} if c.parameter else {})} for c in dataset.consent_codes],
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value not in (None, [])}


def write_privacy(case: Case, studies: list[StudyFacts]) -> None:
    """The limits in force, the budget, and what each study in the pack may have cost."""
    ledger = privacy_ledger(case, studies)
    case.put_json("privacy/privacy-ledger.json", ledger, "Disclosure limits, privacy budget, what each study costs.")
    case.put_pdf("privacy/privacy-ledger.pdf", _privacy_document(case, ledger), "The same, to be read.")


def privacy_ledger(case: Case, studies: list[StudyFacts]) -> dict[str, Any]:
    """Limits, budget and losses; a study's whole loss counts from its first round on, whether it was released or not."""
    agreement = case.agreement
    budget = agreement.privacy.budget
    lines, spent = [], dict.fromkeys((one.id for one in agreement.datasets), 0.0)
    begun = {str(e.get("study")) for _, e in case.chosen.entries if e.get("type") == "round.opened"}
    for one in studies:
        privacy = one.plan.privacy if one.plan else None
        cost = privacy.rho if privacy is not None and one.study in begun else 0.0
        for name in one.datasets:
            if name in spent:
                spent[name] += cost
        lines.append(
            {
                "study": one.study, "title": one.title, "at": one.at, "outcome": one.outcome,
                "limits": None if one.plan is None else asdict(one.plan.limits),
                "privacy": None if privacy is None else privacy.to_dict(), "rho_counted": cost,
            }
        )  # fmt: skip
    left_out = case.chosen.left_out
    return {
        "disclosure_profile": agreement.profile_name,
        "limits": asdict(limits_for(agreement.profile_name, agreement.limits)),
        "complementary_suppression": agreement.data.complementary_suppression,
        "output_review": agreement.data.output_review,
        "budget": None if budget is None else budget.model_dump(mode="json", exclude_none=True),
        "studies": lines,
        "datasets": [] if budget is None else [_balance(agreement, name, rho) for name, rho in spent.items()],
        "about": "An upper bound from the studies in this pack: each site's own account is what binds, and may hold more "
        "studies, of other agreements too." + (f" {left_out} entries about the agreement are not in this pack." if left_out else ""),
    }  # fmt: skip


def _balance(agreement: Agreement, name: str, rho: float) -> dict[str, Any]:
    holder = agreement.dataset(name).holder
    epsilon, delta = budget_of(agreement, holder)
    try:
        left = rho_left(agreement, holder, Spent(rho))
        spent = epsilon_of(rho, delta) if rho else 0.0
    except SummandError:
        left, spent = 0.0, 0.0
    return {
        "dataset": name,
        "epsilon": epsilon,
        "delta": delta,
        "rho_counted": rho,
        "epsilon_counted": spent,
        "rho_left": left,
    }


def _words(value: Any) -> str:
    return "none" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _privacy_document(case: Case, ledger: dict[str, Any]) -> Document:
    limits = tuple((name.replace("_", " "), _words(value)) for name, value in ledger["limits"].items())
    budget = tuple((name.replace("_", " "), str(value)) for name, value in (ledger["budget"] or {}).items())
    studies = tuple(
        (line["title"], line["outcome"], str((line["limits"] or {}).get("minimum_cell", "")),
         f"{line['privacy']['epsilon']:.3g}" if line["privacy"] else "no noise", f"{line['rho_counted']:.3g}", line["study"][:12])
        for line in ledger["studies"]
    )  # fmt: skip
    datasets = tuple(
        (d["dataset"], f"{d['epsilon']:g}", f"{d['delta']:g}", f"{d['epsilon_counted']:.3g}", f"{d['rho_left']:.3g}")
        for d in ledger["datasets"]
    )
    numbers = ("minimum cell", "epsilon", "rho counted", "delta", "epsilon counted", "rho left")
    return Document(
        "Privacy ledger",
        (
            f"Profile {ledger['disclosure_profile']}. {ledger['about']}",
            "No noise is added where the agreement has no budget: limits on counts alone protect then."
            if ledger["budget"] is None else "Every released number carries noise; losses add up to the budget below.",
        ),
        (
            Sheet("Limits", ("limit", "value"), limits), Sheet("Budget (clause E)", ("term", "value"), budget),
            Sheet("Studies", ("study", "outcome", "minimum cell", "epsilon", "rho counted", "identifier"), studies, numbers),
            Sheet("Datasets", ("dataset", "epsilon", "delta", "epsilon counted", "rho left"), datasets, numbers),
        ),
        (case.source,),
    )  # fmt: skip
