"""Complete agreements for tests, demonstrations and notebooks. What is invented in them says "sample"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from summand.agreement._computations import COMPUTATIONS
from summand.agreement._document import FORMAT, Agreement
from summand.agreement._example_clauses import boilerplate
from summand.agreement._law import GDPR_COUNTRIES, UNITED_STATES
from summand.agreement._merging import merged
from summand.agreement._profiles import PROFILES
from summand.agreement._purpose import PROHIBITED_ALWAYS
from summand.signing import PrivateKey

SAMPLE_DICTIONARY: dict[str, Any] = {
    "fields": [
        {"name": "age", "type": "number", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "event", "type": "integer", "constraints": {"enum": [0, 1]}},
    ]
}

Json = Mapping[str, Any]


def complete_example(
    parties: Sequence[str | Json] = ("north", "south", "west"),
    *,
    dictionaries: Mapping[str, Json] | None = None,
    datasets: Sequence[Json] | None = None,
    people: Sequence[Json] | None = None,
    purposes: Sequence[Json] | None = None,
    profile: str = "institutional",
    start: date | None = None,
    days: int = 365,
    **overrides: Any,
) -> Agreement:
    """A complete agreement in which every clause is filled and `check` finds nothing that fails.

    Args:
        parties: Short names, or fields of clause B with at least ``id``; what is left out is filled in. A party
            without ``key`` gets one whose private half nobody has.
        dictionaries: Table Schemas by name; a small one called ``cohort`` if not given.
        datasets: Fields of each dataset with at least ``id`` and ``holder``; one a party, under the first dictionary,
            if not given.
        people: Fields of each person with at least ``name``, ``party``, ``role`` and ``key``; an analyst and a data
            steward of the first party, whose private keys nobody has, if not given.
        purposes: Permitted purposes; scientific research under EHDS Art. 53(1)(e) if not given.
        profile: Disclosure profile.
        start: First day of the term; today in UTC if not given.
        days: Length of the term in days.
        overrides: Top-level keys of the document; groups of fields are merged into the example's, lists and values
            replace them: ``data={"min_sites": 2}``.

    Raises:
        AgreementError: if the overrides make it fail a check.
    """
    first = start or datetime.now(UTC).date()
    last = first + timedelta(days=days - 1)
    rows = [_party({"id": row} if isinstance(row, str) else row, first) for row in parties]
    names = [row["id"] for row in rows]
    schemas = {name: dict(schema) for name, schema in (dictionaries or {"cohort": SAMPLE_DICTIONARY}).items()}
    held = datasets or [{"id": name, "holder": name} for name in names]
    document = {
        "format": FORMAT,
        **boilerplate(names, first, last),
        "parties": rows,
        "people": [_person(row, first, last) for row in people or _sample_people(names[0])],
        "purpose": _purpose(purposes, names[0], last),
        "data": _data(schemas, [_dataset(row, next(iter(schemas))) for row in held], rows, profile),
    }
    if any(row["country"] == UNITED_STATES for row in rows):
        document["work"]["fmv_opinion"] = {"by": "sample: independent valuer", "dated": first.isoformat()}
    return Agreement.from_dict(merged(document, overrides))


def trial_agreement(
    party_key: str,
    dictionary: Json,
    dataset_ids: Sequence[str],
    *,
    rows_max: int = 10_000_000,
    party_id: str = "owner",
    people: Sequence[Json] | None = None,
    day: date | None = None,
) -> Agreement:
    """The one-party agreement that a notebook signs with a throw-away key: profile ``trial``, a term of one day.

    The term covers ``day`` (today in UTC if not given) and the day after, so that a session over midnight goes on. The
    party itself is the analyst unless ``people`` are given. A site service refuses such an agreement.

    Args:
        party_key: ``ed25519:…`` text of the throw-away key.
        dictionary: Table Schema of the data.
        dataset_ids: Names of the tables; each becomes a dataset that the one party holds.
        rows_max: Bound on the rows of each table.
        party_id: Short name of the party.
        people: As in `complete_example`.
        day: First day.
    """
    analyst = {"name": "owner of the data", "party": party_id, "role": "analyst", "key": party_key}
    return complete_example(
        [{"id": party_id, "legal_name": "owner of the data (trial)", "key": party_key, "country": "ZZ"}],
        dictionaries={"trial": dictionary},
        datasets=[{"id": name, "holder": party_id, "rows_max": rows_max} for name in dataset_ids],
        people=people or [analyst],
        profile="trial",
        start=day,
        days=2,
        identity={"title": "Trial by the owner of the data", "governing_law": "none: a trial binds nobody"},
        data={"release_levels": ["total", "site_level"]},
    )


def _throw_away_key() -> str:
    return PrivateKey.generate().public.text


def _party(given: Json, day: date) -> dict[str, Any]:
    name = given["id"]
    country = given.get("country", "NL")
    filled: dict[str, Any] = {
        "legal_name": f"{name} (sample)",
        "registrations": [{"scheme": "other", "value": f"sample-{name}"}],
        "country": country,
        "type": "provider",
        "roles": ["data_holder", "data_user"],
        "signatory": {"name": "sample signatory", "title": "director", "authority_evidence": "sample register extract"},
        "notice_address": f"{name}, sample address",
        "privacy_officer": {"name": "sample privacy officer", "email": f"privacy@{name.lower()}.example"},
        "debarment_check": {"checked_on": day.isoformat(), "source": "sample: OIG LEIE, SAM"},
    }
    if country == UNITED_STATES:
        filled["hipaa_status"] = "covered_entity"
    if country in GDPR_COUNTRIES:
        filled["gdpr_role"] = "controller"
    if "key" not in given:
        filled["key"] = _throw_away_key()
    return {**filled, **given}


def _person(given: Json, first: date, last: date) -> dict[str, Any]:
    return {"from": first.isoformat(), "to": last.isoformat(), **given}


def _sample_people(party: str) -> list[dict[str, Any]]:
    return [
        {"name": f"sample {role.replace('_', ' ')}", "party": party, "role": role, "key": _throw_away_key()}
        for role in ("analyst", "data_steward")
    ]


def _dataset(given: Json, dictionary: str) -> dict[str, Any]:
    return {
        "title": f"{given['id']} (sample title)",
        "dictionary": dictionary,
        "rows_max": 1_000_000,
        "identifiability": "pseudonymous",
        "legal_basis": [{"jurisdiction": "sample", "basis": "sample: scientific research in the public interest"}],
        "opt_out_mechanism": "sample: the holder removes patients on its opt-out list before anything is computed",
        "consent_codes": [{"code": "DUO:0000006"}],
        "source": "sample source",
        "licence": "sample licence",
        **given,
    }


def _purpose(purposes: Sequence[Json] | None, owner: str, due: date) -> dict[str, Any]:
    research = {"system": "EHDS53", "code": "53(1)(e)", "text": "Scientific research related to health"}
    return {
        "purposes": [dict(row) for row in purposes or [research]],
        "prohibited_purposes": [{"code": code, "text": text} for code, text in PROHIBITED_ALWAYS.items()],
        "goals": [
            {
                "id": "first-answer",
                "owner": owner,
                "aim": "innovation_speed",
                "text": "The first joint result within the term (sample goal)",
                "indicator_id": "studies-released",
                "unit": "studies",
                "direction": "increase",
                "target": 1,
                "due": due.isoformat(),
                "measurement_method": "count of releases in the ledger",
                "data_source": "the federation's ledger",
            }
        ],
    }


def _data(schemas: Json, datasets: list[dict[str, Any]], parties: list[dict[str, Any]], profile: str) -> dict[str, Any]:
    floors = PROFILES.get(profile, PROFILES["institutional"])
    cms = any(row.get("includes_cms_data") for row in datasets) and profile == "institutional"
    limited = any(row["identifiability"] == "limited_data_set" for row in datasets)
    out: dict[str, Any] = {
        "dictionaries": dict(schemas),
        "datasets": datasets,
        "computations_allowed": [{"method": method} for method in COMPUTATIONS],
        "release_levels": ["total"],
        "disclosure_profile": profile,
        "min_sites": int(floors["minimum_sites"]),
        "min_cell": 11 if cms else int(floors["minimum_cell"]),
        "location": sorted({row["country"] for row in parties}),
        "onward_transfer": [],
        "reidentification_ban": True,
        "retention": {
            "months": 0,
            "destruction": "no copies are made: rows stay with their holder",
            "certificate": False,
        },
        "incident_notice_hours": 24,
        "audit_right": {"by": ["each party"], "notice_days": 10, "per_year": 1},
        "minimum_necessary_statement": "Only sums over sites leave a holder; no row does.",
    }
    if limited:
        out["limited_data_set_terms"] = {
            "permitted_uses": "sample: the purposes of clause C",
            "permitted_recipients": ["sample: the parties"],
            "safeguards": "rows stay with their holder; sums are masked",
            "reports_violations": True,
            "binds_agents": True,
            "no_identification_or_contact": True,
        }
    return out
