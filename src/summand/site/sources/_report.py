"""What a check of the data found: details for the site, pass or fail and counts for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from summand.errors import DataError, by_code

Severity = Literal["error", "warning"]

SAYS = {
    "data.column_missing": ("is not in the file", "Export it too, or take it out of the dictionary."),
    "data.column_unknown": ("is not in the dictionary", "Leave it out of the export: the agreement does not cover it."),
    "data.value_not_numeric": ("holds cells that are not numbers", "Correct them, or declare a missing code."),
    "data.value_out_of_range": ("holds values outside its range", "Check their unit, or declare a missing code."),
    "data.category_unknown": ("holds cells that are none of its levels", "Correct them, or declare a missing code."),
    "data.value_off_step": ("holds values finer than its step", "Check their unit, or declare a finer step."),
    "data.value_missing": ("has empty cells and must not have any", "Fill them in, or leave these rows out."),
    "data.person_repeated": (
        "names some people in more than one row",
        "Nothing, if that is so: people are counted once.",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the dictionary says, for the site's own eyes.

    Attributes:
        code: That of the `DataError` it would be, or ``data.person_repeated``.
        column: Which column.
        rows: In how many rows; 0 where the column as a whole is meant.
        examples: The numbers of some of these rows, the first row of data being 1. Never values.
        severity: Errors fail the check, warnings do not.
    """

    code: str
    column: str
    rows: int = 0
    examples: tuple[int, ...] = ()
    severity: Severity = "error"

    @property
    def message(self) -> str:
        """The finding as a sentence."""
        where = f" ({self.rows} rows, such as {', '.join(map(str, self.examples))})" if self.examples else ""
        return f"Column '{self.column[:80]}' {SAYS[self.code][0]}{where}."

    @property
    def remedy(self) -> str:
        """What to do next."""
        return SAYS[self.code][1]


@dataclass(frozen=True)
class CheckReport:
    """What the check found; stays at the site.

    Attributes:
        rows: Rows, without those of people who opted out.
        people: Different people, where the dictionary tells them apart; else rows.
        missing: Per column of the dictionary, in how many rows it says nothing.
        findings: Errors first.
        opted_out_rows: Rows left out because their people opted out.
    """

    rows: int
    people: int
    missing: Mapping[str, int]
    findings: tuple[Finding, ...]
    opted_out_rows: int = field(default=0)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def summary(self) -> dict[str, Any]:
        """Pass or fail, and counts: no row numbers, no names of columns that the dictionary does not have.

        Whether it passed may be told to others; the counts are this site's own, and only their sums over sites may.
        """
        rows: dict[str, int] = {}
        for finding in self.findings:
            rows[finding.code] = rows.get(finding.code, 0) + max(finding.rows, 1)
        return {
            "passed": self.passed,
            "rows": self.rows,
            "people": self.people,
            "missing": dict(self.missing),
            "findings": rows,
        }

    def raise_if_failed(self) -> None:
        """Raise the first error.

        Raises:
            DataError: the leaf with the finding's code; its public text has no counts.
        """
        first = next((finding for finding in self.findings if finding.severity == "error"), None)
        if first is None:
            return
        others = sum(finding.severity == "error" for finding in self.findings) - 1
        more = f" There are {others} more findings." if others else ""
        kind = by_code().get(first.code, DataError)
        public = f"A site's data do not pass the check against the dictionary ({first.code})."
        raise kind(first.message + more, remedy=first.remedy, public=public)
