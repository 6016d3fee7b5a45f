"""Studies that were released before: which questions are the same, and which cohorts to compare.

The people of a study are those with a value in every column that it requires, so a cohort is a set of columns. A method
that leaves rows out column by column has, besides everybody, one cohort for each column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from summand.encoding import canonical, sha256_hex
from summand.errors import PeerProtocolError
from summand.methods import Method, required_columns
from summand.methods import from_spec as method_from_spec
from summand.study._request import StudyRequest

EVERYBODY = ""
"""The label of a study's whole cohort; the others are called as their column."""
COMPARISONS_MAX = 20_000
_STUDY = re.compile(r"[0-9a-f]{32}")

Comparison = tuple[str, str]
"""An earlier study and the label of the cohorts that are compared."""


@dataclass(frozen=True)
class CohortShape:
    """What tells a study's cohorts apart.

    Attributes:
        columns: The columns it reads, sorted.
        by_column: Whether a row may lack some of them, so that each column has a cohort of its own.
    """

    columns: tuple[str, ...]
    by_column: bool

    @classmethod
    def of(cls, method: Method) -> CohortShape:
        """The shape of a method's cohorts; the method in its setting."""
        columns = tuple(sorted(set(method.columns)))
        return cls(columns, set(required_columns(method) or ()) < set(columns))

    @property
    def labels(self) -> tuple[str, ...]:
        """Everybody, then each column with a cohort of its own."""
        return (EVERYBODY, *(self.columns if self.by_column else ()))

    def compared_with(self, earlier: CohortShape) -> tuple[str, ...]:
        """The labels under which this study's cohorts are compared with an earlier one's.

        Everybody with everybody; and the people of each column that both tell about, where either leaves rows out
        column by column.
        """
        if not (self.by_column or earlier.by_column):
            return (EVERYBODY,)
        return (EVERYBODY, *sorted(set(self.columns) & set(earlier.columns)))


def question_of(request: StudyRequest) -> str:
    """SHA-256 (hex) of what is asked: two requests with the same one have the same answer while the rows are the same.

    Who asks, why, when and under which title changes no number, so it is left out; the order of datasets too. The method
    counts as it is read, so that a setting left out and its default given are one question.
    """
    asked = {
        "agreement": request.agreement_hash,
        "datasets": sorted(request.datasets),
        "method": method_from_spec(request.method).to_spec(),
        "release_level": request.release_level,
        "disclosure_profile": request.disclosure_profile,
        **({} if request.epsilon is None else {"epsilon": request.epsilon}),
    }
    return sha256_hex(canonical(asked))


def question_anywhere(request: StudyRequest) -> str:
    """As `question_of`, whichever datasets are asked."""
    asked = {"agreement": request.agreement_hash, "method": method_from_spec(request.method).to_spec()}
    return sha256_hex(canonical(asked))


def read_comparisons(value: Any) -> tuple[Comparison, ...]:
    """The comparisons in a state of round zero.

    Raises:
        PeerProtocolError: if they are malformed.
    """
    if not isinstance(value, list) or len(value) > COMPARISONS_MAX:
        raise _malformed()
    found = []
    for item in value:
        if not isinstance(item, list) or len(item) != 2 or not all(isinstance(part, str) for part in item):
            raise _malformed()
        if not _STUDY.fullmatch(item[0]):
            raise _malformed()
        found.append((item[0], item[1]))
    if len(set(found)) != len(found):
        raise _malformed()
    return tuple(found)


def comparisons(shape: CohortShape, earlier: Iterable[tuple[str, CohortShape]]) -> tuple[Comparison, ...]:
    """All comparisons of a study with earlier ones."""
    return tuple((study, label) for study, known in earlier for label in shape.compared_with(known))


def as_state(found: Sequence[Comparison]) -> list[list[str]]:
    """The comparisons as JSON values."""
    return [list(item) for item in found]


def _malformed() -> PeerProtocolError:
    return PeerProtocolError("The list of earlier studies is malformed.", remedy="Update the older of the programs.")
