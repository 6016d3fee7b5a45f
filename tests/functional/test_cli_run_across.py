"""``summand run meta`` and ``mixed`` on hospitals' files, and the forest of sites that an agreement lets be released."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_kit import say

from summand.testing.federations import Partnership

pytestmark = pytest.mark.slow

SITES = ("north", "south", "west", "east")
SCHEMA = {
    "fields": [
        {"name": "person", "type": "string"},
        {"name": "died", "type": "integer", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "treated", "type": "string", "constraints": {"enum": ["no", "yes"]}},
        {"name": "pressure", "type": "number", "constraints": {"minimum": 50, "maximum": 250}},
    ],
    "x-person-id": "person",
}


def hospital(site: int, rows: int) -> pd.DataFrame:
    """One hospital's people; the treatment works better at some than at others."""
    rng = np.random.default_rng(site)
    treated = rng.integers(0, 2, rows)
    died = (rng.random(rows) < 0.4 - 0.06 * site * treated).astype(int)
    pressure = (120 + (3 * site - 8) * treated + 12 * rng.normal(size=rows)).clip(50, 250)
    people = [f"{site}-{row}" for row in range(rows)]
    return pd.DataFrame(
        {"person": people, "died": died, "treated": np.where(treated, "yes", "no"), "pressure": pressure}
    )


@pytest.fixture(scope="module")
def parts() -> dict[str, pd.DataFrame]:
    """Four hospitals of different size."""
    return {name: hospital(place, 150 + 100 * place) for place, name in enumerate(SITES)}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, parts: dict[str, pd.DataFrame]) -> Path:
    """All of them in one file, with the hospital's name."""
    path = tmp_path_factory.mktemp("across") / "people.csv"
    pd.concat([own.assign(site=name) for name, own in parts.items()]).to_csv(path, index=False)
    return path


def by_hand(parts: dict[str, pd.DataFrame]) -> tuple[np.ndarray, np.ndarray]:
    """Each hospital's difference of mean pressures and its variance."""
    found = []
    for own in parts.values():
        yes, no = (own[own["treated"] == arm]["pressure"] for arm in ("yes", "no"))
        found.append((yes.mean() - no.mean(), yes.var() / len(yes) + no.var() / len(no)))
    estimates, variances = np.array(found).T
    return estimates, variances


def test_what_it_prints(capsys: pytest.CaptureFixture[str], file: Path, parts: dict[str, pd.DataFrame]) -> None:
    """--json follows the schema and pools as one does by hand; without it a person reads both estimates and τ²."""
    words = ["run", "meta", "pressure ~ treated", "--measure", "mean_difference", "--random", "dl", "--sites", file]
    words += ["--by", "site"]
    found = say(capsys, *words, "--tau2-interval", "q_profile", "--json").matches("meta")
    estimates, variances = by_hand(parts)
    fixed, pooled = found["terms"]
    assert fixed["estimate"] == pytest.approx(np.average(estimates, weights=1 / variances), rel=1e-9)
    assert pooled["estimate"] == pytest.approx(np.average(estimates, weights=1 / (variances + found["tau2"])), rel=1e-9)
    assert 0 < found["tau2_low"] < found["tau2"] < found["tau2_high"]
    assert [group["group"] for group in found["groups"]] == ["treated = no", "treated = yes"]

    said = say(capsys, *words, "--plot", file.parent / "forest.svg")
    for text in ("Meta-analysis of sites: pressure ~ treated", "fixed effect", "random effects", "tau2", "i squared"):
        assert text in said.out
    assert "prediction" in (file.parent / "forest.svg").read_text()


def test_hospitals_fit_their_own_models(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    """With a model the term is chosen, and odds ratios stand beside the logarithms."""
    words = ["run", "meta", "died ~ pressure + treated", "--measure", "logistic", "--term", "treated[T.yes]"]
    found = say(capsys, *words, "--interval", "hartung_knapp", "--sites", file, "--by", "site", "--json").matches(
        "meta"
    )
    assert (found["term"], found["sites_estimated"], found["sites_left_out"]) == ("treated[T.yes]", 4, 0)
    assert found["terms"][1]["odds_ratio"] == pytest.approx(np.exp(found["terms"][1]["estimate"]))
    said = say(capsys, "run", "meta", "died ~ pressure", "--measure", "logistic", "--term", "age", "--sites", file)
    assert (said.code, "has no term 'age'" in said.err) == (13, True)


def test_each_hospital_by_itself_and_their_forest(parts: dict[str, pd.DataFrame]) -> None:
    """At site_level every hospital's own estimate is released and drawn, with what is pooled of them below."""
    made = Partnership.of(parts, SCHEMA, profile="institutional", data={"release_levels": ["total", "site_level"]})
    spec = {"name": "meta", "formula": "pressure ~ treated", "measure": "mean_difference"}
    with made.federation() as federation:
        result = federation.run(spec, release_level="site_level")
    estimates, variances = by_hand(parts)
    for place, name in enumerate(parts):
        (row,) = result.to_dict()["by_site"][name]["terms"]
        assert [row["estimate"], row["std_error"]] == pytest.approx(
            [estimates[place], variances[place] ** 0.5], rel=1e-9
        )
    drawn = {row["row"]: row for layer in result.plot().to_dict()["layer"][1:2] for row in layer["data"]["values"]}
    assert set(drawn) == {*parts, "fixed effect", "random effects", "a further site (prediction)"}
    assert drawn["fixed effect"]["estimate"] == pytest.approx(np.average(estimates, weights=1 / variances), rel=1e-9)
    assert "north" in str(result)


def test_mixed_models(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    """A random intercept by hospital: the JSON follows the schema, and a person reads spread and correlation."""
    words = ["run", "mixed", "pressure ~ treated", "--sites", file, "--by", "site"]
    found = say(capsys, *words, "--json").matches("mixed")
    assert (found["groups_of"], found["group_count"], found["estimator"]) == ("site", 4, "reml")
    assert 0.0 <= found["icc"] < 0.1
    said = say(capsys, "run", "mixed", "died ~ treated", "--family", "binomial", "--nodes", "5", *words[3:])
    for text in ("Mixed model: died ~ treated", "Random effects", "icc", "odds ratio", "groups of site"):
        assert text in said.out
    refused = say(capsys, "run", "mixed", "died ~ treated", "--nodes", "99", "--sites", file)
    assert (refused.code, "nodes" in refused.err) == (2, True)
