"""Columns by group as a clinical paper prints them: n (%), mean (SD), median [quartiles], ready to be pasted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

HIDDEN = "hidden"
NOTHING = "—"
P_LEAST = 0.001

Record = dict[str, Any]


def table_one_records(result: Mapping[str, Any]) -> list[Record]:
    """One record for each line of the table; its keys are the columns."""
    groups = result.get("groups") or []
    heads = [_head("overall", _sum([group.get("n") for group in groups]))]
    heads += [_head(str(group["group"]), group.get("n")) for group in groups]
    lines: list[Record] = []
    for row in result["variables"]:
        lines += _category(row, heads) if row["kind"] == "category" else [_number(row, heads)]
    names = ("", *heads, "missing", "SMD", "p", "test")
    return [{name: line.get(name, "") for name in names} for line in lines]


def _head(name: str, n: Any) -> str:
    return f"{name} (n = {n})" if isinstance(n, int) else name


def _sum(cells: Sequence[Any]) -> int | None:
    """The sum of counts, None where one was kept back."""
    return sum(cells) if cells and all(isinstance(cell, int) for cell in cells) else None


def _ends(row: Mapping[str, Any], missing: Sequence[Any] | None) -> Record:
    lacking = NOTHING if missing is None else _sum(missing)
    return {
        "missing": HIDDEN if lacking is None else str(lacking),
        "SMD": NOTHING if row["smd"] is None else f"{row['smd']:.3f}",
        "p": p_text(row["p_value"]),
        "test": row["test"] or "",
    }


def p_text(p_value: float | None) -> str:
    """A p-value as papers print it."""
    if p_value is None:
        return NOTHING
    return f"<{P_LEAST}" if p_value < P_LEAST else f"{p_value:.3f}"


def _number(row: Mapping[str, Any], heads: Sequence[str]) -> Record:
    by_ranks = row["summary"] == "median"
    unit = "" if row["unit"] == "1" else f" [{row['unit']}]"
    label = f"{row['variable']}{unit}, " + ("median [quartiles]" if by_ranks else "mean (SD)")
    places = range(len(heads))
    cells = [_median(row, k) if by_ranks else _mean(row["mean"][k], row["sd"][k]) for k in places]
    known = dict(zip(row["counts"]["rows"], row["counts"]["cells"], strict=True))
    return {"": label, **dict(zip(heads, cells, strict=True)), **_ends(row, known.get("missing"))}


def _mean(mean: float | None, sd: float | None) -> str:
    if mean is None:
        return NOTHING
    digits = decimals(sd)
    return f"{mean:.{digits}f}" + ("" if sd is None else f" ({sd:.{digits}f})")


def decimals(spread: float | None) -> int:
    """So many decimals that a spread has two digits, at most 4."""
    if not spread:
        return 1
    return max(0, min(4, 1 - math.floor(math.log10(abs(spread)))))


def _median(row: Mapping[str, Any], place: int) -> str:
    low, middle, high = (row[name][place] for name in ("q25", "median", "q75"))
    if middle is None:
        return NOTHING
    return f"{_value(middle)} [{_value(low)}, {_value(high)}]"


def _value(value: Any) -> str:
    """A value, or the ends of the band in which it lies."""
    if isinstance(value, (list, tuple)):
        return f"{value[0]:.4g} to {value[1]:.4g}"
    return f"{value:.4g}"


def _category(row: Mapping[str, Any], heads: Sequence[str]) -> list[Record]:
    """A line for each level below the variable's own; of two levels that are both shown, the second alone."""
    counts = dict(zip(row["counts"]["rows"], row["counts"]["cells"], strict=True))
    missing = counts.get("missing") if len(counts) > len(row["levels"]) else None
    ends = _ends(row, missing)
    if len(row["levels"]) == 2 and row["share"] is not None:
        level = row["levels"][1]
        return [{"": f"{row['variable']} = {level}, n (%)", **_shares(row, 1, counts[level], heads), **ends}]
    lines: list[Record] = [{"": f"{row['variable']}, n (%)", **ends}]
    for k, level in enumerate(row["levels"]):
        lines.append({"": f"  {level}", **_shares(row, k, counts[level], heads)})
    return lines


def _shares(row: Mapping[str, Any], level: int, counts: Sequence[Any], heads: Sequence[str]) -> Record:
    shares = [None] * len(heads) if row["share"] is None else row["share"][level]
    cells = []
    for people, share in zip([_sum(counts), *counts], shares, strict=True):
        percent = "" if share is None else f" ({100 * share:.1f}%)"
        cells.append(HIDDEN if people is None else f"{people}{percent}")
    return dict(zip(heads, cells, strict=True))
