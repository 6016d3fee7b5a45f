"""Clause J: who owns what was there, what is made, and what may be published."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Count, Identifier, Positive, Text, may, must, star

OwnershipRule = Literal["inventor_owns", "by_field", "lead_owns", "joint", "open"]


class Background(Clause):
    """Something a party brings that stays its own. What is not listed is not licensed."""

    owner: Identifier = must("Whose it is.")
    description: Text = must("What it is.")
    reference: Text = must("Patent number, repository hash or other identifier.")
    licence_to_project: Text = must("What the project may do with it.")
    restrictions: Text | None = may("What it may not.")


class Publication(Clause):
    """How results are published."""

    review_days: Count = star("Days the parties have to read a manuscript.", le=365)
    delay_max_days: Count = star("Most days by which publication may be put off.", le=730)
    authorship: Text = star("Rule for authorship, such as the ICMJE's.")


class LicenceOption(Clause):
    """A right to take a licence."""

    party: Identifier = must("Who has the right.")
    field: Text = must("In which field.")
    territory: Text = must("Where.")
    exclusive: bool = must("Whether alone.")
    months: Positive = must("How long the right is open.")
    lapses_if_unused: Text | None = may("When the right is lost if it is not used.")


class IpClause(Clause):
    """Clause J."""

    background: tuple[Background, ...] = star("What parties bring; an empty list is nothing.")
    foreground_rule: OwnershipRule = star("Who owns what the project makes.")
    sideground_rule: OwnershipRule = star("Who owns what a party makes in the term outside the project.")
    postground_tail_months: Count = star("Months after the term in which the rules go on.")
    field_of_technology: tuple[Text, ...] = star("Fields that the rules cover.", min_length=1)
    improvements_rule: Text = star("Who owns improvements of background.")
    disclosure_days: Positive = star("Days in which an invention is disclosed.", le=365)
    publication: Publication = star("How results are published.")
    models_and_weights_ownership: OwnershipRule = star("Who owns fitted models and their weights.")
    derived_data_ownership: OwnershipRule = star("Who owns derived data.")
    prosecution_lead: Identifier | None = may("Party that files patents.")
    prosecution_cost_split: Text | None = may("Who pays for patents.")
    enforcement: Text | None = may("Who acts against infringers.")
    licence_options: tuple[LicenceOption, ...] = may("Rights to take a licence.", ())
    open_source_policy: Text | None = may("What is given away, under which licence.")
    access_commitments: Text | None = may("Prices and access for low- and middle-income countries.")
    government_rights: Text | None = may("Rights of a public funder.")
