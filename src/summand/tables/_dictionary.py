"""The data dictionary: what each column means, before anybody looks at a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from summand.errors import ColumnMissing

Kind = Literal["integer", "number", "category", "text"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: As in the file's header.
        kind: ``integer`` and ``number`` are numeric with a range; ``category`` has levels; ``text`` is never analysed
            (identifiers, institution names): it can only be a person identifier or be left alone.
        minimum, maximum: The closed range of a numeric column, in ``unit``; every value outside it is an error.
        step: The resolution: every value is ``minimum`` plus a whole number of steps; None if not declared. 1 for
            ``integer``.
        levels: The levels of a category as text, sorted numerically where all are numbers, else as text; the first is
            the reference. A numeric column may have levels too: the codes it may take.
        unit: UCUM code, ``"1"`` for none.
        missing_codes: Cell texts that mean "not known", such as ``"?"`` or ``"0"`` for a cholesterol; the empty cell
            always does.
        required: Whether every row must have a value.
    """

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    levels: tuple[str, ...] = ()
    unit: str = "1"
    description: str = ""
    missing_codes: tuple[str, ...] = ()
    required: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether a batch holds it as float64."""
        return self.kind in ("integer", "number")

    @property
    def centre(self) -> float:
        """The middle of the range: what `scaled` maps to 0."""
        low, high = self.range
        return (low + high) / 2

    @property
    def half_width(self) -> float:
        """Half the range, 1 where the range is a point: what `scaled` divides by."""
        low, high = self.range
        return (high - low) / 2 or 1.0

    @property
    def range(self) -> tuple[float, float]:
        """The closed range of a numeric column.

        Raises:
            ColumnMissing: if the dictionary gives none.
        """
        if self.minimum is None or self.maximum is None:
            raise ColumnMissing(
                f"The dictionary gives no range for column '{self.name}'.",
                remedy="Add its minimum and maximum to the dictionary: sums need a bound before data are read.",
            )
        return self.minimum, self.maximum


@dataclass(frozen=True)
class Dictionary:
    """The columns of one kind of dataset, and which of them tells people apart.

    Attributes:
        name: As the agreement calls it.
        columns: In file order.
        person_id: The column that identifies a person; None means that each row is one person.
    """

    name: str
    columns: tuple[Column, ...]
    person_id: str | None = None
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    def __getitem__(self, name: str) -> Column:
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(self._by_name)
            raise ColumnMissing(
                f"The dictionary '{self.name}' has no column '{name[:80]}'.", remedy=f"Use one of: {known}."
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)
