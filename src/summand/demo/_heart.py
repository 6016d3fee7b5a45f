"""Heart disease at four hospitals in three countries, from the UCI archive."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from summand.agreement import complete_example
from summand.demo._case import Case, Keys, Rows, Site, field_of
from summand.demo._studies import RESEARCH, heart_studies
from summand.errors import SourceUnreadable

SOURCE = (
    "UCI Machine Learning Repository 45, Heart Disease, doi 10.24432/C52P4X: A. Janosi (Budapest), W. Steinbrunn "
    "(Zurich), M. Pfisterer (Basel), R. Detrano (Long Beach and Cleveland), 1988"
)
LICENCE = "CC BY 4.0"
ANALYST = "Demo Analyst (sample)"
COLUMNS = (
    "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num",
)  # fmt: skip
HOSPITALS: dict[str, dict[str, Any]] = {
    "cleveland": {
        "legal_name": "Cleveland Clinic Foundation", "country": "US", "place": "Cleveland",
        "coordinates": {"latitude": 41.50, "longitude": -81.62},
    },
    "budapest": {
        "legal_name": "Hungarian Institute of Cardiology", "country": "HU", "place": "Budapest",
        "coordinates": {"latitude": 47.48, "longitude": 19.08},
    },
    "zurich-basel": {
        "legal_name": "University Hospitals of Zurich and Basel", "country": "CH", "place": "Zurich and Basel",
        "coordinates": {"latitude": 47.47, "longitude": 8.06},
    },
    "long-beach": {
        "legal_name": "V.A. Medical Center, Long Beach", "country": "US", "place": "Long Beach",
        "coordinates": {"latitude": 33.78, "longitude": -118.12},
    },
}  # fmt: skip
"""Places by city, two decimals; for Zurich and Basel, which published one file, the point halfway between them."""
TERMS: dict[str, tuple[str, float]] = {
    "age": ("Age, per ten years", 10.0),
    "sex": ("Men, against women", 1.0),
    "cp[T.2]": ("Atypical angina, against typical", 1.0),
    "cp[T.3]": ("Other chest pain, against typical", 1.0),
    "cp[T.4]": ("No chest pain, against typical", 1.0),
    "trestbps": ("Blood pressure, per 10 mm Hg", 10.0),
    "thalach": ("Highest heart rate, per 10 a minute", 10.0),
    "exang": ("Angina at exercise", 1.0),
    "oldpeak": ("ST depression, per mm", 1.0),
}
FILES: dict[str, tuple[str, str]] = {
    "cleveland": (
        "processed.cleveland.data", "a74b7efa387bc9d108d7d0115d831fe9b414b29ae7124f331b622b4efa0427c8",
    ),
    "budapest": (
        "processed.hungarian.data", "d1ad108f785768cd3d7e82dc522e6f5a61eea93cccfb3a46ee8076f73fc3d796",
    ),
    "zurich-basel": (
        "processed.switzerland.data", "834a405ccf5b66ab4056bb77794adc8df0b7125186454c0a1d002d33c6c3b314",
    ),
    "long-beach": (
        "processed.va.data", "e7c93d8d0d2acdadfa4c5e8de768e2191e7f618b952e29623f1f0d5949ff6b8f",
    ),
}  # fmt: skip
"""Party -> the archive's file and its SHA-256."""


def heart_case(folder: Path, keys: Keys | None = None, today: date | None = None) -> Case:
    """The heart demonstration from a folder with the archive's four processed files.

    Args:
        folder: Where the files are; `download_heart` fills one.
        keys: Keys of the four hospitals and the analyst; fresh ones if not given.
        today: First day of the agreement; the current day if not given.

    Raises:
        SourceUnreadable: if a file is missing or is not the published one.
    """
    sites = tuple(
        Site(party, place["place"], f"heart-{party}", "heart.csv", read_hospital(folder, party))
        for party, place in HOSPITALS.items()
    )
    held = keys or Keys.generate(tuple(HOSPITALS))
    return Case(
        name="heart",
        title="Coronary artery disease at four hospitals",
        source=SOURCE,
        licence=LICENCE,
        left_out=("A cholesterol of 0 is a missing value, as are '?' and the empty cell.",),
        sites=sites,
        dictionary_name="heart",
        dictionary=heart_dictionary(),
        agreement=_agreement(sites, held, today or date.today()),
        analyst=ANALYST,
        studies=heart_studies(),
        goal_studies={"complete-records": "logistic"},
        group_names={},
        terms=TERMS,
    )


def read_hospital(folder: Path, party: str) -> Rows:
    """One hospital's rows, cells as text, once its file proves to be the published one.

    Raises:
        SourceUnreadable: if it is missing or differs.
    """
    name, expected = FILES[party]
    try:
        data = (folder / name).read_bytes()
    except OSError:
        raise SourceUnreadable(
            f"{name} is not in the folder {folder}, or cannot be read.",
            remedy="Give a folder with the four 'processed.*.data' files of UCI dataset 45: --data DIR.",
        ) from None
    if hashlib.sha256(data).hexdigest() != expected:
        raise SourceUnreadable(
            f"{name} is not the published file: its SHA-256 differs.",
            remedy="Get it again from archive.ics.uci.edu, dataset 45, and leave it as it is.",
        )
    lines = csv.reader(data.decode("ascii").splitlines())
    return tuple(dict(zip(COLUMNS, line, strict=True)) for line in lines if line)


def heart_dictionary() -> dict[str, Any]:
    """The Table Schema of the fourteen published columns, with units, ranges, levels and missing codes."""
    chol = {**field_of("chol", "Serum cholesterol", 50, 700, unit="mg/dL"), "missingValues": ["", "?", "0"]}
    return {
        "fields": [
            field_of("age", "Age", 18, 100, unit="a"),
            field_of("sex", "1 male, 0 female", 0, 1, enum=[0, 1]),
            field_of("cp", "Chest pain: 1 typical angina, 2 atypical, 3 other, 4 none", 1, 4, enum=[1, 2, 3, 4]),
            field_of("trestbps", "Systolic blood pressure at rest", 0, 250, unit="mm[Hg]"),
            chol,
            field_of("fbs", "Fasting blood sugar above 120 mg/dL", 0, 1, enum=[0, 1]),
            field_of("restecg", "Electrocardiogram at rest: 0 normal, 1 ST-T, 2 hypertrophy", 0, 2, enum=[0, 1, 2]),
            field_of("thalach", "Highest heart rate reached", 40, 230, unit="/min"),
            field_of("exang", "Angina at exercise", 0, 1, enum=[0, 1]),
            field_of("oldpeak", "ST depression at exercise", -5, 10, unit="mm", step=0.1),
            field_of("slope", "Slope of the ST segment: 1 up, 2 flat, 3 down", 1, 3, enum=[1, 2, 3]),
            field_of("ca", "Major vessels coloured by fluoroscopy", 0, 3, enum=[0, 1, 2, 3]),
            field_of("thal", "Thallium scan: 3 normal, 6 fixed, 7 reversible defect", 3, 7, enum=[3, 6, 7]),
            field_of("num", "Vessels narrowed by half or more; above 0 is disease", 0, 4, enum=[0, 1, 2, 3, 4]),
        ],
        "missingValues": ["", "?"],
    }


def _agreement(sites: tuple[Site, ...], keys: Keys, today: date) -> Any:
    lead = sites[0].party
    parties = [
        {
            "id": site.party, "key": keys.parties[site.party].public.text, "type": "provider",
            "roles": ["data_holder", "data_user", *(["lead"] if site.party == lead else [])],
            **{name: HOSPITALS[site.party][name] for name in ("legal_name", "country", "coordinates")},
        }
        for site in sites
    ]  # fmt: skip
    return complete_example(
        parties,
        dictionaries={"heart": heart_dictionary()},
        datasets=[_dataset(site) for site in sites],
        people=[{"name": ANALYST, "party": lead, "role": "analyst", "key": keys.analyst.public.text}],
        purposes=[dict(RESEARCH)],
        profile="public_data",
        start=today,
        identity={"title": "Coronary artery disease at four hospitals (demonstration)"},
        purpose={"goals": [_goal(lead, date(today.year + 1, today.month, min(today.day, 28)))]},
        data={"release_levels": ["total", "site_level"], "min_sites": 3, "min_cell": 1, "round_deadline_seconds": 60},
        work=_work(sites),
    )


def _dataset(site: Site) -> dict[str, Any]:
    country = HOSPITALS[site.party]["country"]
    return {
        "id": site.dataset, "title": f"Heart disease, {site.name}", "holder": site.party, "dictionary": "heart",
        "rows_max": 1000, "identifiability": "anonymous", "source": SOURCE, "licence": LICENCE,
        "consent_codes": [{"code": "DUO:0000004"}],
        "legal_basis": [{"jurisdiction": country, "basis": "published under CC BY 4.0, de-identified by its publishers"}],
        "opt_out_mechanism": "published data: nobody can be taken out again",
    }  # fmt: skip


def _goal(owner: str, due: date) -> dict[str, Any]:
    return {
        "id": "complete-records", "owner": owner, "aim": "quality", "unit": "1", "direction": "increase",
        "text": "Nine of ten records are complete for the model (sample target)", "indicator_id": "complete_cases",
        "target": 0.9, "due": due.isoformat(), "measurement_method": "95 % interval, Wilson score",
        "data_source": "study 'logistic'",
    }  # fmt: skip


def _work(sites: tuple[Site, ...]) -> dict[str, Any]:
    contributions = [
        {
            "party": site.party, "kind": "staff", "text": "sample: preparing the data and answering queries",
            "committed_cents": 2_000_000, "delivered_cents": 1_000_000 + 2_500 * len(site.rows),
            "valuation_method": "sample: hours at EUR 60.00",
        }
        for site in sites
    ]  # fmt: skip
    hub = {
        "party": sites[0].party, "kind": "compute", "text": "sample: running the hub for a year",
        "committed_cents": 1_200_000, "delivered_cents": 1_200_000, "valuation_method": "sample: invoice of the provider",
    }  # fmt: skip
    return {
        "currency": "EUR",
        "contributions": [*contributions, hub],
        "cost_shares": {"rule": "proportional", "basis": "patients contributed", "weights": []},
        "amounts_are_samples": True,
    }
