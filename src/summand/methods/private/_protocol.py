"""What a private method has besides the four functions, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, runtime_checkable

from summand.errors import OwnProtocolError
from summand.methods._protocol import Local, Method, Result, Setting, State, required_columns
from summand.tables import Array


@runtime_checkable
class PrivateMethod(Protocol):
    """What a method must say before noise can protect it."""

    def share(self, state: Any) -> float:
        """The part of the method's privacy loss that this round costs; all rounds together cost 1."""

    def sensitivity(self, state: Any) -> float:
        """The most, in the Euclidean norm, that this round's vector changes when one person comes or leaves."""

    def update_noisy(self, total: Array, state: Any, sigma: float) -> State | Result:
        """As `Method.update`, of a total whose every number has noise of standard deviation ``sigma``."""


@dataclass(frozen=True)
class Private:
    """Base of the private methods: the request's method, whose formula and columns are read as ever."""

    inner: Any
    setting: Setting | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The method's name."""
        return str(self.inner.name)

    @property
    def title(self) -> str:
        """The method's title."""
        return str(self.inner.title)

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or settings do not fit the dictionary.
        """
        return replace(self, inner=self.inner.under(setting), setting=setting)

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return dict(self.inner.to_spec())

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The private method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        from summand.methods._registry import plain_from_spec

        return cls(plain_from_spec(spec))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(self.inner.columns)

    @property
    def complete_cases(self) -> bool:
        """Whether rows with a missing value are left out."""
        return bool(self.inner.complete_cases)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns in which a row must have a value."""
        inner: Method = self.inner
        return required_columns(inner) or ()

    def parameter_count(self) -> int:
        """How many parameters it estimates."""
        return int(self.inner.parameter_count())

    def condense(self, partial: Array, state: Any, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are: only then is the bound of a row the bound of a person."""
        return partial, {}

    def update(self, total: Array, state: Any) -> State | Result:  # noqa: ARG002
        """Never without knowing the noise: see `PrivateMethod.update_noisy`."""
        raise OwnProtocolError("A private method was given a total without its noise.", remedy="Report this defect.")
