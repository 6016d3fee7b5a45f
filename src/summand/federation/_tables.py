"""Released values as tables a person reads; what was kept back is shown as that, never as zero."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from summand.federation._table_one import table_one_records

HIDDEN = "hidden"
"""Stands where a count was kept back: too few people."""

LEVELS_SHOWN_MAX = 12

NOTHING = "—"
"""Stands where there is no such number."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "effects": (
        "arm", "against", "effect", "estimate", "conf_low", "conf_high", "std_error", "statistic", "p_value", "p_value_wild",
        "degrees_of_freedom",
    ),
    "terms": (
        "level", "term", "estimate", "estimate_1se", "std_error", "statistic", "p_value", "conf_low", "conf_high",
        "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high", "odds_ratio", "odds_ratio_low", "odds_ratio_high",
        "risk_ratio", "risk_ratio_low", "risk_ratio_high",
        "rate_ratio", "rate_ratio_low", "rate_ratio_high", "mean_ratio", "mean_ratio_low", "mean_ratio_high",
        "time_ratio", "time_ratio_low", "time_ratio_high",
    ),
    "groups": (
        "group", "treated_from", "cause", "n", "events", "median", "median_low", "median_high", "observed", "expected",
        "rmst", "std_error", "conf_low", "conf_high",
    ),
    "columns": ("column", "n", "missing", "mean", "sd", "min", "q25", "median", "q75", "max"),
    "models": ("model", "auc", "auc_std_error", "brier", "calibration_slope", "calibration_in_the_large", "note"),
    "decisions": (
        "model", "group", "threshold", "sensitivity", "specificity", "ppv", "npv", "net_benefit", "treat_all",
    ),
}  # fmt: skip


DESCRIBED = ("skewness", "kurtosis", "cv")


@dataclass(frozen=True)
class Table:
    """A small table of released numbers.

    Attributes:
        columns: The column names.
        rows: The rows, each as long as ``columns``; None where a number was kept back or does not exist.
        hidden: The places (row, column) of numbers that were kept back.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    hidden: frozenset[tuple[int, int]] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
        """The table of some records."""
        rows = tuple(tuple(_cell(record.get(name)) for name in columns) for record in records)
        kept_back = frozenset(
            (i, j) for i, record in enumerate(records) for j, name in enumerate(columns) if is_hidden(record.get(name))
        )
        return cls(tuple(columns), rows, kept_back)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> Any:
        """The table as a pandas DataFrame (pandas must be installed)."""
        import pandas as pd

        return pd.DataFrame(self.to_dicts(), columns=list(self.columns))

    def shown(self) -> list[list[str]]:
        """The rows as a person reads them."""
        return [
            [HIDDEN if (i, j) in self.hidden else shown(value, self.columns[j]) for j, value in enumerate(row)]
            for i, row in enumerate(self.rows)
        ]

    def compact(self) -> Table:
        """The table with four digits to a number and each interval in one cell, for a narrow page."""
        names, places = list(self.columns), list(range(len(self.columns)))
        pairs = {low: (names.index(high), title) for low, high, title in _intervals(names)}
        seconds = {high for high, _ in pairs.values()}
        kept = [place for place in places if place not in seconds]
        rows = []
        for i, row in enumerate(self.rows):
            cells: list[Any] = []
            for j in kept:
                low = HIDDEN if (i, j) in self.hidden else shown(row[j], names[j], digits=4)
                cells.append(
                    f"{low} to {shown(row[pairs[j][0]], names[pairs[j][0]], digits=4)}"
                    if j in pairs and row[j] is not None
                    else low
                )
            rows.append(tuple(cells))
        return Table(tuple(pairs[j][1] if j in pairs else TITLES.get(names[j], names[j]) for j in kept), tuple(rows))

    def __str__(self) -> str:
        cells = [list(self.columns), *self.shown()]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in self.shown()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


TITLES = {
    "std_error": "std. error", "p_value": "p", "hazard_ratio": "hazard ratio", "odds_ratio": "odds ratio", "risk_ratio": "risk ratio",
    "rate_ratio": "rate ratio", "time_ratio": "time ratio", "mean_ratio": "ratio of means",
    "auc_std_error": "std. error", "calibration_slope": "slope", "calibration_in_the_large": "in the large",
    "degrees_of_freedom": "degrees of freedom", "person_time": "person-time", "cumulative_incidence": "cumulative incidence",
    "log_rate": "log rate", "estimate_1se": "estimate (1 SE)", "deviance_ratio": "deviance explained",
    "cv_deviance": "deviance left out", "cv_std_error": "std. error",
}  # fmt: skip


def _intervals(names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """The place of each lower limit, the name of its upper limit, and what a joint column is called."""
    for low in names:
        high = low.removesuffix("_low") + "_high"
        if low.endswith("_low") and high in names:
            yield names.index(low), high, "95 % interval"


def tables_of(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """Every table of a result with its title, the main one first."""
    if "by_site" in result:
        yield "By site", _by_site(result["by_site"])
        return
    if isinstance(result.get("variables"), list):
        lines = table_one_records(result)
        yield "", Table.of(lines, list(lines[0]) if lines else [])
        result = {key: value for key, value in result.items() if key not in ("variables", "groups")}
    groups: Any = result.get("groups")
    if isinstance(groups, list) and groups and "columns" in groups[0]:
        yield "", _described(groups)
        yield from _levels([{**row, "group": g["group"]} for g in groups for row in g["columns"] or []])
    else:
        for key, columns in COLUMNS.items():
            records = result.get(key)
            if isinstance(records, list) and records:
                yield "", Table.of(records, _present(columns, records))
        yield from _levels(result.get("columns") or [])
    for table in result.get("crosstabs") or []:
        yield f"{table['rows']} by {table['columns']}", _counts(table)
    yield from _others(result)


def _present(columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that some record has; behind a description's, the further quantiles that were asked for."""
    names = dict.fromkeys(name for record in records for name in record)
    more = [name for name in names if name in DESCRIBED or re.fullmatch(r"p[0-9.]+", name)]
    return [name for name in columns if name in names] + more


def _others(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """Every further list of records, titled by its name: what a method found beside its main table."""
    for key, records in result.items():
        if key in COLUMNS or key == "crosstabs" or not isinstance(records, list) or not records:
            continue
        if all(isinstance(record, Mapping) for record in records):
            names = dict.fromkeys(name for record in records for name, value in record.items() if _is_cell(value))
            yield key.replace("_", " ").capitalize(), Table.of(records, tuple(names))


def _is_cell(value: Any) -> bool:
    """Whether a value fits a cell: a number, a text, a count that was kept back."""
    return isinstance(value, (str, bool, int, float)) or is_hidden(value)


def _described(groups: Sequence[Mapping[str, Any]]) -> Table:
    records = [{**row, "group": group["group"]} for group in groups for row in group["columns"] or [{}]]
    return Table.of(records, ("group", *COLUMNS["columns"]))


def _levels(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Table]]:
    """How many people have each level, column by column."""
    records = []
    for row in rows:
        table = row.get("levels")
        if not table or not has_few_levels(row):
            continue
        known = row.get("n") if isinstance(row.get("n"), int) else None
        for level, (people,) in zip(table["rows"], table["cells"], strict=True):
            share = None if people is None or not known else people / known
            kept_back = {"suppressed": True} if people is None else people
            records.append({**row, "level": level, "people": kept_back, "share": share})
    if records:
        named = ("group",) if "group" in records[0] else ()
        yield "Levels", Table.of(records, (*named, "column", "level", "people", "share"))


def has_few_levels(row: Mapping[str, Any]) -> bool:
    """Whether a column's levels are worth a line each: a number with many is better read from its histogram."""
    table = row.get("levels")
    return table is not None and (not row.get("histogram") or len(table["rows"]) <= LEVELS_SHOWN_MAX)


def _counts(table: Mapping[str, Any]) -> Table:
    counts = table["counts"]
    records = [
        {" ": label, **{name: {"suppressed": True} if n is None else n for name, n in zip(counts["columns"], cells, strict=True)}}
        for label, cells in zip(counts["rows"], counts["cells"], strict=True)
    ]  # fmt: skip
    return Table.of(records, (" ", *counts["columns"]))


def _by_site(sites: Mapping[str, Mapping[str, Any]]) -> Table:
    records: list[dict[str, Any]] = []
    for site, values in sites.items():
        inner = next((values[key] for key in COLUMNS if isinstance(values.get(key), list)), None)
        if inner:
            records += [{"site": site, **record} for record in inner]
        else:
            reason = values.get("error", {}).get("message") or ("too few people" if values.get("too_few") else None)
            records.append({"site": site, "n": values.get("n"), "note": reason})
    known = ("site", "n", *dict.fromkeys(name for columns in COLUMNS.values() for name in columns), "note")
    present = {name for record in records for name in record if record[name] is not None}
    return Table.of(records, [name for name in dict.fromkeys(known) if name in present])


def is_hidden(value: Any) -> bool:
    """Whether a released value stands for one that was kept back."""
    return isinstance(value, Mapping) and value.get("suppressed") is True


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:  # a band
        return f"{shown(value[0])}–{shown(value[1])}"
    return value


def shown(value: Any, column: str = "", *, digits: int = 6) -> str:
    """A value as a person reads it, with so many digits."""
    if is_hidden(value):
        return HIDDEN
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if column == "p_value":
            return "<1e-16" if value < 1e-16 else f"{value:.3g}"
        if 0.0 < abs(value - 1.0) < 10.0 ** (1 - digits) and re.search("_ratio(_low|_high)?$", column):
            return (
                f"{value:.{min(1 - math.floor(math.log10(abs(value - 1.0))), 15)}f}"  # per day of age: 1.000069, not 1
            )
        return f"{value:.0%}" if column == "share" else f"{value:.{digits}g}"
    return str(value)
