"""What the dictionary says about a column, as SQL over its cells.

A cell is *missing* (empty, or a missing code), *good* (it has a value) or *bad*. Cells of CSV files are text; numbers in
them are plain decimals or scientific notation with a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.site.sources._relation import Relation, Type
from summand.tables import PERSONS, Column, as_number

_BOOLEAN_ALIASES = {"true": ("True", "TRUE", "1"), "false": ("False", "FALSE", "0")}
"""Table Schema's default trueValues and falseValues."""

BAD = -2
MISSING = -1


class Parameters:
    """The parameters of one statement: a value goes in, a placeholder comes out."""

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = dict(initial)
        self._names: dict[tuple[str, Any], str] = {}

    def add(self, value: Any) -> str:
        """The placeholder that stands for ``value``."""
        key = (type(value).__name__, tuple(value) if isinstance(value, list) else value)
        if key not in self._names:
            self._names[key] = f"v{len(self.values)}"
            self.values[self._names[key]] = value
        return f"${self._names[key]}"


def text_sql(position: int, type_: Type) -> str:
    """The cell as text without spaces around it, NULL where empty by type."""
    cell = f"c{position}" if type_ == "text" else f"CAST(c{position} AS VARCHAR)"
    return f"trim({cell})"


def number_sql(position: int, type_: Type) -> str:
    """The cell as a number, NULL where it is none; may be infinite or not a number."""
    if type_ in ("integer", "float"):
        return f"CAST(c{position} AS DOUBLE)"
    if type_ == "boolean":
        return f"CAST(CAST(c{position} AS INTEGER) AS DOUBLE)"
    cell = f"c{position}" if type_ == "text" else f"CAST(c{position} AS VARCHAR)"
    # DuckDB reads 1_000 as a thousand; nobody else does
    return f"CASE WHEN contains({cell}, '_') THEN NULL ELSE TRY_CAST({cell} AS DOUBLE) END"


def is_nan_sql(number: str) -> str:
    """Whether a number is not a number.

    Not ``isnan``: DuckDB 2.0 answers it with false from a Parquet file's statistics, which leave NaN out.
    """
    return f"(NOT isfinite({number}) AND {number} NOT IN ('inf'::DOUBLE, '-inf'::DOUBLE))"


@dataclass(frozen=True)
class Cells:
    """The cells of one column of the dictionary in one relation.

    Attributes:
        column: What the dictionary says.
        position: Where it is in the relation.
        type: What the relation says.
        enum: The type that looks up levels, for a category read from text; else "".
        lookup: For a category: what each SQL code means, as a position in the levels.
    """

    column: Column
    position: int
    type: Type
    enum: str = ""
    lookup: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    @classmethod
    def of(cls, column: Column, relation: Relation) -> Cells:
        """The cells of ``column``, which the relation must have."""
        position = relation.names.index(column.name)
        type_ = relation.types[position]
        if column.kind != "category":
            return cls(column, position, type_)
        codes = set(column.missing_codes)
        texts = {level: code for code, level in enumerate(column.levels) if level not in codes}
        if column.levels == ("false", "true"):
            for code, level in enumerate(column.levels):
                texts.update(dict.fromkeys(_BOOLEAN_ALIASES[level], code))
        lookup = np.array([*texts.values(), BAD, MISSING], dtype=np.int32)  # codes -2 and -1 count from the end
        is_text = type_ not in ("integer", "float")
        enum = relation.session.levels_enum(tuple(texts)) if texts and is_text else ""
        return cls(column, position, type_, enum, lookup)

    @property
    def number(self) -> str:
        """SQL: the name under which `table_sql` gives the cell's number."""
        return f"n{self.position}"

    def inner(self) -> str:
        """SQL: what `table_sql` selects for this column."""
        cell = f"c{self.position}"
        return f"{cell}, {number_sql(self.position, self.type)} AS {self.number}" if self.column.is_numeric else cell

    def value(self, parameters: Parameters) -> str:
        """SQL: a numeric column's value, NULL where missing or bad."""
        conditions = [] if self.type in ("integer", "boolean") else [f"isfinite({self.number})"]
        if codes := self._number_codes():
            conditions.append(f"NOT list_contains({parameters.add(codes)}::DOUBLE[], {self.number})")
        return f"CASE WHEN {' AND '.join(conditions)} THEN {self.number} END" if conditions else self.number

    def missing(self, parameters: Parameters) -> str:
        """SQL: whether the cell says nothing."""
        cell = f"c{self.position}"
        number = self.number if self.column.is_numeric else number_sql(self.position, self.type)
        if self.type in ("integer", "float", "boolean"):
            clauses = [f"{cell} IS NULL"]
            if self.type == "float":
                clauses.append(is_nan_sql(number))
        else:
            text = text_sql(self.position, self.type)
            clauses = [f"{cell} IS NULL", f"{text} = ''"]
            if self.column.missing_codes:
                codes = parameters.add(list(self.column.missing_codes))
                clauses.append(f"list_contains({codes}::VARCHAR[], {text})")
        if numbers := self._number_codes():
            clauses.append(f"coalesce(list_contains({parameters.add(numbers)}::DOUBLE[], {number}), false)")
        says_nothing = f"({' OR '.join(clauses)})"
        if not self.column.is_numeric:
            return says_nothing
        # most cells have a value: their text is not looked at again
        return f"CASE WHEN {self.value(parameters)} IS NULL THEN {says_nothing} ELSE false END"

    def code(self, parameters: Parameters) -> str:
        """SQL: a category's code, to be read through `lookup`; `MISSING` or `BAD`."""
        numbers = _unambiguous_numbers(self.column.levels)
        found = [f"CASE WHEN {self.missing(parameters)} THEN {MISSING} END"]
        if self.enum:
            text = text_sql(self.position, self.type)
            found.append(self._look_up(text))
            if self.type == "text":  # most cells are written as the level is: neither trimmed nor compared with codes
                found.insert(0, self._look_up(f"c{self.position}"))
        if any(number is not None for number in numbers):  # 1.0 and 01 are level "1", unless a level is so written
            number = number_sql(self.position, self.type)
            found.append(f"nullif(list_position({parameters.add(numbers)}::DOUBLE[], {number}), 0) - 1")
        return f"CAST(coalesce({', '.join(found)}, {BAD}) AS INTEGER)"

    def _look_up(self, text: str) -> str:
        return f"CAST(enum_code(TRY_CAST({text} AS {self.enum})) AS INTEGER)"

    def decoded(self, parameters: Parameters) -> str:
        """SQL without NULLs: float64 with NaN for missing, or int32 codes."""
        if self.column.is_numeric:
            return f"coalesce({self.value(parameters)}, 'nan'::DOUBLE)"
        return self.code(parameters)

    @property
    def decoded_type(self) -> str:
        """The NumPy type of what `decoded` gives."""
        return "float64" if self.column.is_numeric else "int32"

    def present(self, parameters: Parameters) -> str:
        """SQL: whether the cell has a value."""
        if self.column.is_numeric:
            return f"({self.value(parameters)}) IS NOT NULL"
        if self.column.kind == "category":
            return f"{self.code(parameters)} >= 0"
        return f"NOT {self.missing(parameters)}"

    def _number_codes(self) -> list[float]:
        """Missing codes that are numbers: 0.0 means "not known" where 0 does."""
        if self.column.kind == "text":
            return []
        return [value for code in self.column.missing_codes if (value := as_number(code)) is not None]

    def finish(self, values: NDArray[Any]) -> NDArray[Any]:
        """What `decoded` gave, as a batch holds it."""
        if self.column.is_numeric:
            return np.asarray(values, dtype=np.float64)
        found: NDArray[np.int32] = self.lookup[values]
        return found


@dataclass(frozen=True)
class PersonCells(Cells):
    """Whose row each is: a number of the person identifier's text, equal where the text is.

    It is half of the text's MD5, so that a long file can be read in parts and another day's reading gives the same: among
    a million people, two different ones have the same number once in thirty million such files. It never leaves the site.
    """

    @classmethod
    def of_identifier(cls, cells: Cells) -> PersonCells:
        """From the cells of the person identifier."""
        return cls(Column(PERSONS, "text"), cells.position, cells.type)

    def decoded(self, parameters: Parameters) -> str:  # noqa: ARG002 — as every column's
        """SQL: a number of the text, as `Source.count_people` counts it."""
        return f"md5_number_lower({text_sql(self.position, self.type)})"

    @property
    def decoded_type(self) -> str:
        """Unsigned, as DuckDB has it."""
        return "uint64"

    def finish(self, values: NDArray[Any]) -> NDArray[Any]:
        """The same bits as int64."""
        return np.asarray(values, dtype=np.uint64).view(np.int64)


def _unambiguous_numbers(levels: tuple[str, ...]) -> list[float | None]:
    numbers = [as_number(level) for level in levels]
    return [number if number is not None and numbers.count(number) == 1 else None for number in numbers]


def table_sql(relation: Relation, cells: Iterable[Cells], keep: str = "true", first: str = "") -> str:
    """SQL: the cells ``c…`` and numbers ``n…`` of some columns, over the rows where ``keep`` is true, to select from.

    Numbers are read here once, since several expressions ask for each.
    """
    selected = dict.fromkeys(cell.inner() for cell in cells)
    expressions = ", ".join([first, *selected] if first else selected) or "1"
    return f"(SELECT {expressions} FROM {relation.from_sql} WHERE {keep})"  # noqa: S608
