"""Asking for a study: the method, a form made from its own settings, and the request as it will be signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from summand.agreement import Agreement, Person
from summand.encoding import canonical
from summand.errors import FormRefused, SummandError
from summand.guard import unsigned_study
from summand.methods import FAMILIES, METHODS
from summand.portal._method_form import SettingField, fields_of, refused_at, spec_of
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here
from summand.study import REQUEST_TYPE, Plan, StudyRequest
from summand.tables import dictionary_from_table_schema

FAMILY_NAMES = ("Description", "Models", "Survival", "Across sites", "Causes and change", "Judging a model", "Learning")
ASKING_ROLES = ("analyst", "principal_investigator")


async def choose(visit: Visit) -> web.StreamResponse:
    """The methods that the agreement allows, by family, each in one sentence."""
    one = visit.partnership()
    allowed = _allowed(one)
    families = [
        (name, [(method.name, method.title, _first_sentence(method)) for method in family.METHODS if method.name in allowed])
        for name, family in zip(FAMILY_NAMES, FAMILIES, strict=True)
    ]  # fmt: skip
    state = visit.portal.partnerships.state(one.signed)
    return visit.page(
        "ask.html", one=one, agreement=one.agreement, state=state, tab="studies",
        families=[(name, methods) for name, methods in families if methods], left_out=len(METHODS) - len(allowed),
    )  # fmt: skip


async def form(visit: Visit) -> web.StreamResponse:
    """The form of one method."""
    one, method = _method(visit)
    return _page(visit, one, method)


async def draft(visit: Visit) -> web.StreamResponse:
    """Take the form: a draft to be looked at and signed; or the form again, with what is wrong beside its field."""
    one, method = _method(visit)
    try:
        request = _request(visit, one, method)
    except FormRefused as error:
        return _page(visit, one, method, error=error)
    signed = one.signed.agreement
    made = visit.portal.drafts.add(
        visit.who.id, f"{visit.who.name} ({visit.who.organisation})", (signed.hash, signed.id), "study", request.title,
        REQUEST_TYPE, canonical(request.to_dict()),
    )  # fmt: skip
    return visit.to(f"/drafts/{made}")


def _allowed(one: Partnership) -> set[str]:
    """The methods that the agreement allows, by name."""
    return {computation.method for computation in one.agreement.data.computations_allowed}


def _method(visit: Visit) -> tuple[Partnership, str]:
    one, name = visit.partnership(), visit.path("method")
    if name not in METHODS or name not in _allowed(one):
        raise nothing_here("method under this agreement")
    return one, name


def _request(visit: Visit, one: Partnership, method: str) -> StudyRequest:
    agreement, get = one.agreement, visit.form.get
    spec = spec_of(method, visit.form, visit.lists)
    person = next((person for person in _askers(visit, agreement) if person.name == get("requester")), None)
    if person is None:
        raise FormRefused("The agreement names no such person.", remedy="Choose who signs.", field="requester")
    purposes = {str(number): purpose for number, purpose in enumerate(agreement.purpose.purposes)}
    purpose = purposes.get(get("purpose", ""))
    if purpose is None:
        raise FormRefused("A study has a purpose.", remedy="Choose one that the agreement permits.", field="purpose")
    title = get("title", "").strip()
    if not 0 < len(title) <= 200:
        raise FormRefused("A study has a title.", remedy="Write 1 to 200 characters.", field="title")
    datasets = [name for name in visit.lists.get("datasets", []) if name]
    if not datasets:
        raise FormRefused("A study is over datasets.", remedy="Choose at least one.", field="datasets")
    said: dict[str, Any] = {"system": purpose.system, "code": purpose.code, "text": purpose.text}
    if purpose.disease is not None:
        said["disease"] = purpose.disease
    try:
        made = StudyRequest.new(
            federation=visit.portal.convener.origin, agreement_hash=agreement.hash, requester=person.name, purpose=said,
            datasets=tuple(datasets), method=spec, release_level=get("release_level", "total"),
            disclosure_profile=agreement.profile_name, title=title,
        )  # fmt: skip
        StudyRequest.from_dict(made.to_dict())
        Plan.of(unsigned_study(made), agreement)
    except SummandError as error:
        field = refused_at(error, method)
        raise FormRefused(error.message, remedy=error.remedy, clause=error.clause, field=field) from None
    return made


def _askers(visit: Visit, agreement: Agreement) -> list[Person]:
    today = datetime.now(UTC).date()
    return [
        person
        for person in agreement.people
        if person.party == visit.who.organisation and person.role in ASKING_ROLES and person.holds_on(today)
    ]


def _page(visit: Visit, one: Partnership, method: str, error: FormRefused | None = None) -> web.Response:
    agreement = one.agreement
    first = agreement.datasets[0]
    dictionary = dictionary_from_table_schema(first.dictionary, agreement.dictionary_of(first.id))
    shared = [dataset for dataset in agreement.datasets if dataset.dictionary == first.dictionary]
    given = visit.form if visit.request.method == "POST" else None
    askers = _askers(visit, agreement)
    return visit.page(
        "ask_form.html", status=200 if error is None else error.http_status, one=one, agreement=agreement, method=method,
        about=_first_sentence(METHODS[method]), settings=[_filled(field, given, visit.lists) for field in fields_of(method)],
        columns=list(dictionary), datasets=shared, askers=askers, error=error, given=given or {}, lists=visit.lists,
        is_first=given is None, levels=agreement.data.release_levels, tab="studies",
        chosen=visit.lists.get("datasets", []) if given is not None else [dataset.id for dataset in shared],
    )  # fmt: skip


def _filled(field: SettingField, given: Any, lists: Any) -> dict[str, Any]:
    """A field with what was typed into it, or its default."""
    key = f"setting.{field.name}"
    value = field.default if given is None else given.get(key, "")
    chosen = lists.get(key, []) if given is not None else [part for part in field.default.split(", ") if part]
    return {"field": field, "key": key, "value": value, "chosen": chosen}


def _first_sentence(method: Any) -> str:
    return " ".join((method.__doc__ or "").strip().split("\n\n")[0].split())


ROUTES = (
    Route("GET", "/partnerships/{key}/ask", choose, Right.ASK),
    Route("GET", "/partnerships/{key}/ask/{method}", form, Right.ASK),
    Route("POST", "/partnerships/{key}/ask/{method}", draft, Right.ASK),
)
