"""What an import found, line by line: what was taken, what was left as it was, and what was wrong where."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["added", "changed", "unchanged", "kept", "refused", "passed_over"]
OUTCOMES: dict[Outcome, str] = {
    "added": "new in the directory",
    "changed": "took the place of an older entry",
    "unchanged": "there already, the same",
    "kept": "left as it was: the organisation itself had declared its entry",
    "refused": "not taken, because something was wrong",
    "passed_over": "not asked for by the import's filter",
}


@dataclass(frozen=True)
class LineProblem:
    """One thing that was wrong.

    Attributes:
        line: Line of a CSV file (the header is line 1), or record of a JSON dump, from 1.
        column: Column or field; empty where the whole line is meant.
        message: What was found.
        remedy: What to do.
        refused: Whether the line was not taken for it; else it was taken without the value.
    """

    line: int
    column: str
    message: str
    remedy: str
    refused: bool


@dataclass
class ImportReport:
    """The counts of an import and everything that was wrong."""

    source: str
    counts: Counter[Outcome] = field(default_factory=Counter)
    problems: list[LineProblem] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Lines or records read."""
        return sum(self.counts.values())

    def note(self, line: int, column: str, message: str, remedy: str, *, refused: bool = False) -> None:
        """Write down one problem."""
        self.problems.append(LineProblem(line, column, message, remedy, refused))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "source": self.source,
            "lines": self.lines,
            "counts": {name: self.counts[name] for name in OUTCOMES},
            "problems": [asdict(item) for item in self.problems],
        }
