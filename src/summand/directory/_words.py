"""The words of the directory: kinds of organisations, and what they can do or need. Codes beyond these are allowed."""

from __future__ import annotations

KINDS: dict[str, str] = {
    "provider": "hospital, clinic or other provider of care",
    "university": "university or school",
    "startup": "startup",
    "vendor": "company",
    "regulator": "regulator",
    "government": "government",
    "nonprofit": "non-profit organisation",
    "patient_organisation": "organisation of patients",
    "payer": "payer or insurer",
    "funder": "funder",
    "research_facility": "research facility",
    "archive": "archive or library",
    "other": "other",
}
"""Kinds in the order in which the first one that fits is an organisation's main kind; the first nine can sign."""
ROR_KINDS: dict[str, str] = {
    "healthcare": "provider",
    "education": "university",
    "company": "vendor",
    "government": "government",
    "nonprofit": "nonprofit",
    "funder": "funder",
    "facility": "research_facility",
    "archive": "archive",
    "other": "other",
}
"""Types of the ROR schema v2, as kinds of ours."""
CAPABILITIES: dict[str, str] = {
    "biobank": "biobank",
    "care_coordination": "coordination of care across organisations",
    "clinical_safety": "clinical safety cases (DCB0129, DCB0160)",
    "clinical_trials": "clinical trials",
    "cloud_compute": "computing capacity",
    "community_outreach": "reaching underserved communities",
    "data_engineering": "data engineering and mapping (OMOP, FHIR)",
    "data_governance": "data access committees and governance",
    "device_manufacturing": "making of medical devices",
    "drug_development": "development of medicines",
    "emergency_care": "emergency care",
    "ethics_review": "ethics review",
    "evaluation": "evaluation of programmes",
    "funding": "funding",
    "genomics": "genomics",
    "health_economics": "health economics",
    "imaging": "medical imaging",
    "laboratory": "laboratory",
    "machine_learning": "machine learning",
    "mental_health": "mental health care",
    "oncology": "cancer care",
    "paediatrics": "care of children",
    "patient_involvement": "involvement of patients",
    "policy": "health policy",
    "primary_care": "primary care",
    "procurement": "joint procurement",
    "project_management": "management of partnerships",
    "public_health": "public health",
    "quality_improvement": "improvement of quality",
    "regulatory_review": "regulatory review and advice",
    "rural_access": "care in rural places",
    "secure_environment": "secure processing environment",
    "software_engineering": "software engineering",
    "statistics": "biostatistics",
    "stroke_care": "stroke care",
    "surgery": "surgery",
    "technology_transfer": "technology transfer",
    "telemedicine": "telemedicine",
    "training": "training of staff",
    "vaccines": "vaccines",
}
"""Capabilities, which are also what may be needed; an organisation may name others by a code of its own."""
TRANSFER_TOOLS: dict[str, str] = {
    "scc": "standard contractual clauses (GDPR Art. 46(2)(c))",
    "bcr": "binding corporate rules (GDPR Art. 47)",
    "dpf": "EU–US Data Privacy Framework certification (Decision (EU) 2023/1795)",
    "pipeda": "an organisation under Canada's PIPEDA (Decision 2002/2/EC)",
    "idta": "the United Kingdom's international data transfer agreement or addendum",
    "adhoc": "clauses authorised by the authority (GDPR Art. 46(3)(a))",
}
"""Ground for a transfer of personal data that an organisation declares to have in place."""


def main_kind(kinds: tuple[str, ...]) -> str:
    """The first kind in the order of `KINDS`."""
    return next((kind for kind in KINDS if kind in kinds), "other")
