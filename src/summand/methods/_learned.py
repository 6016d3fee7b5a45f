"""Terms that learn from data first: a phase of sums before any method whose formula has some.

One mechanism for every method with a formula: `learning_first` wraps it, sums what its curves need over all sites' people
(moments for ``poly``, histograms for the knots of ``ns``), writes the numbers found into the formula, and lets the
method go on as if they had been given. The method itself knows nothing of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._placed import check_length
from summand.methods._protocol import Block, Layout, Local, Method, Result, Setting, State, length
from summand.methods.formulas._formula import BYTES_MAX, Formula, parse
from summand.methods.formulas._learning import Known, Learner, learner_of
from summand.methods.formulas._terms import Curve
from summand.tables import Array, Batch

# The most bytes of a number in a formula's text, with what separates it from the next.
NUMBER_BYTES = 26


@dataclass(frozen=True)
class LearnedState(State):
    """What the terms know, and then the method's own state.

    Attributes:
        known: What each term has learned so far, as `Known`.
        fit: The method's state as JSON; empty while terms learn.
    """

    known: tuple[Any, ...]
    fit: dict[str, Any]

    @property
    def terms(self) -> tuple[Known, ...]:
        """What each term has learned so far."""
        return tuple(Known(*fields) for fields in self.known)


def formulas_of(method: Method) -> dict[str, Formula]:
    """The formulas of a method by the field that holds them: every text with a ``~`` that is one."""
    found = {}
    for field in dataclasses.fields(cast(Any, method)):
        text = getattr(method, field.name)
        if isinstance(text, str) and "~" in text:
            with contextlib.suppress(FormulaInvalid):  # a level's name may hold a tilde; the method has checked its own
                found[field.name] = parse(text)
    return found


def curves_of(method: Method) -> tuple[Curve, ...]:
    """The terms of a method's formulas that learn from data, none twice."""
    return tuple(dict.fromkeys(curve for formula in formulas_of(method).values() for curve in formula.unlearned))


def learning_first(method: Method) -> Method:
    """The method itself, or one that learns the terms of its formula first."""
    # a method in all but this: name and title are the wrapped method's, so of an instance and not of the class
    return cast(Method, LearnedTerms(method)) if curves_of(method) else method


@dataclass(frozen=True)
class LearnedTerms:
    """A method whose formula has terms that learn from data: they learn, then it runs.

    Reveals: for ``poly(x, k)``, twice, sums of powers of x up to 2k over all people (in an orthogonal form); for
        ``ns(x, df)``, pooled histograms that narrow down on its knots; where quantiles may only be bands, one histogram
        of at most 128 bins, and knots between the edges of bands that hold at least ``minimum_cell`` people each.
    """

    method: Method

    @property
    def name(self) -> str:
        """The method's name."""
        return self.method.name

    @property
    def title(self) -> str:
        """The method's title."""
        return self.method.title

    @property
    def state_type(self) -> type[State]:
        """The type of its states."""
        return LearnedState

    @property
    def setting(self) -> Setting | None:
        """The study's setting."""
        return self.method.setting

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the method reads."""
        return self.method.columns

    @property
    def complete_cases(self) -> bool:
        """Whether the method leaves out rows with a missing value."""
        return self.method.complete_cases

    @property
    def by_person(self) -> bool:
        """Whether the method asks whose row each is."""
        return bool(getattr(self.method, "by_person", False))

    def under(self, setting: Setting) -> Self:
        """The method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula and dictionary do not fit, or too many numbers are to be learned.
        """
        placed = dataclasses.replace(self, method=self.method.under(setting))
        numbers = sum(curve.numbers_wanted for curve in placed.curves)
        for formula in formulas_of(self.method).values():
            if len(str(formula).encode()) + NUMBER_BYTES * numbers > BYTES_MAX:
                raise FormulaInvalid("Too many numbers are to be learned.", remedy="Choose fewer curves, or fewer df.")
        placed.learners  # noqa: B018 — says now what does not fit
        return placed

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return self.method.to_spec()

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        from summand.methods._registry import plain_from_spec

        return cls(plain_from_spec(spec))

    def parameter_count(self) -> int:
        """How many parameters the method estimates."""
        return self.method.parameter_count()

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The terms that learn."""
        return curves_of(self.method)

    @cached_property
    def learners(self) -> tuple[Learner, ...]:
        """How each of `curves` learns in this setting."""
        setting = self.method.setting
        assert setting is not None
        return tuple(learner_of(curve, setting.dictionary, setting.limits) for curve in self.curves)

    def start(self) -> LearnedState:
        """Nothing learned yet."""
        return LearnedState(tuple(Known() for _ in self.curves), {})

    def layout(self, state: LearnedState) -> Layout:
        """What the terms need, then what the method needs."""
        if state.fit:
            return self._fitted(state).layout(self._inner(state))
        return tuple(block for _, blocks in self._open(state) for block in blocks)

    def _open(self, state: LearnedState) -> list[tuple[int, tuple[Block, ...]]]:
        """The terms that still learn, by place, with their blocks."""
        pairs = enumerate(zip(self.learners, state.terms, strict=True))
        return [(place, learner.layout(known)) for place, (learner, known) in pairs if not known.done]

    def tally(self, batch: Batch, state: LearnedState, local: Local) -> Any:
        """One batch's sums for the terms, or the method's partial."""
        if state.fit:
            return self._fitted(state).tally(batch, self._inner(state), local)
        sums = []
        for place, _ in self._open(state):
            values = batch.number(self.curves[place].column)
            sums.append(self.learners[place].tally(values[~np.isnan(values)], state.terms[place]))
        return np.concatenate(sums)

    def condense(self, partial: Any, state: LearnedState, local: Local) -> tuple[Array, Local]:
        """The terms' sums as they are, or the method's summand."""
        if state.fit:
            return self._fitted(state).condense(partial, self._inner(state), local)
        return partial, {}

    def update(self, total: Array, state: LearnedState) -> LearnedState | Result:
        """What the terms know next; when all is known, the method's own start; then its states and its result.

        Raises:
            SingularInformation: where a column has too few distinct values for a term.
            MethodError, Refusal: as the method does.
        """
        if state.fit:
            return self._after(self._fitted(state).update(total, self._inner(state)), state)
        check_length(total, length(self.layout(state)))
        known, at = list(state.terms), 0
        for place, blocks in self._open(state):
            size = length(blocks)
            known[place] = self.learners[place].update(total[at : at + size], known[place])
            at += size
        state = LearnedState(tuple(known), {})
        if not all(term.done for term in known):
            return state
        return dataclasses.replace(state, fit=self._fitted(state).start().to_json())

    def _after(self, after: State | Result, state: LearnedState) -> LearnedState | Result:
        if isinstance(after, State):
            return dataclasses.replace(state, fit=after.to_json())
        values, warnings = dict(after.values), list(after.warnings)
        for learner, known in zip(self.learners, state.terms, strict=True):
            values.setdefault(learner.told_as, []).extend(learner.told(known))
            warnings += learner.warnings
        return Result(after.method, values, tuple(warnings))

    @cached_property
    def _with_numbers(self) -> dict[tuple[tuple[float, ...], ...], Method]:
        """The method by the numbers written into its formulas; the last one only is kept."""
        return {}

    def _fitted(self, state: LearnedState) -> Method:
        """The method with the learned numbers in its formulas."""
        numbers = tuple(known.numbers for known in state.terms)
        fitted = self._with_numbers.get(numbers)
        if fitted is None:
            self._with_numbers.clear()
            found = dict(zip(self.curves, numbers, strict=True))
            texts = {name: str(formula.learned(found)) for name, formula in formulas_of(self.method).items()}
            setting = self.method.setting
            assert setting is not None
            fitted = cast(Method, dataclasses.replace(cast(Any, self.method), **texts).under(setting))
            self._with_numbers[numbers] = fitted
        return fitted  # not read again: another thread may have cleared it meanwhile

    def _inner(self, state: LearnedState) -> State:
        return self._fitted(state).state_type.from_json(state.fit)
