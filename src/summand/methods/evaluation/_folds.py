"""What travels while every site is left out once: a fit for each, on the others, in its own state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from summand.errors import PeerProtocolError
from summand.methods._protocol import State

STATE, TERMS, FAILED = "state", "terms", "failed"


@dataclass(frozen=True)
class Fold:
    """The fit that leaves one site out.

    Attributes:
        slot: The site that is left out, by its slot.
        kind: ``state`` while it is fitted, then ``terms``, or ``failed``.
        content: The inner method's state, its coefficients by term, or the error as others may see it.
    """

    slot: int
    kind: str
    content: Any

    @property
    def is_open(self) -> bool:
        """Whether it is not yet fitted."""
        return self.kind == STATE


@dataclass(frozen=True)
class FoldsState(State):
    """What is known so far, and whose slot this is.

    Attributes:
        own: The slot of the site that reads this state.
        folds: One for each site that takes part, in the order of their slots.
        is_judging: Whether the site judges the model that was fitted without it.
    """

    own: int
    folds: tuple[Fold, ...]
    is_judging: bool

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values."""
        folds = [{"slot": f.slot, f.kind: f.content.to_json() if f.is_open else f.content} for f in self.folds]
        return {"own": self.own, "folds": folds, "is_judging": self.is_judging}

    @classmethod
    def reading(cls, fields: Any, inner: type[State]) -> Self:
        """The state behind `to_json`, its fits in states of the inner method's type.

        Raises:
            PeerProtocolError: if it is malformed.
        """
        try:
            folds = tuple(_fold(given, inner) for given in fields["folds"])
            return cls(int(fields["own"]), folds, bool(fields["is_judging"]))
        except (KeyError, TypeError, ValueError):
            raise PeerProtocolError("A state of left-out sites is malformed.", remedy="Send it again.") from None

    def fold(self, slot: int) -> Fold:
        """The fit that leaves a site out."""
        return next(fold for fold in self.folds if fold.slot == slot)

    def fitted_here(self) -> tuple[Fold, ...]:
        """The open fits to which this site adds: all but its own."""
        return tuple(fold for fold in self.folds if fold.is_open and fold.slot != self.own)


def _fold(given: Mapping[str, Any], inner: type[State]) -> Fold:
    (kind,) = set(given) - {"slot"}
    readers: dict[str, Callable[[Any], Any]] = {STATE: inner.from_json, TERMS: dict, FAILED: dict}
    return Fold(int(given["slot"]), kind, readers[kind](given[kind]))


@dataclass(frozen=True)
class Pieces:
    """What a site adds up for each open fit, or its scores and outcomes: lists that add piece by piece, or join."""

    arrays: tuple[Any, ...]
    joins: bool

    def __add__(self, other: Pieces) -> Pieces:
        from numpy import concatenate

        pairs = zip(self.arrays, other.arrays, strict=True)
        return Pieces(tuple(concatenate(pair) if self.joins else pair[0] + pair[1] for pair in pairs), self.joins)
