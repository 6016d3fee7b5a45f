"""What is asked: the purpose, the datasets and their consent, the method and its columns, the release.

A check says every objection that it has; silence is consent. What is absent, unknown or malformed is objected to.
"""

from __future__ import annotations

from summand.agreement import Dataset, match_consent, within
from summand.disclosure import PROFILES, is_at_least_as_strict
from summand.errors import (
    ApprovalMissing,
    CohortTooSmall,
    ColumnNotPermitted,
    DatasetNotPermitted,
    MethodNotPermitted,
    PurposeNotPermitted,
    ReleaseNotPermitted,
)
from summand.guard._case import Case, Objections
from summand.guard._consent import use_of
from summand.guard._purpose import PUBLIC_BODIES, PUBLIC_BODIES_ONLY
from summand.methods import from_spec
from summand.study import effective_limits, shared_dictionary
from summand.tables import dictionary_from_table_schema

BLIND_SITES_MAX = 64
"""All sites share a key of all of them together up to here: see `summand.securesum`."""


def purpose(case: Case) -> Objections:
    """The purpose is a permitted one or lies within it, is not prohibited, and is open to the requester's party."""
    asked = case.request.purpose
    code, disease = str(asked.get("code")), asked.get("disease")
    codes = within(code)
    if case.agreement.prohibited_codes & set(codes):
        yield PurposeNotPermitted(
            "The agreement or the law prohibits this purpose, whatever else is permitted.",
            remedy="State another purpose; no amendment can permit what the law prohibits.",
            clause="C.prohibited_purposes",
        )
    if set(asked) - {"system", "code", "text", "disease"} or not any(
        permitted.system == asked.get("system") and permitted.code in codes and permitted.disease in (None, disease)
        for permitted in case.agreement.purpose.purposes
    ):
        known = ", ".join(f"{permitted.system} {permitted.code}" for permitted in case.agreement.purpose.purposes)
        yield PurposeNotPermitted(
            f"The purpose is not among those that the agreement permits: {known}.",
            remedy="State one of these, or ask the parties for an amendment.",
            clause="C.purposes",
        )
    party = case.requester_party
    if PUBLIC_BODIES_ONLY & set(codes) and (party is None or party.type not in PUBLIC_BODIES):
        yield PurposeNotPermitted(
            "EHDS Art. 53(1)(a) to (c) is open to public bodies only.",
            remedy="Ask through the authority, or state a purpose from 53(1)(d) to (f).",
            clause="C.purposes",
        )


def datasets(case: Case) -> Objections:
    """Every dataset is in the agreement, one a party, under one dictionary; exactly one is this site's own."""
    asked, wanted = case.asked, len(case.request.datasets)
    one_a_party = len({dataset.holder for dataset in asked}) == len(asked) or case.is_trial
    if len(asked) != wanted or not one_a_party or len(case.own) != 1:
        yield DatasetNotPermitted(
            "A dataset is not in the agreement, or a party would take part twice, or this site holds none of them.",
            remedy="Ask for one dataset of each party, by the names in the agreement.",
            clause="D.datasets",
        )
    if len(asked) == wanted:
        shared_dictionary(case.agreement, case.request.datasets)
        limits = effective_limits(case.agreement, case.request)
        if wanted < limits.minimum_sites:
            yield CohortTooSmall(
                f"The study asks for {wanted} sites; the agreement needs at least {limits.minimum_sites}.",
                remedy="Ask for more datasets.",
                clause="D.min_sites",
            )


def consent(case: Case) -> Objections:
    """What this site's patients agreed to covers the purpose; where codes do not tell, a data steward of the site does."""
    if any(purpose(case)):
        return  # refused already, and nobody should be sent to a steward about it
    use = use_of(case)
    for dataset in case.own:
        for item in match_consent(dataset.consent_codes, use).findings:
            name = f"{item.code} ({item.shorthand}: {item.rule})"
            if item.answer == "no":
                yield DatasetNotPermitted(
                    f"The consent of dataset {dataset.id} does not cover the study: {name}.",
                    remedy="Leave this dataset out, or state a purpose that the consent covers.",
                    clause="D.consent_codes",
                )
            elif item.answer == "ask" and not case.approvers("data_steward", case.party):
                yield ApprovalMissing(
                    f"Whether the consent of dataset {dataset.id} covers the study, a person must judge: {name}.",
                    remedy=f"Have a data steward of {case.party} approve the request.",
                    clause="D.consent_codes",
                )


def method(case: Case) -> Objections:
    """The method and its settings are allowed, and it reads only columns that are open to it."""
    name = case.request.method.get("name")
    allowed = [item for item in case.agreement.data.computations_allowed if item.method == name]
    if not allowed:
        known = ", ".join(item.method for item in case.agreement.data.computations_allowed)
        yield MethodNotPermitted(
            f"The method is not among the computations that the agreement allows: {known}.",
            remedy="Use one of these, or ask the parties for an amendment.",
            clause="D.computations_allowed",
        )
    asked = from_spec(case.request.method)
    settings = asked.to_spec()
    for parameter, values in (allowed[0].parameters if allowed else {}).items():
        if not _is_allowed(settings.get(parameter), values):
            yield MethodNotPermitted(
                f"The setting '{parameter}' has a value that the agreement does not allow.",
                remedy=f"Use one of: {', '.join(map(str, values))}.",
                clause="D.computations_allowed",
            )
    for dataset in case.own:
        yield from _columns(case, dataset, asked.columns)


def _columns(case: Case, dataset: Dataset, named: tuple[str, ...]) -> Objections:
    """The columns named, and those that a method which names none reads by itself, are open to studies."""
    dictionary = dictionary_from_table_schema(dataset.dictionary, case.agreement.dictionary_of(dataset.id))
    open_columns = {column.name for column in dictionary if column.kind != "text"}
    open_columns -= {*dataset.columns_withheld, dictionary.person_id or ""}
    refused = [column for column in named if column not in open_columns]
    if not refused and len(case.asked) == len(case.request.datasets):
        # The plan raises what the method objects to in the study's setting.
        refused = [column for column in case.plan.method.columns if column not in open_columns]
    if refused:
        yield ColumnNotPermitted(
            f"Of dataset {dataset.id} the study may not read: {', '.join(column[:40] for column in refused[:10])}.",
            remedy="Name only other columns; identifiers, texts and withheld columns are closed to every study.",
            clause="D.columns_withheld",
        )


def _is_allowed(given: object, values: tuple[object, ...]) -> bool:
    """Whether each given value is an agreed one; an empty list often means "all", so it is no agreed value itself."""
    several = given if isinstance(given, list | tuple) and given else [given]
    return all(_is_one_of(value, values) for value in several)


def _is_one_of(value: object, values: tuple[object, ...]) -> bool:
    return any(type(value) is type(one) and value == one for one in values)


def release(case: Case) -> Objections:
    """The release level is permitted by name; the profile is the agreement's or stricter; a trial stays in one process."""
    data, asked = case.agreement.data, case.request.disclosure_profile
    if case.request.release_level not in data.release_levels:
        yield ReleaseNotPermitted(
            f"The agreement does not permit the release level '{case.request.release_level}'.",
            remedy=f"Ask for: {', '.join(data.release_levels)}.",
            clause="D.release_levels",
        )
    if asked not in PROFILES or not is_at_least_as_strict(PROFILES[asked], PROFILES[data.disclosure_profile]):
        yield ReleaseNotPermitted(
            f"The disclosure profile is looser than the agreement's, '{data.disclosure_profile}', or not known.",
            remedy=f"Ask for '{data.disclosure_profile}' or a stricter one.",
            clause="D.disclosure_profile",
        )
    if "trial" in (asked, data.disclosure_profile) and not case.allow_trial:
        yield ReleaseNotPermitted(
            "The profile 'trial' is for one owner in one process; a site service refuses it.",
            remedy="Sign an agreement with the profile 'institutional', or 'public_data' for published data.",
            clause="D.disclosure_profile",
        )
    if data.hub == "blind" and (case.request.reply_key is None or len(case.request.datasets) > BLIND_SITES_MAX):
        yield ReleaseNotPermitted(
            "The agreement's hub is blind: a request names the key that its result is sealed to, and asks at most "
            f"{BLIND_SITES_MAX} sites.",
            remedy="Ask with this version's 'summand study run', which makes the key, and for fewer datasets.",
            clause="D.hub",
        )
    if data.output_review != "automatic":
        yield ReleaseNotPermitted(
            "The agreement asks for people to review results, which this version does not provide.",
            remedy="Update the site's program, or amend clause D.output_review.",
            clause="D.output_review",
        )
