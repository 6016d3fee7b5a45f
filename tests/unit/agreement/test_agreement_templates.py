"""Each template, filled in as counsel would, is a complete agreement; and what its kind cannot do without is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from summand.agreement import TEMPLATES, Agreement, check, new_from_template, read_source, standard_terms
from summand.agreement._findings import clause_of
from summand.agreement._shape import choices_of, field_at, is_open
from summand.agreement._templates import standard_terms_sha256
from summand.agreement._why import WHY, why_of
from summand.errors import UsageError
from summand.signing import PrivateKey

NAMES = ("first", "second", "third", "fourth")
# A term's prose may change only with a new version of its name: signed agreements name it by this hash.
TERMS_1_0 = {
    "provider-provider": "48e37ca947febffc97e19870dcd5c4cc41d4bc2c4eaf54f745a9bd0b7c23040d",
    "public-private": "9ab3478982f7fc837185282f1586584e4e110edb81817ffa15bbb314492d875d",
    "accountable-care": "9620cd13bf6110db90c562f5e14a3d66fb8c1edfb923990db6b836962dc903df",
    "academic-industry": "08e1116af3483158c931dd2ae02718671bd872d6f6e81e08de8cb56234b00f31",
    "provider-technology": "282536d8d31bf7d9c25a62f006a6beb0967d9dce2747fe6d4a58341d6957af92",
    "technology-academic": "db94bbab758a2d26ef713265866a6b649b031e1e91ef37d36a88bc9ff7dc9312",
    "technology-regulator": "6217f8310784e00114c78ff940d54729e9817712a790015d5ab06a935ecc5723",
    "startup-pilot": "a5d8868efcf5214de4d1eac29919f372ff8a83e2b9064d5647872b26e51b0581",
    "cross-border": "5c1f006a2515ecacf74ff680d4a6c8ce9054e748eb78fb8c3ea0a0d4ae4a81be",
}
BY_FIELD: dict[str, Any] = {
    "aim": "quality", "from": "2026-01-01", "to": "2026-12-31", "start": "2026-01-01", "end": "2026-12-31",
    "granted": "2026-01-01", "expires": "2026-12-31", "due": "2026-12-31", "dated": "2026-01-01", "declared_on": "2026-01-01",
    "code": "DUO:0000006", "currency": "EUR", "target": 1, "legal_guards": ["none_applies"], "interest": "equity",
    "exclusive": False, "derived_data_ownership": "joint", "models_and_weights_ownership": "joint", "type": "provider",
}  # fmt: skip


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a draft still reads "needs counsel"."""
    if is_open(value):
        yield place
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*place, key))


def settled(place: tuple[str | int, ...], country: str) -> Any:
    """What counsel writes at a place: a value of the kind that the model asks for there."""
    name = next(part for part in reversed(place) if isinstance(part, str))
    if name == "key":
        return PrivateKey.generate().public.text
    if name in ("country", "location"):
        return country
    if "dictionaries" in place:
        return "event"
    if name == "name" and place[0] == "people":
        return f"person {place[1]}"
    if name in BY_FIELD:
        return BY_FIELD[name][0] if isinstance(BY_FIELD[name], list) else BY_FIELD[name]
    field = field_at(place)
    assert field is not None, place
    found = choices_of(field.annotation)
    if found:
        return found[0]
    return 5 if re.search(r"\bint\b", str(field.annotation)) else "settled by counsel"


def filled(name: str, country: str = "CH", parties: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """A draft in which every open place was settled."""
    draft: dict[str, Any] = read_source(new_from_template(name, parties).encode())[0]
    for place in list(places(draft)):
        target = draft
        for part in place[:-1]:
            target = target[part]
        target[place[-1]] = settled(place, country)
    fields = draft["data"]["dictionaries"]["cohort"]["fields"]
    fields[1] = {"name": "event", "type": "integer", "constraints": {"enum": [0, 1]}}
    for party in draft["parties"]:
        if country == "US":
            party.update(hipaa_status="covered_entity", debarment_check={"checked_on": "2026-01-01", "source": "SAM"})
        if country == "NL":
            party["gdpr_role"] = "controller"
    if country == "US":
        draft["work"]["fmv_opinion"] = {"by": "valuer", "dated": "2026-01-01"}
    return draft


@pytest.mark.parametrize("country", ["CH", "US", "NL"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_settled_draft_passes(name: str, country: str) -> None:
    """Nothing that fails is left once counsel settled what was open, under each law; it can be read, and has a hash."""
    draft = filled(name, country)
    assert [item.message for item in check(draft) if item.fails] == []
    assert Agreement.from_dict(draft).hash


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("name", TEMPLATES)
def test_any_number_of_parties(name: str, count: int) -> None:
    """A settled draft passes with few and with many parties; where nobody would hold data, the template says who it needs."""
    parties = tuple(f"party-{i}" for i in range(count))
    if name == "technology-regulator" and count < 3:
        with pytest.raises(UsageError, match="vendor, provider, regulator"):
            new_from_template(name, parties)
        return
    assert [item.message for item in check(filled(name, parties=parties)) if item.fails] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_prose_of_a_version_never_changes(name: str) -> None:
    """The standard terms 1.0 are those that were published, since agreements name them by their hash."""
    assert standard_terms_sha256(name) == TERMS_1_0[name]
    assert standard_terms(name).startswith(f"# Standard terms {name}/1.0\n")
    assert all(len(line) <= 126 for line in standard_terms(name).splitlines())


def test_roles_follow_the_place() -> None:
    """The first leads, the last is the company or the regulator, who has no vote and holds no data."""
    draft = filled("technology-regulator")
    assert [party["type"] for party in draft["parties"]] == ["vendor", "provider", "provider", "regulator"]
    assert {dataset["holder"] for dataset in draft["data"]["datasets"]} == {"second", "third"}
    assert all("fourth" not in body["members"] for body in draft["governance"]["bodies"])


CUTS: list[tuple[str, tuple[str | int, ...], Any, str, str]] = [
    ("startup-pilot", ("safety", "tools"), [], "L.tools", "none is listed"),
    ("startup-pilot", ("term", "backup_plan"), [{"trigger": "indicator", "action": "x", "minimum_parties": 1}], "N.backup_plan", "fails or is sold"),
    ("provider-technology", ("revenue", "legal_guards"), ["sale_of_phi"], "K.legal_guards", "aks_stark"),
    ("provider-technology", ("term", "exit_plan", "model_rule"), "keep", "N.exit_plan.model_rule", "after the provider has left"),
    ("technology-regulator", ("parties", 3, "roles"), ["data_user"], "B.parties.roles", "would vote"),
    ("technology-regulator", ("governance", "bodies", 0, "members"), ["first", "fourth"], "B.parties.roles", "would vote"),
    ("technology-regulator", ("parties", 3, "type"), "vendor", "B.parties", "No party is a regulator"),
    ("public-private", ("ip", "access_commitments"), None, "J.access_commitments", "no price"),
    ("public-private", ("revenue", "legal_guards"), ["ehds_fee"], "K.legal_guards", "private_benefit"),
    ("academic-industry", ("ip", "licence_options", 0), {"party": "fourth", "field": "x", "territory": "x", "exclusive": True, "months": 6}, "J.licence_options.lapses_if_unused", "never use it"),
    ("technology-academic", ("data", "datasets", 0, "consent_codes"), [{"code": "DUO:0000006"}, {"code": "DUO:0000015"}], "D.datasets.consent_codes", "NMDS"),
    ("accountable-care", ("revenue", "waterfall"), [], "K.waterfall", "shared savings"),
    ("accountable-care", ("term", "end"), "2026-12-30", "N.end", "performance year"),
    ("cross-border", ("identity", "order_of_precedence"), ["statute"], "A.order_of_precedence", "transfer"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "place", "value", "clause", "said"), CUTS, ids=[f"{c[0]}-{c[3]}" for c in CUTS])
def test_what_a_kind_cannot_do_without(
    name: str, place: tuple[str | int, ...], value: Any, clause: str, said: str
) -> None:
    """Each rule of a kind finds its one fault, and only there."""
    draft = filled(name)
    target = draft
    for part in place[:-1]:
        target = target[part]
    if value is None:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    found = [item for item in check(draft) if said in item.message]
    assert [item.clause for item in found] == [clause]
    other = {**draft, "identity": {**draft["identity"], "template": {**draft["identity"]["template"], "name": "own/1"}}}
    assert not [item for item in check(other) if said in item.message]


def test_every_starred_term_has_its_reason() -> None:
    """Whatever a legal office refuses to sign without, the checker says why; and no reason is about nothing."""
    draft = read_source(new_from_template("provider-provider").encode())[0]
    starred = set(_starred())
    assert len(starred) > 60
    assert {place for place in starred if not why_of(clause_of(place))} == set()
    assert all(any(clause_of(place).startswith(clause) for place in _every()) for clause in WHY)
    told = {item.clause: item.why for item in check({**draft, "identity": {}})}
    assert told["A.governing_law"].startswith("Without a choice of law")


def _every(model: Any = Agreement, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    from summand.agreement._shape import _model_in

    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        yield here
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from _every(inner, here)


def _starred() -> Iterator[tuple[str, ...]]:
    for place in _every():
        field = field_at(place)
        extra = field.json_schema_extra if field else None
        # terms inside a part that is starred itself, or that need not be there, share its reason
        if isinstance(extra, dict) and extra.get("star"):
            yield place


def test_dates_in_templates_are_none() -> None:
    """A template sets no date of its own, which would lapse unseen."""
    for name in TEMPLATES:
        text = new_from_template(name, NAMES)
        assert str(date.today().year) not in "".join(
            line.split("#")[0] for line in text.splitlines() if "id: urn" not in line
        )
