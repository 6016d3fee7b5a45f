"""Conditions of clauses D and E: holders, places, and limits no looser than the profile's."""

from __future__ import annotations

from collections.abc import Iterator

from summand.agreement._check_consent import consent_codes
from summand.agreement._check_dictionaries import dictionaries, withheld_columns
from summand.agreement._datasets import Dataset
from summand.agreement._document import Agreement
from summand.agreement._findings import Place
from summand.agreement._problems import Problem, invalid, missing, note, twice, unknown_names
from summand.agreement._profiles import CMS_MINIMUM_CELL, PROFILES


def data_conditions(agreement: Agreement) -> Iterator[Problem]:
    """Clauses D and E."""
    data = agreement.data
    yield from dictionaries(agreement)
    yield from twice(("data", "datasets"), data.datasets, "datasets")
    yield from twice(("data", "computations_allowed"), data.computations_allowed, "computations", "method")
    for index, dataset in enumerate(data.datasets):
        yield from _dataset(agreement, dataset, ("data", "datasets", index))
    yield from _limits(agreement)
    yield from _profile(agreement)
    if "total" not in data.release_levels:
        yield missing(
            ("data", "release_levels"), 'The level "total" is not named.', 'Add "total"; it is the least there is.'
        )
    if any(item.identifiability == "limited_data_set" for item in data.datasets):
        yield from _limited_data_set(agreement)
    if agreement.privacy.budget is not None:
        known = {party.id for party in agreement.parties}
        shares = agreement.privacy.budget.party_budgets
        used = ((("privacy", "budget", "party_budgets", i, "party"), share.party) for i, share in enumerate(shares))
        yield from unknown_names(used, known, "party")


def _dataset(agreement: Agreement, dataset: Dataset, place: Place) -> Iterator[Problem]:
    data = agreement.data
    holders = {party.id: party for party in agreement.parties}
    yield from unknown_names([((*place, "holder"), dataset.holder)], holders, "party")
    yield from unknown_names([((*place, "dictionary"), dataset.dictionary)], data.dictionaries, "dictionary")
    holder = holders.get(dataset.holder)
    if holder is not None and "data_holder" not in holder.roles:
        yield invalid((*place, "holder"), f"Party {holder.id} is not a data_holder.", "Add data_holder to its roles.")
    if holder is not None and holder.country not in data.location and data.disclosure_profile != "trial":
        yield invalid(
            ("data", "location"),
            f"Dataset {dataset.id} lies in {holder.country}, where the agreement lets no data be processed.",
            f"Add {holder.country} to the list.",
        )
    yield from withheld_columns(agreement, dataset, place)
    yield from consent_codes(dataset, place)
    if data.disclosure_profile == "public_data":
        for name in ("source", "licence"):
            if getattr(dataset, name) is None:
                yield missing(
                    (*place, name),
                    f"Dataset {dataset.id} runs under public_data and does not name its {name}.",
                    f"Add the {name} under which it was published, or choose the profile institutional.",
                )


def _limits(agreement: Agreement) -> Iterator[Problem]:
    data = agreement.data
    floors = dict(PROFILES[data.disclosure_profile])
    if data.disclosure_profile == "institutional" and any(item.includes_cms_data for item in data.datasets):
        floors["minimum_cell"] = CMS_MINIMUM_CELL
    written: dict[Place, tuple[str, float]] = {
        ("data", "min_cell"): ("minimum_cell", data.min_cell),
        ("data", "min_sites"): ("minimum_sites", data.min_sites),
        **{("data", "limits", key): (key, value) for key, value in data.limits.model_dump(exclude_none=True).items()},
    }
    for place, (key, value) in written.items():
        floor = floors.get(key)
        if floor is None:
            continue
        if value > floor if key == "parameters_per_person" else value < floor:
            yield invalid(
                place,
                f"{place[-1]} {value} is looser than the profile {data.disclosure_profile} allows ({floor:g}).",
                f"Write {floor:g} or a stricter value; an agreement may tighten its profile, never loosen it.",
            )


def _profile(agreement: Agreement) -> Iterator[Problem]:
    profile, holders = agreement.data.disclosure_profile, {item.holder for item in agreement.data.datasets}
    if profile == "trial" and len(agreement.parties) > 1:
        yield invalid(
            ("data", "disclosure_profile"),
            "The profile trial is for one owner; this agreement has several parties.",
            "Choose institutional, or public_data for published data.",
        )
    elif len(holders) < agreement.limits["minimum_sites"]:
        yield note(
            ("data", "min_sites"),
            f"A study needs {agreement.limits['minimum_sites']} sites and the agreement has {len(holders)} data holders.",
            "No study can run until more holders join.",
        )


def _limited_data_set(agreement: Agreement) -> Iterator[Problem]:
    if agreement.data.limited_data_set_terms is None:
        yield missing(
            ("data", "limited_data_set_terms"),
            "A dataset is a limited data set, and the terms of its data use agreement are not there.",
            "Add the terms of 45 CFR 164.514(e)(4)(ii)(C).",
        )
    for index, purpose in enumerate(agreement.purpose.purposes):
        if purpose.system == "HIPAA" and purpose.code in ("treatment", "payment"):
            yield invalid(
                ("purpose", "purposes", index, "code"),
                f"A limited data set may not be used for {purpose.code} (45 CFR 164.514(e)(3)).",
                "Name one of: research, public_health, health_care_operations.",
            )
