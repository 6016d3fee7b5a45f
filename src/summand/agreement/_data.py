"""Clause D: which data, under which consent, for which computations, within which limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from summand.agreement._base import (
    Clause,
    Count,
    Country,
    Finite,
    Identifier,
    JsonObject,
    Positive,
    Release,
    Text,
    may,
    must,
    star,
)
from summand.agreement._computations import COMPUTATIONS
from summand.agreement._datasets import Dataset

if TYPE_CHECKING:
    MethodName = str
else:
    MethodName = Literal[tuple(COMPUTATIONS)]
ProfileName = Literal["institutional", "public_data", "trial"]


class Computation(Clause):
    """One kind of computation that may be asked for, with the parameters it may take."""

    method: MethodName = star("Name of the method.")
    parameters: dict[str, tuple[str | int | float | bool, ...]] = may(
        "Values that a parameter may take; a parameter that is not named is free.", {}
    )


class Limits(Clause):
    """Limits tighter than the disclosure profile's; looser ones are refused."""

    minimum_cell: Positive | None = may("Fewest people that a shown count may describe.")
    minimum_sites: Positive | None = may("Fewest sites in a study.")
    minimum_exits: Positive | None = may("Fewest people leaving at each step of a survival curve.")
    parameters_per_person: Finite | None = may("Most model parameters per person.", gt=0, le=1)


class Retention(Clause):
    """How long working copies stay and how they go."""

    months: Count = star("Months after the end of the term.")
    destruction: Text = star("How they are destroyed.")
    certificate: bool = star("Whether the destruction is certified.")


class AuditRight(Clause):
    """Who may look into how the data are used."""

    by: tuple[Text, ...] = star("Who may audit.", min_length=1)
    notice_days: Count = star("Days of notice.")
    per_year: Positive = star("Audits a year.")


class LimitedDataSetTerms(Clause):
    """The terms of a data use agreement for a limited data set, 45 CFR 164.514(e)(4)(ii)(C)."""

    permitted_uses: Text = must("Permitted uses and disclosures.")
    permitted_recipients: tuple[Text, ...] = must("Who may use or receive the data.", min_length=1)
    safeguards: Text = must("Safeguards against other uses.")
    reports_violations: Literal[True] = must("Uses outside the agreement are reported.")
    binds_agents: Literal[True] = must("Agents and subcontractors are bound to the same.")
    no_identification_or_contact: Literal[True] = must("Nobody is identified or contacted.")


class DataClause(Clause):
    """Clause D."""

    dictionaries: dict[Identifier, JsonObject] = must("Data dictionaries by name, in Table Schema.", min_length=1)
    datasets: tuple[Dataset, ...] = star("The datasets, each with its holder.", min_length=1)
    computations_allowed: tuple[Computation, ...] = star("Computations that may be asked for; no others.", min_length=1)
    release_levels: tuple[Release, ...] = must('"total", and "site_level" only where it is named.', min_length=1)
    disclosure_profile: ProfileName = must("Rules for what is shown.")
    limits: Limits = may("Limits tighter than the profile's.", Limits())
    min_sites: Positive = must("Fewest sites in a study.")
    min_cell: Positive = star("Fewest people that a shown count may describe.")
    complementary_suppression: bool = may("Whether counts that would give a hidden one away are hidden too.", True)
    round_deadline_seconds: Positive = may("Seconds that a round waits for a site.", 60)
    on_lost_site: Literal["end", "start_over"] = may(
        "What a study does that loses a site once a sum over it was opened: it ends, or starts over with the others, which "
        "tells the difference between the two sums: the lost site's own figures.",
        "end",
    )
    hub: Literal["opens_totals", "blind"] = may(
        "Whether the hub sees the totals of rounds and the results, or only adds: then a site works out each step, the "
        "others check it, and the result goes to the person who asked, sealed, once enough sites agree.",
        "opens_totals",
    )
    output_review: Literal["automatic", "airlock", "two_person"] = may(
        "Who looks at a result before release.", "automatic"
    )
    location: tuple[Country, ...] = star("Countries in which data may be processed.", min_length=1)
    onward_transfer: tuple[Text, ...] = star("Who else may receive data; an empty list is nobody.")
    linkage: Literal["none", "listed"] = may("Whether records may be linked to others.", "none")
    reidentification_ban: Literal[True] = star("Nobody tries to find out who a patient is.")
    retention: Retention = star("How long working copies stay.")
    incident_notice_hours: Positive = star("Hours until an incident is reported to the parties.", le=720)
    accounting_of_disclosures: bool = may("Whether disclosures are accounted for.", True)
    audit_right: AuditRight = star("Who may audit.")
    minimum_necessary_statement: Text = star("Why no less data would do.")
    limited_data_set_terms: LimitedDataSetTerms | None = may("Needed where a dataset is a limited data set.")
