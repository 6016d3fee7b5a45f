"""A study's released result, the way an analyst wants to hold it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from summand.errors import UsageError


@dataclass(frozen=True)
class Table:
    """A small table of released numbers.

    Attributes:
        columns: The column names.
        rows: The rows, each as long as ``columns``; None where a number was suppressed or does not exist.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
        """The table of some records."""
        return cls(tuple(columns), tuple(tuple(_cell(record.get(name)) for name in columns) for record in records))

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> Any:
        """The table as a pandas DataFrame (pandas must be installed)."""
        import pandas as pd

        return pd.DataFrame(self.to_dicts(), columns=list(self.columns))

    def __str__(self) -> str:
        cells = [list(self.columns), *[[_shown(value) for value in row] for row in self.rows]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class StudyResult:
    """What a study released, with the agreement and profile it ran under.

    Attributes:
        study_id: The study's identifier.
        result: The released JSON values.
        result_hash: SHA-256 (hex) of the result as the sites confirmed it and the ledger holds it.
        agreement_title: What people call the agreement.
        notes: What was assumed, such as an inferred dictionary.
    """

    study_id: str
    result: Mapping[str, Any]
    result_hash: str
    agreement_title: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The released values, as ``--json`` prints them."""
        return dict(self.result)

    @property
    def warnings(self) -> list[str]:
        """Sentences that belong beside the numbers."""
        return list(self.result.get("warnings", []))

    def table(self) -> Table:
        """The result's main table: terms of a model, groups of a curve, columns of a description.

        Raises:
            UsageError: if the result has none.
        """
        for key, columns in _TABLES.items():
            records = self.result.get(key)
            if isinstance(records, list) and records:
                return Table.of(records, [name for name in columns if any(name in record for record in records)])
        if "by_site" in self.result:
            return self._by_site()
        scalars = [{"name": k, "value": v} for k, v in self.result.items() if isinstance(v, (int, float))]
        return Table.of(scalars, ("name", "value"))

    def _by_site(self) -> Table:
        records = []
        for site, values in self.result["by_site"].items():
            inner = next((values[key] for key in _TABLES if isinstance(values.get(key), list)), None)
            records += [{"site": site, **record} for record in inner] if inner else [{"site": site, **values}]
        names = list(dict.fromkeys(name for record in records for name in record if _is_cell(record[name])))
        return Table.of(records, names)

    def plot(self) -> Any:
        """An Altair chart of the result (needs the ``plots`` extra): curves, a forest plot, or histograms.

        Raises:
            UsageError: if there is nothing to draw.
        """
        from summand.federation._plots import chart

        return chart(self.result)

    def _summary(self) -> str:
        shown = {k: self.result[k] for k in ("n", "n_dropped", "sites", "rounds") if k in self.result}
        facts = ", ".join(f"{name.replace('_', ' ')} {_shown(_cell(value))}" for name, value in shown.items())
        return f"{self.result['method']} under “{self.agreement_title}”, profile {self.result['profile']}: {facts}"

    def __str__(self) -> str:
        lines = [self._summary(), "", str(self.table())]
        lines += [f"! {text}" for text in self.warnings] + [f"· {text}" for text in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        notes = "".join(f"<p><small>{html.escape(text)}</small></p>" for text in (*self.warnings, *self.notes))
        public = "<p><b>Published data: exact values.</b></p>" if self.result["profile"] == "public_data" else ""
        return f"<div><p>{html.escape(self._summary())}</p>{public}{self.table()._repr_html_()}{notes}</div>"


_TABLES: Mapping[str, tuple[str, ...]] = {
    "terms": ("term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "hazard_ratio"),
    "groups": ("group", "n", "events", "median", "observed", "expected"),
    "columns": ("column", "n", "missing", "mean", "sd", "min", "q25", "median", "q75", "max"),
    "models": ("name", "auc", "brier", "calibration_slope"),
}


def _is_cell(value: Any) -> bool:
    return value is None or isinstance(value, (int, float, str, bool)) or _cell(value) is None


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("suppressed"):
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:  # a band
        return f"{_shown(value[0])}–{_shown(value[1])}"
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def no_result(what: str) -> UsageError:
    """The error for a result that cannot be shown so."""
    return UsageError(f"There is nothing to {what} in this result.", remedy="Use .to_dict() to see all values.")
