"""Writes docs/reference/guard.md from the guard's checks and the table of decisions."""

from __future__ import annotations

from pathlib import Path

from guard_cases import CASES

from summand.agreement import CONSENT
from summand.guard import CHECKS

HEAD = """# The guard

Each site decides on each study by itself, from its own copy of the agreement and its own replica of the ledger:
`decide(study, agreement, history)`. It denies by default. A study runs only if no check objects; a refusal lists every
objection with its code, its clause and what to do next, and is signed and recorded like a permit.

In the tables, *permit* means that the site takes part. A word such as `guard.purpose_not_permitted` names an objection (see
[errors](errors.md)); a clause is the letter in the [agreement](agreement.md) and the field in it. What an agreement permits
never outweighs what it or the law prohibits, and the hub has no part in a decision: it cannot make one, change one or
leave one out without a site seeing it.

This page is written by `python tests/spec/guard/guard_reference.py`; every row below is a test.

## What is checked

| clauses | check | rule |
| --- | --- | --- |
"""
CONSENT_HEAD = """
## Consent codes

The codes of the GA4GH Data Use Ontology that a dataset may carry. Where a code needs knowledge that the agreement does
not hold, a person must judge: the study is refused until a data steward of the site has approved that very request.
Another code means no.

| code | | rule | afterwards |
| --- | --- | --- | --- |
"""
TABLE_HEAD = """
## Decisions

One permitted study: Ada, an analyst of the data holder `north`, asks three hospitals for a logistic regression, for
research, under the profile `institutional`; the decision is that of the site `south`. Each row changes what it says and
nothing else.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for clauses, check in CHECKS:
        rule = " ".join((check.__doc__ or "").split())
        lines.append(f"| {clauses or 'none'} | {check.__name__} | {rule} |\n")
    lines.append(CONSENT_HEAD)
    for code, rule in sorted(CONSENT.items()):
        lines.append(f"| {code} | {rule.shorthand} | {rule.rule} | {rule.obligation.rstrip('.')} |\n")
    lines.append(TABLE_HEAD)
    for title, cases in CASES.items():
        lines.append(f"\n### {title}\n\n| situation | decision | clause |\n| --- | --- | --- |\n")
        for case in cases:
            codes = ", ".join(f"`{code}`" for code, _ in case.reasons) or "permit"
            clauses = ", ".join(clause for _, clause in case.reasons if clause)
            lines.append(f"| {case.what} | {codes} | {clauses} |\n")
    return "".join(lines)


if __name__ == "__main__":
    target = Path(__file__).resolve().parents[3] / "docs" / "reference" / "guard.md"
    target.write_text(page(), encoding="utf-8")
