"""A study's released result, the way an analyst wants to hold it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from summand.errors import UsageError
from summand.federation._tables import Table, shown, tables_of
from summand.methods import METHODS
from summand.signing import PrivateKey
from summand.study import open_release
from summand.study.messages import confirmed_hash, result_hash

ADDED_FIELDS = ("study", "result_sha256", "agreement_title", "notes")
"""What `StudyResult.to_dict` puts behind the released values."""

PUBLIC_DATA = "Published data: exact values, nothing is withheld."
_TOLD_ELSEWHERE = ("rounds", "people", "iterations")


def open_shown(shown: Mapping[str, Any], key: PrivateKey) -> dict[str, Any]:
    """A study as the hub shows it, with the result of a study whose hub is blind opened by the key that asked.

    Raises:
        ResultSealed: if another key asked for it.
    """
    if shown.get("result") is None and "sealed" in shown:
        return {**shown, "result": open_release(key, str(shown["study"]), shown["sealed"])}
    return dict(shown)


@dataclass(frozen=True)
class StudyResult:
    """What a study released, with the agreement and profile it ran under.

    Attributes:
        study_id: The study's identifier.
        result: The released JSON values.
        result_hash: SHA-256 (hex) of the result as the sites confirmed it and the ledger holds it.
        agreement_title: What people call the agreement.
        notes: What was assumed, such as an inferred dictionary.
        method: The method's specification, as it was asked for.
    """

    study_id: str
    result: Mapping[str, Any]
    result_hash: str
    agreement_title: str
    notes: tuple[str, ...] = ()
    method: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_shown(cls, shown: Mapping[str, Any], agreement_title: str, notes: Sequence[str] = ()) -> StudyResult:
        """The result of a study as the hub shows it."""
        result = shown["result"]
        digest = confirmed_hash(shown["sealed"]) if "sealed" in shown else result_hash(result)
        return cls(str(shown["study"]), result, digest, agreement_title, tuple(notes), shown["method"])

    def to_dict(self) -> dict[str, Any]:
        """The released values, as ``--json`` prints them: ``method``, ``agreement``, ``profile``, ``n`` and so on.

        Behind them stand ``study``, ``result_sha256``, ``agreement_title`` and ``notes``; without these four, the
        compact JSON of the rest has the hash that the ledger holds.
        """
        return {
            **self.result, "study": self.study_id, "result_sha256": self.result_hash,
            "agreement_title": self.agreement_title, "notes": list(self.notes),
        }  # fmt: skip

    @property
    def warnings(self) -> list[str]:
        """Sentences that belong beside the numbers."""
        own = [str(text) for text in self.result.get("warnings", [])]
        sites = self.result.get("by_site", {})
        return own + [f"{site}: {text}" for site, values in sites.items() for text in values.get("warnings", [])]

    @property
    def heading(self) -> str:
        """What was computed, in one line."""
        method = METHODS.get(str(self.result["method"]))
        name = str(self.result["method"]) if method is None else method.title
        asked = (
            self.method.get("formula")
            or self.method.get("treatment")
            or self.method.get("outcome")
            or ", ".join(self.method.get("columns") or ())
        )
        if not asked and "row" in self.method:
            asked = f"{self.method['row']} by {self.method['column']}"
        if not asked and isinstance(self.method.get("outcome"), str):
            asked = self.method["outcome"]
        return name + (f": {asked}" if asked else "")

    @property
    def facts(self) -> list[str]:
        """On whom, how, and under which agreement, a sentence each."""
        found = self.result
        people = f"n {shown(found.get('n'))}, {shown(found.get('n_dropped'))} dropped for missing values"
        if found["method"] == "describe":
            people = f"n {shown(found.get('n'))}"
        sites = f"{found['sites']} site" + ("" if found["sites"] == 1 else "s")
        lines = [f"{people}; {sites}, {found['rounds']} rounds."]
        more = [
            f"{name.replace('_', ' ')} {shown(value, name)}"
            for name, value in found.items()
            if name
            not in (*_TOLD_ELSEWHERE, "method", "agreement", "profile", "release_level", "n", "n_dropped", "sites")
            and (isinstance(value, (str, int, float)) or (isinstance(value, Mapping) and "suppressed" in value))
        ]
        if more:
            lines.append(", ".join(more))
        profile = found["profile"]
        lines.append(f"Agreement “{self.agreement_title}” ({str(found['agreement'])[:12]}…), profile {profile}.")
        if profile == "public_data":
            lines.append(PUBLIC_DATA)
        return lines

    def tables(self) -> list[tuple[str, Table]]:
        """Every table of the result with its title, the main one first and without a title."""
        return list(tables_of(self.result))

    def table(self) -> Table:
        """The result's main table: terms of a model, groups of a curve, columns of a description, models under test.

        Raises:
            UsageError: if the result has none.
        """
        found = next(iter(tables_of(self.result)), None)
        if found is None:
            raise UsageError("There is no table in this result.", remedy="Use .to_dict() to see all values.")
        return found[1]

    def plot(self) -> Any:
        """An Altair chart of the result: curves, a forest plot, histograms and bars, or calibration.

        Raises:
            UsageError: if there is nothing to draw, or the extra ``summand[plots]`` is not installed.
        """
        from summand.federation.plots import chart

        return chart(self.result, self.heading)

    def __str__(self) -> str:
        lines = [self.heading, *self.facts]
        for title, table in self.tables():
            lines += ["", *([title] if title else []), str(table)]
        lines += [f"Warning: {text}" for text in self.warnings] + [f"Note: {text}" for text in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<h4>{html.escape(self.heading)}</h4>"]
        parts += [f"<p>{html.escape(text)}</p>" for text in self.facts]
        for title, table in self.tables():
            parts += [f"<p><b>{html.escape(title)}</b></p>" if title else "", table._repr_html_()]
        parts += [f'<p role="note"><b>Warning:</b> {html.escape(text)}</p>' for text in self.warnings]
        parts += [f"<p><small>Note: {html.escape(text)}</small></p>" for text in self.notes]
        return f'<div class="summand-result">{"".join(parts)}</div>'
