"""Whether a dataset's consent covers a use: code by code, then all together, with the reason of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from summand.agreement._data_use import ASK, NO, YES, Answer, DataUse
from summand.agreement._datasets import ConsentCode
from summand.agreement._duo import OBSOLETE, PERMISSIONS
from summand.agreement._duo_purposes import GRU, is_care
from summand.agreement._duo_rules import CONSENT

GRU_CC, RU, CC = "DUO:0000005", "DUO:0000014", "DUO:0000043"
WORDS = {YES: "yes", NO: "no", ASK: "a person must look"}


@dataclass(frozen=True)
class ConsentFinding:
    """What one code says: its answer, the rule behind it, and a duty that goes with a yes."""

    code: str
    shorthand: str
    parameter: str
    answer: Answer
    rule: str
    obligation: str


@dataclass(frozen=True)
class ConsentVerdict:
    """What all codes of a dataset say together: no if one says no, else ask if one asks, else yes."""

    answer: Answer
    findings: tuple[ConsentFinding, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What keeps it from a yes, else what it rests on; in words."""
        told = [item for item in self.findings if item.answer == self.answer] or list(self.findings)
        return tuple(f"{item.code} ({item.shorthand}): {item.rule} — {WORDS[item.answer]}" for item in told)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"answer": self.answer, "findings": [asdict(item) for item in self.findings]}


def match_consent(codes: Sequence[ConsentCode], use: DataUse) -> ConsentVerdict:
    """Whether the consent codes of a dataset cover a use.

    The rule of the Data Use Ontology's matching (github.com/EBISPOT/DUO; Lawson et al. 2021, Cell Genomics 1(2)): a
    permission must be at or above the purpose in the hierarchy, each modifier must hold, what cannot be checked is for
    a person. A dataset without a permission permits nothing.
    """
    named = {item.code for item in codes}
    findings = [_finding(item, use, clinical=bool(named & {CC, GRU_CC})) for item in codes]
    if not named & (set(PERMISSIONS) | {GRU_CC, RU}):
        findings.append(ConsentFinding("", "none", "", NO, "no permission is stated, so nothing is permitted", ""))
    answers = {item.answer for item in findings}
    return ConsentVerdict(NO if NO in answers else ASK if ASK in answers else YES, tuple(findings))


def _finding(item: ConsentCode, use: DataUse, *, clinical: bool) -> ConsentFinding:
    text = item.parameter or ""
    if item.code == RU:
        return ConsentFinding(item.code, "RU", text, ASK, f"an obsolete code; today {OBSOLETE[RU]}", "")
    rule = CONSENT.get(GRU if item.code == GRU_CC else item.code)
    if rule is None:
        return ConsentFinding(item.code, "unknown", text, NO, "not a consent code of DUO", "")
    answer = rule.answer(use, text)
    if answer == ASK and clinical and item.code in (*PERMISSIONS, GRU_CC) and is_care(use.purpose):
        answer = YES  # CC opens care beside research
    shorthand = "GRU-CC" if item.code == GRU_CC else rule.shorthand
    return ConsentFinding(item.code, shorthand, text, answer, rule.rule, rule.obligation if answer != NO else "")
