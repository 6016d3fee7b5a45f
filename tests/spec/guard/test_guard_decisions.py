"""Each row of the table of decisions holds, and the reference manual is what the table says."""

from pathlib import Path

import guard_reference
import pytest
from guard_cases import CASES
from guard_world import EARLIER, SITE, judge, released_before, remembering

from summand.guard import CHECKS, _decide

ROWS = [pytest.param(case, id=case.what) for cases in CASES.values() for case in cases]


@pytest.mark.parametrize("case", ROWS)
def test_decision(case):
    """The site answers as the table says: permit, or refuse with exactly these codes and clauses."""
    decision = judge(**case.changes)
    assert [(reason.code, reason.clause) for reason in decision.reasons] == list(case.reasons)
    assert decision.permitted is not bool(case.reasons)
    for reason in decision.reasons:
        assert reason.message.endswith(".") and reason.remedy.endswith(".")


def test_every_check_is_needed(monkeypatch):
    """For each check there is a row that it alone refuses: without it, the study would run."""
    objecting: list[str] = []

    def recorded(check, case):
        found = original(check, case)
        objecting.extend([check.__name__] * bool(found))
        return found

    original = _decide._objections
    monkeypatch.setattr(_decide, "_objections", recorded)
    alone = set()
    for row in ROWS:
        objecting.clear()
        judge(**row.values[0].changes)
        alone |= set(objecting) if len(objecting) == 1 else set()
    assert alone == {check.__name__ for _, check in CHECKS}


def test_permit_says_what_is_permitted():
    """A permit names dataset, columns, method, limits and rows, and the checkpoint that the guard saw."""
    decision = judge()
    assert decision.permitted
    assert decision.dataset == f"registry-{SITE}"
    assert set(decision.columns) == {"event", "age", "sex"}
    assert decision.method_spec["name"] == "logistic"
    assert decision.limits.minimum_cell == 10 and decision.limits.minimum_sites == 3
    assert decision.rows_max == 1_000_000
    assert decision.to_dict()["checkpoint"] == {"tree_size": 7, "root_hash": "ab" * 32}


def test_duties_of_consent_are_in_the_permit():
    """What consent asks of the requester afterwards is written into the permit."""
    terms = {
        "dataset": {
            "consent_codes": [
                {"code": "DUO:0000006"},
                {"code": "DUO:0000019"},
                {"code": "DUO:0000024", "parameter": "2026-12-31"},
            ]
        }
    }
    assert judge(terms=terms).obligations == ("Publish the results.", "Publish nothing before 2026-12-31")


def test_refusal_gives_nothing_to_compute_with():
    """A refusal has no dataset, no columns, no method and no limits."""
    decision = judge(ask={"release_level": "site_level"})
    assert (decision.dataset, decision.columns, decision.method_spec, decision.limits) == (None, (), None, None)
    assert set(decision.to_dict()) == {
        "study", "request_hash", "agreement_hash", "site", "decision", "reasons", "checkpoint", "decided_at"
    }  # fmt: skip


def test_reference_manual_is_up_to_date():
    """docs/reference/guard.md is what guard_reference.py writes from the checks and the table."""
    manual = Path(__file__).resolve().parents[3] / "docs" / "reference" / "guard.md"
    assert manual.read_text(encoding="utf-8") == guard_reference.page(), (
        "Run: python tests/spec/guard/guard_reference.py"
    )


@pytest.mark.parametrize(
    ("changes", "answered"),
    [
        ({}, True),
        ({"remembered": remembering(unchanged=False)}, False),
        ({"past": None}, False),
        ({"ask": {"title": "Another title", "requester": "Pia"}, "signer": "Pia"}, True),
        ({"ask": {"datasets": ("registry-west", "registry-south", "registry-north")}}, True),
        ({"ask": {"method": {"name": "logistic", "formula": "event ~ age", "site": "pooled"}}}, False),
        ({"terms": {"profile": "public_data"}}, False),
    ],
    ids=["same", "other rows", "never released", "another asks", "another order", "another question", "published"],
)
def test_a_permit_names_the_study_that_answered_the_same(changes, answered):
    """The very same question on the same rows has the earlier study's answer; any difference that counts has none."""
    decision = judge(**{"past": released_before(), "remembered": remembering(), **changes})
    assert decision.permitted
    assert decision.answered_by == (EARLIER if answered else None)
    assert ("answered_by" in decision.to_dict()) is answered
