"""What the federation found beside the pooled fit of an independent library."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TOLERANCE = 1e-8
"""Largest relative difference in a coefficient or standard error that counts as the same."""
CURVE_TOLERANCE = 1e-12
"""Largest difference between two survival probabilities that count as the same: rounding of a product of 200 factors."""
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """One number both ways.

    Attributes:
        name: What it is, such as ``sex`` or ``age``.
        kind: ``estimate``, ``std_error``, ``statistic``, ``mean``, ``sd``, ``count``, ``survival``, ``median``, ``auc``.
        federated, pooled: From the federation, and from the library on the pooled records.
        difference: Relative difference; for ``survival`` the largest absolute difference of the two curves.
    """

    name: str
    kind: str
    federated: float
    pooled: float
    difference: float


@dataclass(frozen=True)
class Comparison:
    """One study against its pooled fit.

    Attributes:
        study: The study's short name.
        library: The library and its version.
        leaf_index: Where the result stood in the ledger before the library was given the records.
        score_max: The largest component of the library's score at its estimate, None where nothing is fitted.
        pairs: Every number compared.
        difference_max: The largest difference among them.
        tolerance: What counts as the same.
    """

    study: str
    library: str
    leaf_index: int
    score_max: float | None
    pairs: tuple[Pair, ...]
    difference_max: float
    tolerance: float

    @property
    def is_same(self) -> bool:
        """Whether every number is the same within the tolerance, and at least one was compared."""
        return bool(self.pairs) and self.difference_max <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {**asdict(self), "pairs": [asdict(pair) for pair in self.pairs], "is_same": self.is_same}


def compare(study: str, fit: str, federated: Fields, pooled: Fields, leaf_index: int) -> Comparison:
    """Put a released result beside the answer of the reference process.

    Args:
        study: The study's short name.
        fit: Which fit of `summand.demo.reference` it is.
        federated: ``StudyResult.to_dict()``.
        pooled: The reference's answer.
        leaf_index: Where the result stands in the ledger.
    """
    pairs = tuple(_PAIRS[fit](federated, pooled))
    tolerance = CURVE_TOLERANCE if fit == "km" else TOLERANCE
    largest = max((pair.difference for pair in pairs), default=0.0)
    return Comparison(study, str(pooled["library"]), leaf_index, pooled.get("score_max"), pairs, largest, tolerance)


def relative_difference(one: float, other: float) -> float:
    """The difference as a share of ``other``; of 1 where ``other`` is 0."""
    return abs(one - other) / (abs(other) or 1.0)


def curve_difference(one: Fields, other: Fields) -> float:
    """The largest difference of two survival curves as step functions, over the times of both.

    Each is ``{"time": […], "survival": […]}``, times rising; before its first time a curve is at 1.
    """
    times = sorted({*one["time"], *other["time"]})
    return max((abs(_at(one, time) - _at(other, time)) for time in times), default=0.0)


def _at(curve: Fields, time: float) -> float:
    position = bisect_right(curve["time"], time)
    return float(curve["survival"][position - 1]) if position else 1.0


def _terms(federated: Fields, pooled: Fields) -> Iterator[Pair]:
    mine = {row["term"]: row for row in federated["terms"]}
    for row in pooled["terms"]:
        for kind in ("estimate", "std_error"):
            yield _pair(row["term"], kind, mine[row["term"]][kind], row[kind])


def _columns(federated: Fields, pooled: Fields) -> Iterator[Pair]:
    theirs = {row["column"]: row for row in pooled["columns"]}
    for row in federated["columns"]:
        other = theirs[row["column"]]
        for kind, name in (("count", "n"), ("count", "missing"), ("mean", "mean"), ("sd", "sd")):
            if isinstance(row.get(name), (int, float)):
                yield _pair(f"{row['column']}: {name}", kind, row[name], other[name])


def _curves(federated: Fields, pooled: Fields) -> Iterator[Pair]:
    mine = {str(row["group"]): row for row in federated["groups"]}
    for row in pooled["groups"]:
        own = mine[row["group"]]
        last = row["curve"]["survival"][-1]
        at_end = own["curve"]["survival"][-1]
        yield Pair(row["group"], "survival", at_end, last, curve_difference(own["curve"], row["curve"]))
        yield _pair(row["group"], "median", own["median"], row["median"])


def _logrank(federated: Fields, pooled: Fields) -> Iterator[Pair]:
    for kind in ("statistic", "p_value"):
        yield _pair("log-rank", kind, federated[kind], pooled[kind])


def _own_models(federated: Fields, pooled: Fields) -> Iterator[Pair]:
    for model in pooled["models"]:
        own = federated["by_site"].get(model["site"], {})
        for pair in _terms(own, model) if "terms" in model and own.get("terms") else ():
            yield Pair(f"{model['site']}: {pair.name}", pair.kind, pair.federated, pair.pooled, pair.difference)


def _pair(name: str, kind: str, federated: float, pooled: float) -> Pair:
    return Pair(name, kind, float(federated), float(pooled), relative_difference(float(federated), float(pooled)))


_PAIRS: dict[str, Callable[[Fields, Fields], Iterator[Pair]]] = {
    "describe": _columns,
    "km": _curves,
    "logrank": _logrank,
    "cox_strata": _terms,
    "cox_pooled": _terms,
    "logistic": _terms,
    "own_models": _own_models,
}


def largest(comparisons: Sequence[Comparison], kinds: tuple[str, ...]) -> float | None:
    """The largest difference over all comparisons among numbers of these kinds; None if there are none."""
    found = [pair.difference for item in comparisons for pair in item.pairs if pair.kind in kinds]
    return max(found, default=None)
