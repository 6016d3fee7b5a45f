"""How a curve's numbers are learned from sums: knots at quantiles, and the recurrence of orthogonal polynomials."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol

from summand.methods._protocol import Layout
from summand.methods.formulas._formula_tree import Polynomial
from summand.methods.formulas._terms import Curve
from summand.tables import Array, Dictionary, Limits


class Known(NamedTuple):
    """What a term has learned so far, as JSON holds it.

    Attributes:
        numbers: Its numbers; while it learns, those it goes on from.
        order: Order statistics still sought or found, as (rank, first key, span, below).
        done: Whether it has learned all.
    """

    numbers: tuple[float, ...] = ()
    order: tuple[tuple[int, int, int, int], ...] = ()
    done: bool = False


class Learner(Protocol):
    """How one term learns: a small method of its own, over the values of one column."""

    told_as: ClassVar[str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of its numbers."""

    def layout(self, known: Known) -> Layout:
        """What a site sums next."""

    def tally(self, values: Array, known: Known) -> Array:
        """The sums over values without NaN, shape (rows,)."""

    def update(self, total: Array, known: Known) -> Known:
        """What is known after a sum.

        Raises:
            SingularInformation: where the column has too few distinct values.
        """

    def told(self, known: Known) -> list[dict[str, Any]]:
        """The records of a result that say what was learned."""


def learner_of(curve: Curve, dictionary: Dictionary, limits: Limits) -> Learner:
    """How a term learns over a dictionary's column, as exactly as the limits allow.

    Raises:
        FormulaInvalid: if the limits do not allow it to be told what it learns.
    """
    from summand.methods.formulas._learning_knots import KnotLearner
    from summand.methods.formulas._learning_polynomials import PolynomialLearner

    column = dictionary[curve.column]
    if isinstance(curve, Polynomial):
        learner = PolynomialLearner(curve, column)
        learner.check(limits)
        return learner
    return KnotLearner(curve, column, limits)
