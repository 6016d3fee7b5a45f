"""One dataset of clause D: whose it is, what it holds, and on which ground it may be used."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Identifier, Positive, Text, may, must, star

Identifiability = Literal["anonymous", "pseudonymous", "limited_data_set", "identifiable"]


class ConsentCode(Clause):
    """A term of the GA4GH Data Use Ontology, with its parameter where it needs one."""

    code: str = star('DUO identifier, such as "DUO:0000007".', pattern=r"^DUO:[0-9]{7}$")
    parameter: Text | None = may("Disease, region, date, months, users, project or institution.")


class LegalBasis(Clause):
    """On which ground the holder may let the data be used, by jurisdiction."""

    jurisdiction: Text = star("Country or law.")
    basis: Text = star("Article or section, and in words.")


class Dataset(Clause):
    """Data of one holder under one dictionary."""

    id: Identifier = star("Short name.")
    title: Text = star("What people call it.")
    holder: Identifier = star("Party that holds it.")
    dictionary: Identifier = must("Name of its dictionary.")
    rows_max: Positive = must("More rows than this it will never have; bounds every sum.")
    columns_withheld: tuple[Text, ...] = may("Columns of the dictionary that no study may read.", ())
    identifiability: Identifiability = star("How close to a person the records are at the holder.")
    legal_basis: tuple[LegalBasis, ...] = star("Grounds for the use.", min_length=1)
    opt_out_mechanism: Text = star("How a patient opts out, and how the holder applies it.")
    consent_codes: tuple[ConsentCode, ...] = star("What the patients agreed to.", min_length=1)
    includes_cms_data: bool = may("Whether data of the US Medicare and Medicaid programmes are in it.", False)
    source: Text | None = may("Where published data come from; needed under the profile public_data.")
    licence: Text | None = may("Licence of published data; needed under the profile public_data.")
    categories: tuple[Text, ...] = may("Kinds of health data in it.", ())
    population: Text | None = may("Whom it describes.")
    period: Text | None = may("From when the records are.")
    refresh: Text | None = may("How often it is brought up to date.")
    quality_label: Text | None = may("Quality label.")
    patient_group_representatives: tuple[Text, ...] = may("Who speaks for the patients.", ())
