"""What a method is: four pure functions over sums.

::

    layout(state)                     what a site will contribute: name, unit and bound of every number
    tally(batch, state, local)        one batch of rows -> a partial that may be added
    condense(partial, state, local)   the site's partial -> (its summand, its new local memory)
    update(total, state)              the sum of the summands -> the next state, or the result

(The "statistical query" model of Kearns 1998, JACM 45(6), and the "summation form" of Chu et al. 2006, NIPS 19.)
A method is a frozen dataclass of its settings; `under` gives it the study's setting (dictionary, limits, sizes), and
the four functions are pure given that. The state is frozen, serialisable, and the only memory that travels; ``local``
is a site's own memory, stored at the site, never sent.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from summand.errors import OwnProtocolError, PeerProtocolError, SummandError
from summand.tables import Array, Batch, Dictionary, Limits

Local = Mapping[str, Array]


class Partial(Protocol):
    """What a tally gives: anything that adds, such as a float64 array or a set of times under union."""

    def __add__(self, other: Any, /) -> Any:
        """The partial of both batches together; order must not matter beyond rounding."""


@dataclass(frozen=True)
class Block:
    """Some numbers of a total that share a meaning.

    Attributes:
        name: What they are, in the field's words: "score", "people at risk".
        unit: Their unit, "1" for counts.
        size: How many numbers, at least 1.
        bound: The most that one row may add to any of them, in absolute value, proved before data are read.
        reveals: What they tell about the pooled people, as a phrase for a data steward.
        grain: Every number a site contributes is a whole multiple of 2^-grain, such as 0 for counts; None where that is
            not so. A total of such numbers travels in half the bytes, if it is exact there.
    """

    name: str
    unit: str
    size: int
    bound: float
    reveals: str = ""
    grain: int | None = None


Layout = tuple[Block, ...]


def length(layout: Layout) -> int:
    """How many numbers a layout has."""
    return sum(block.size for block in layout)


def bounds(layout: Layout) -> Array:
    """The per-row bound of every number, shape (length,)."""
    return np.repeat([block.bound for block in layout], [block.size for block in layout]).astype(np.float64)


@dataclass(frozen=True)
class Setting:
    """What a study fixes before its first round.

    Attributes:
        dictionary: What the columns mean.
        limits: What may be released.
        rows_max: The most rows that all sites together may hold.
        site_count: How many sites take part.
    """

    dictionary: Dictionary
    limits: Limits
    rows_max: int
    site_count: int


@dataclass(frozen=True)
class State:
    """Base of every method's state: fields are JSON scalars, tuples of them, or float64 arrays.

    Field types decide how a state is read back: declare arrays as ``Array`` (shape kept as nested lists), sequences as
    ``tuple[...]``. Non-finite numbers are refused: JSON has none.
    """

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values."""
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, fields: Any) -> Self:
        """The state behind `to_json`.

        Raises:
            PeerProtocolError: if a field is missing, unknown or of the wrong kind.
        """
        expected = {f.name: f for f in dataclasses.fields(cls)}
        if not isinstance(fields, dict) or set(fields) != set(expected):
            raise PeerProtocolError(f"This is not a {cls.__name__}.", remedy="Update the older of the two programs.")
        try:
            return cls(**{name: _typed(value, str(expected[name].type)) for name, value in fields.items()})
        except (TypeError, ValueError):
            raise PeerProtocolError(f"A field of {cls.__name__} is malformed.", remedy="Send it again.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if not np.isfinite(value).all():
            raise OwnProtocolError("A state holds a number that is not finite.", remedy="Report this defect.")
        return value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise OwnProtocolError("A state holds a number that is not finite.", remedy="Report this defect.")
    return value


def _typed(value: Any, annotation: str) -> Any:
    if annotation.startswith(("Array", "NDArray")):
        return None if value is None else np.asarray(value, dtype=np.float64)
    if isinstance(value, list):
        return _tuples(value)
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Result:
    """What a method found, before disclosure: JSON values, with `Count` and `CountTable` where people are counted.

    Attributes:
        method: The method's name.
        values: By name: ``terms``, ``groups``, ``columns``, ``n``, ``converged`` and so on.
        warnings: Sentences a reader must see beside the numbers.
    """

    method: str
    values: Mapping[str, Any]
    warnings: tuple[str, ...] = field(default=())


@runtime_checkable
class AcrossSlots(Protocol):
    """What a method has besides, whose result for one site rests on the sums of the others.

    It runs at the release level ``site_level`` alone: there every site has a slot of its own in the total, so that each
    site's sums are opened anyway.
    """

    def start_slot(self, slot: int, taking_part: tuple[int, ...]) -> State:
        """The state before any sum of one site's slot; ``taking_part`` are the slots of all that take part."""

    def update_slots(
        self, totals: Mapping[int, Array], states: Mapping[int, Any]
    ) -> Mapping[int, State | Result | SummandError]:
        """From the sums of all slots to each slot's next state, its result, or what ended it."""


@runtime_checkable
class Method(Protocol):
    """A statistical method as four pure functions; see the module's docstring.

    ``name`` is what requests, agreements and the command line call it, ``title`` what a page does. A method that has a
    true ``by_person`` finds whose row each is in its batches (`summand.tables.PERSONS`); ``required`` (see
    `required_columns`) and ``rounds_max`` (see `rounds_max`) are optional too.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    @property
    def state_type(self) -> type[State]:
        """The type of its states."""

    @property
    def setting(self) -> Setting | None:
        """The study's setting, None until `under` gives one; read-only, so that frozen dataclasses are methods."""

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting; checks formula and parameters against the dictionary.

        Raises:
            FormulaInvalid, ColumnMissing: if they do not fit.
        """

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it: ``{"name": …, settings…}``, JSON values only."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request; every field checked, unknown ones refused.

        Raises:
            FormulaInvalid, UsageError: if the request is malformed.
        """

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, for the guard and the source."""

    @property
    def complete_cases(self) -> bool:
        """Whether a row with a missing value in `columns` is left out before the tally."""

    def parameter_count(self) -> int:
        """How many model parameters it estimates (0 for none), in its setting."""

    def start(self) -> State:
        """The state before any sum."""

    def layout(self, state: Any) -> Layout:
        """What a site will contribute at this state; depends on the state alone."""

    def tally(self, batch: Batch, state: Any, local: Local) -> Any:
        """One batch of rows -> a partial that may be added; an empty batch gives the neutral partial."""

    def condense(self, partial: Any, state: Any, local: Local) -> tuple[Array, Local]:
        """The site's partial -> its summand, shape (length(layout(state)),), and its new local memory."""

    def update(self, total: Array, state: Any) -> State | Result:
        """The sum of the sites' summands -> the next state, or the result.

        Raises:
            MethodError: with a diagnosis and advice, where the statistics say no.
            Refusal: where the limits forbid the result.
        """


def required_columns(method: Method) -> tuple[str, ...] | None:
    """The columns in which a row must have a value to be in the study; None if a row may lack any.

    All columns with ``complete_cases``; else those that the method's ``required`` names, such as its outcome.
    """
    if method.complete_cases:
        return method.columns
    return tuple(getattr(method, "required", ())) or None


def rounds_max(method: Method, usual: int) -> int:
    """After how many rounds a study that has not ended is stopped: a method that grows step by step needs more."""
    return max(int(getattr(method, "rounds_max", usual)), usual)
