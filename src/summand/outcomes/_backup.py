"""The backup plan of clause N: its triggers, whether one is pulled, and its last test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from summand.agreement import Agreement
from summand.outcomes._progress import GoalProgress, months_after
from summand.study import Ignored, Stated, read_statements

TEST_EVERY_MONTHS = 12
OUTCOMES = ("worked", "worked_partly", "failed")


@dataclass(frozen=True)
class BackupState:
    """One plan of clause N and where it stands.

    Attributes:
        trigger, action, replacement_partners, minimum_parties: From the agreement.
        triggered: Whether its trigger is pulled, as far as the ledger can tell.
        why: What pulls it, or "".
        last_test, last_outcome, last_evidence_sha256, last_test_leaf: The last test that was stated, if any.
        test_overdue: Whether it was never tested, not for a year, not on its day, or failed the last time.
        test_words: What is wrong with its test, or "".
    """

    trigger: str
    action: str
    replacement_partners: tuple[str, ...]
    minimum_parties: int
    triggered: bool
    why: str
    last_test: str | None
    last_outcome: str | None
    last_evidence_sha256: str
    last_test_leaf: int | None
    test_overdue: bool
    test_words: str


def backup_states(
    agreement: Agreement,
    versions: Sequence[Agreement],
    entries: Iterable[tuple[int, Mapping[str, Any]]],
    progress: Sequence[GoalProgress],
    lost: Mapping[str, str],
    today: date,
) -> tuple[tuple[BackupState, ...], list[Ignored]]:
    """Every backup plan on a day, and the tests that do not count.

    A test is a statement ``backup.tested`` with ``{"trigger", "tested_on", "outcome", "evidence_sha256"}``. A plan whose
    trigger the ledger cannot tell (``funding_gap``, ``vendor_failure``) is pulled by people.

    Args:
        agreement: The current version.
        versions: All versions.
        entries: The ledger.
        progress: The goals.
        lost: Parties that do not contribute now, with the reason: stopped, or silent.
        today: The day.
    """
    statements, ignored = read_statements(entries, versions, ("backup.tested",))
    tests: dict[str, Stated] = {}
    for stated in statements:
        found = stated.document
        if _is_test(found, {plan.trigger for plan in agreement.term.backup_plan}, today):
            tests[str(found["trigger"])] = stated
        else:
            ignored.append(Ignored(stated.leaf, "backup.tested", "It is no test of a plan of clause N."))
    return tuple(_state(agreement, plan, tests.get(plan.trigger), progress, lost, today)
                 for plan in agreement.term.backup_plan), ignored  # fmt: skip


def _is_test(found: Mapping[str, Any], triggers: set[Any], today: date) -> bool:
    try:
        return (
            found["trigger"] in triggers
            and found["outcome"] in OUTCOMES
            and datetime.fromisoformat(found["tested_on"]).date() <= today
        )
    except (KeyError, TypeError, ValueError):
        return False


def _state(
    agreement: Agreement, plan: Any, test: Stated | None, progress: Sequence[GoalProgress], lost: Mapping[str, str],
    today: date,
) -> BackupState:  # fmt: skip
    tested = None if test is None else datetime.fromisoformat(test.document["tested_on"]).date()
    outcome = None if test is None else str(test.document["outcome"])
    why = _pulled(agreement, plan, progress, lost)
    words = _test_words(plan, tested, outcome, today)
    return BackupState(
        plan.trigger, plan.action, tuple(plan.replacement_partners), plan.minimum_parties, bool(why), why,
        None if tested is None else tested.isoformat(), outcome,
        "" if test is None else str(test.document.get("evidence_sha256", "")), None if test is None else test.leaf,
        bool(words), words,
    )  # fmt: skip


def _pulled(agreement: Agreement, plan: Any, progress: Sequence[GoalProgress], lost: Mapping[str, str]) -> str:
    if plan.trigger == "indicator":
        missed = [item.goal for item in progress if item.course == "off_course" and item.is_due]
        return f"the goal(s) {', '.join(missed)} were missed." if missed else ""
    if plan.trigger == "spc_signal":
        worse = [item.goal for item in progress if item.chart is not None and item.chart.variation == "concern"]
        return f"a signal for the worse in {', '.join(worse)}." if worse else ""
    if plan.trigger == "site_loss":
        holders = {dataset.holder for dataset in agreement.datasets}
        gone = sorted(holders & set(lost))
        left = len(agreement.parties) - len(set(lost) & {party.id for party in agreement.parties})
        few = f" {left} parties are left, fewer than {plan.minimum_parties}." if left < plan.minimum_parties else ""
        return f"{'; '.join(f'{name}: {lost[name]}' for name in gone)}.{few}" if gone else ""
    return ""


def _test_words(plan: Any, tested: date | None, outcome: str | None, today: date) -> str:
    if tested is None:
        return f"was to be tested on {plan.test_date}" if plan.test_date is not None and plan.test_date < today else (
            "was never tested" if plan.test_date is None else ""
        )  # fmt: skip
    if outcome == "failed":
        return f"failed its test on {tested}"
    return f"was last tested on {tested}" if months_after(tested, TEST_EVERY_MONTHS) < today else ""
