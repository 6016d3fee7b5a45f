"""The NCCTG lung cancer trial, which lifelines ships: 228 patients of 18 institutions."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from summand.agreement import complete_example
from summand.demo._case import Case, Keys, Site, field_of
from summand.demo._studies import RESEARCH, lung_studies
from summand.errors import UsageError

SOURCE = (
    "North Central Cancer Treatment Group, advanced lung cancer: Loprinzi et al. (1994), Journal of Clinical Oncology "
    "12(3), 601-607; from the R package survival, as shipped with the Python package lifelines"
)
LICENCE = "published with the packages survival (LGPL) and lifelines (MIT)"
ANALYST = "Demo Analyst (sample)"
HOURLY_CENTS = 6_500


def lung_case(keys: Keys | None = None, today: date | None = None) -> Case:
    """The lung demonstration.

    Args:
        keys: Keys of the 18 institutions and the analyst; fresh ones if not given.
        today: First day of the agreement; the current day if not given.

    Raises:
        UsageError: if lifelines is not installed.
    """
    rows = read_lung()
    by_code: dict[int, list[Mapping[str, str]]] = defaultdict(list)
    without_code = 0
    for row in rows:
        if row["inst"]:
            by_code[int(float(row["inst"]))].append({name: cell for name, cell in row.items() if name != "inst"})
        else:
            without_code += 1
    sites = tuple(
        Site(f"institution-{code:02}", f"Institution {code}", f"lung-{code:02}", "lung.csv", tuple(by_code[code]))
        for code in sorted(by_code)
    )
    held = keys or Keys.generate(tuple(site.party for site in sites))
    small = sum(1 for site in sites if len(site.rows) < 10)
    return Case(
        name="lung",
        title="Lung cancer survival across 18 institutions",
        source=SOURCE,
        licence=LICENCE,
        left_out=(
            f"{without_code} of {len(rows)} records has no institution code, so it belongs to no site and is left out.",
            f"{small} of the {len(sites)} institutions have fewer than ten patients.",
        ),
        sites=sites,
        dictionary_name="lung",
        dictionary=lung_dictionary(),
        agreement=_agreement(sites, held, today or date.today()),
        analyst=ANALYST,
        studies=lung_studies(),
        goal_studies={"ecog-recorded": "describe", "one-year-survival": "km"},
        group_names={"1": "men", "2": "women"},
        terms={
            "age": ("Age, per ten years", 10.0),
            "sex": ("Women, against men", 1.0),
            "ph.ecog": ("ECOG status, per point", 1.0),
        },
        time_unit="days",
    )


def read_lung() -> list[dict[str, str]]:
    """The rows of the file that lifelines ships, cells as text.

    Read from the package's folder: importing lifelines costs more than a second of CPU, and the reference process
    imports it anyway.

    Raises:
        UsageError: if lifelines is not installed.
    """
    found = importlib.util.find_spec("lifelines")
    folders = () if found is None or found.submodule_search_locations is None else found.submodule_search_locations
    for folder in folders:
        path = Path(folder) / "datasets" / "lung.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
    raise UsageError(
        "The lung data ship with the package lifelines, which is not installed.",
        remedy="Install it: pip install 'summand[demo]'.",
    )


def lung_dictionary() -> dict[str, Any]:
    """The Table Schema of the trial's columns, with units, ranges and levels."""
    return {
        "fields": [
            field_of("time", "Survival or follow-up", 0, 1100, unit="d"),
            field_of("status", "1 died, 0 censored", 0, 1, enum=[0, 1]),
            field_of("age", "Age", 18, 100, unit="a"),
            field_of("sex", "1 male, 2 female", 1, 2, enum=[1, 2]),
            field_of("ph.ecog", "ECOG performance status, by the physician", 0, 5, enum=[0, 1, 2, 3, 4, 5]),
            field_of("ph.karno", "Karnofsky score, by the physician", 0, 100, step=10),
            field_of("pat.karno", "Karnofsky score, by the patient", 0, 100, step=10),
            field_of("meal.cal", "Energy eaten at meals, a day", 0, 4000, unit="kcal"),
            field_of("wt.loss", "Weight lost in the last six months", -100, 200, unit="[lb_av]"),
        ],
        "missingValues": [""],
    }


def _agreement(sites: tuple[Site, ...], keys: Keys, today: date) -> Any:
    lead = sites[0].party
    parties = [
        {
            "id": site.party, "legal_name": f"{site.name} (code in the published data)", "country": "US",
            "key": keys.parties[site.party].public.text,
            "roles": ["data_holder", "data_user", *(["lead"] if site.party == lead else [])],
        }
        for site in sites
    ]  # fmt: skip
    return complete_example(
        parties,
        dictionaries={"lung": lung_dictionary()},
        datasets=[_dataset(site) for site in sites],
        people=[{"name": ANALYST, "party": lead, "role": "analyst", "key": keys.analyst.public.text}],
        purposes=[dict(RESEARCH)],
        profile="public_data",
        start=today,
        identity={"title": "Lung cancer survival across 18 institutions (demonstration)"},
        purpose={"goals": _goals(lead, date(today.year + 1, today.month, min(today.day, 28)))},
        data={"release_levels": ["total", "site_level"], "min_sites": 3, "min_cell": 1, "round_deadline_seconds": 60},
        work=_work(sites),
    )


def _dataset(site: Site) -> dict[str, Any]:
    return {
        "id": site.dataset, "title": f"NCCTG lung cancer trial, {site.name}", "holder": site.party,
        "dictionary": "lung", "rows_max": 1000, "identifiability": "anonymous", "source": SOURCE, "licence": LICENCE,
        "consent_codes": [{"code": "DUO:0000004"}],
        "legal_basis": [{"jurisdiction": "US", "basis": "published, de-identified by its publishers"}],
        "opt_out_mechanism": "published data: nobody can be taken out again",
    }  # fmt: skip


def _goals(owner: str, due: date) -> list[dict[str, Any]]:
    common = {"owner": owner, "aim": "quality", "unit": "1", "direction": "increase", "due": due.isoformat()}
    return [
        {
            **common, "id": "ecog-recorded", "text": "The ECOG status is on record for 95 % of patients (sample target)",
            "indicator_id": "recorded(ph.ecog)", "target": 0.95, "measurement_method": "95 % interval, Wilson score",
            "data_source": "study 'describe'",
        },
        {
            **common, "id": "one-year-survival", "indicator_id": "survival(365)[2]", "target": 0.5,
            "text": "Half of the women in the trial live for a year (sample target)",
            "measurement_method": "95 % interval of the Kaplan-Meier estimate", "data_source": "study 'km'",
        },
    ]  # fmt: skip


def _work(sites: tuple[Site, ...]) -> dict[str, Any]:
    contributions = [
        {
            "party": site.party, "kind": "staff", "text": "sample: preparing the data and answering queries",
            "committed_cents": 40 * HOURLY_CENTS, "delivered_cents": (8 + len(site.rows)) * HOURLY_CENTS,
            "valuation_method": "sample: hours at USD 65.00",
        }
        for site in sites
    ]  # fmt: skip
    hub = {
        "party": sites[0].party, "kind": "compute", "text": "sample: running the hub for a year",
        "committed_cents": 1_200_000, "delivered_cents": 1_200_000, "valuation_method": "sample: invoice of the provider",
    }  # fmt: skip
    return {
        "currency": "USD",
        "contributions": [*contributions, hub],
        "cost_shares": {"rule": "proportional", "basis": "patients contributed", "weights": []},
        "amounts_are_samples": True,
    }
