"""Standard errors that do not trust the model: a sandwich of squared scores, by row, by person or by site.

With the information I at the maximum and a score ``u x`` of each row, the covariance of the coefficients is
``inverse(I) M inverse(I)``, where M sums outer products of scores: of each row's (``HC0``, ``HC1``), of each person's sum
(``cluster-person``) or of each site's sum (``cluster-site``). Persons live at one site, so that each of these is a sum over
sites of what a site finds alone: its clusters' scores never leave it.

A method that uses it tallies, at its maximum, an `Ending`: its own sums and the `Scores` of a batch; ``condense`` turns
these by `Scores.squares` into the numbers of `blocks`; ``update`` reads them by `read`, and `Sandwich` does the rest. With
one intercept for each site, scores are first made free of it (`_own_intercept`: ``ratio``).

Source: Huber (1967), Proc. Fifth Berkeley Symposium 1; White (1980), Econometrica 48(4), 817-838; clusters: Liang & Zeger
(1986), Biometrika 73(1), 13-22, and Cameron & Miller (2015), J. Human Resources 50(2), eqs 10-12 (corrections).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation, UsageError
from summand.methods._newton import symmetric, upper
from summand.methods._protocol import Block, Setting
from summand.tables import PERSONS, Array, Batch, Limits, Persons

MODEL, HC0, HC1, HC3 = "model", "HC0", "HC1", "HC3"
BY_SITE, BY_PERSON = "cluster-site", "cluster-person"
ERRORS = (MODEL, HC0, HC1, BY_SITE, BY_PERSON)
CLUSTERED = (BY_SITE, BY_PERSON)
FEW_CLUSTERS = 20
TOTAL_BITS = 52
"""Squares of cluster sums are scaled so that a total stays below two to this power."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of some rows of one site, as far as they may be added up: a partial.

    Attributes:
        kind: Which errors they are for.
        sums: ``HC…``: the upper triangle of the sum of ``u² x x'``; ``cluster-site``: rows, then the sum of ``u x``.
        persons: Which persons there are, ascending, shape (m,); empty but for ``cluster-person``.
        by_person: Their sums of ``u x``, shape (m, q).
    """

    kind: str
    sums: Array
    persons: Persons = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    by_person: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @classmethod
    def none(cls, kind: str, q: int) -> Scores:
        """Those of no rows, with q coefficients (the site's own intercept included)."""
        if kind == BY_PERSON:
            return cls(kind, np.zeros(0), by_person=np.zeros((0, q)))
        return cls(kind, np.zeros(1 + q if kind == BY_SITE else q * (q + 1) // 2))

    @classmethod
    def of(cls, kind: str, x: Array, score: Array) -> Scores:
        """Those of some rows, for errors by row or by site: x of shape (q, rows), score of shape (rows,)."""
        if kind == BY_SITE:
            return cls(kind, np.concatenate(([float(len(score))], x @ score)))
        scores = x * score
        return cls(kind, upper(scores @ scores.T))

    def __add__(self, other: Scores) -> Scores:
        persons = np.concatenate((self.persons, other.persons))
        sums = np.concatenate((self.by_person, other.by_person))
        grouped = _by_person(persons, sums) if len(persons) else (self.persons, self.by_person)
        return Scores(self.kind, self.sums + other.sums, *grouped)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Scores)
            and np.array_equal(self.sums, other.sums)
            and np.array_equal(self.persons, other.persons)
            and np.array_equal(self.by_person, other.by_person)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    def squares(self, scale: float, ratio: Array | None = None) -> Array:
        """What leaves the site: the upper triangle of its part of M, scaled, and how many clusters it has.

        Args:
            scale: That of `blocks`.
            ratio: ``I_βα / I_αα``, shape (q - 1,), where the first coefficient is the site's own intercept α.

        Returns:
            Shape (p(p+1)/2 + 1,) for clusters, one number less for rows.
        """
        if self.kind == BY_SITE:
            rows, score = self.sums[0], _free(self.sums[None, 1:], ratio)[0]
            return np.append(upper(np.outer(score, score)) * scale, float(rows > 0.0))
        if self.kind == BY_PERSON:
            scores = _free(self.by_person, ratio)
            return np.append(upper(scores.T @ scores) * scale, float(len(self.persons)))
        q = math.isqrt(2 * len(self.sums))
        square = symmetric(self.sums, q)
        if ratio is not None:  # (β - ratio α) M (β - ratio α)'
            free = np.hstack((-ratio[:, None], np.eye(q - 1)))
            square = free @ square @ free.T
        return upper(square) * scale


class Gathering:
    """Scores of one batch, chunk by chunk.

    Args:
        kind: Which errors they are for.
        q: How many coefficients, the site's own intercept included.
        rows: The rows of the batch.
    """

    def __init__(self, kind: str, q: int, rows: int) -> None:
        self._sum = Scores.none(kind, q)
        self._scores = np.empty((q, rows if kind == BY_PERSON else 0))
        self._rows = 0

    def add(self, x: Array, score: Array) -> None:
        """Some more rows: x of shape (q, rows), score of shape (rows,)."""
        if self._sum.kind == BY_PERSON:
            np.multiply(x, score, out=self._scores[:, self._rows : self._rows + len(score)])
            self._rows += len(score)
        else:
            self._sum = self._sum + Scores.of(self._sum.kind, x, score)

    def end(self, batch: Batch) -> Scores:
        """Those of all rows added, which were the batch's."""
        if self._sum.kind != BY_PERSON or not batch.rows:
            return self._sum
        persons = np.asarray(batch.columns[PERSONS], dtype=np.int64)
        return Scores(self._sum.kind, np.zeros(0), *_by_person(persons, self._scores.T))


def _free(scores: Array, ratio: Array | None) -> Array:
    """Scores without the own intercept's part, shape (m, p)."""
    return scores if ratio is None else scores[:, 1:] - np.outer(scores[:, 0], ratio)


def _by_person(persons: Persons, scores: Array) -> tuple[Persons, Array]:
    """Who there is, ascending, and the sums of their rows' scores, shape (m, q)."""
    found, place = np.unique(persons, return_inverse=True)
    sums = [np.bincount(place, weights=column, minlength=len(found)) for column in scores.T]
    return found, np.array(sums, dtype=np.float64).T.reshape(len(found), scores.shape[1])


@dataclass(frozen=True, eq=False)
class Ending:
    """A partial: a method's own sums at its maximum, and the scores there."""

    sums: Array
    scores: Scores

    def __add__(self, other: Ending) -> Ending:
        return Ending(self.sums + other.sums, self.scores + other.scores)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ending) and np.array_equal(self.sums, other.sums) and self.scores == other.scores

    __hash__ = None  # type: ignore[assignment]  # arrays can change


def blocks(kind: str, p: int, score_most: float, rows_max: int) -> tuple[tuple[Block, ...], float]:
    """The blocks of `Scores.squares`, and the power of two by which they are scaled.

    A row's score is at most ``score_most``. A cluster of m rows has a sum of at most m times that, whose square is at most
    m times ``rows_max · score_most²``.
    """
    size = p * (p + 1) // 2
    if kind not in CLUSTERED:
        return (Block("squared scores", "1", size, score_most**2, "how outcomes vary about their means"),), 1.0
    most = rows_max * score_most**2
    scale = 2.0 ** -max(0, math.ceil(math.log2(most * rows_max)) - TOTAL_BITS)
    who = "sites" if kind == BY_SITE else "people"
    return (
        Block("squared scores", "1", size, most * scale, f"how outcomes vary about their means, in sums by {who}"),
        Block("clusters", "1", 1, 1.0, f"how many {who} have anyone in the model"),
    ), scale


@dataclass(frozen=True)
class Sandwich:
    """The covariance of coefficients from squared scores.

    Attributes:
        kind: Which errors.
        middle: M, shape (p, p), unscaled.
        clusters: How many; 0 for rows.
    """

    kind: str
    middle: Array
    clusters: int

    @classmethod
    def read(cls, kind: str, total: Array, p: int, scale: float, limits: Limits) -> Sandwich:
        """From the numbers of `blocks` in a total.

        Raises:
            CohortTooSmall: where the limits ask for more clusters.
            SingularInformation: where there are fewer than two.
        """
        size = p * (p + 1) // 2
        clusters = round(float(total[size])) if kind in CLUSTERED else 0
        if kind in CLUSTERED:
            _check_clusters(kind, clusters, limits)
        return cls(kind, symmetric(total[:size], p) / scale, clusters)

    def covariance(self, inverse: Array, n: int, parameters: int) -> Array:
        """The sandwich between inverse informations, shape (p, p), corrected for small samples but for ``HC0``."""
        return np.asarray(inverse @ self.middle @ inverse * self._correction(n, parameters), dtype=np.float64)

    def _correction(self, n: int, parameters: int) -> float:
        if self.kind == HC1:
            return n / (n - parameters)
        if self.kind in CLUSTERED:
            return self.clusters / (self.clusters - 1) * ((n - 1) / (n - parameters))
        return 1.0

    def degrees_of_freedom(self, residual: float) -> float:
        """Of Student's t, where the method uses it."""
        return float(self.clusters - 1) if self.kind in CLUSTERED else residual

    @property
    def warnings(self) -> tuple[str, ...]:
        """That few clusters are few."""
        if not 0 < self.clusters < FEW_CLUSTERS:
            return ()
        what = "sites" if self.kind == BY_SITE else "people"
        return (f"Errors clustered by {self.clusters} {what} rest on few clusters, and tend to be too small.",)


def _check_clusters(kind: str, clusters: int, limits: Limits) -> None:
    what = "sites" if kind == BY_SITE else "people"
    # the squares of few sites' sums, which add up to zero, come near to telling each of them
    if clusters < limits.minimum_cell:
        raise CohortTooSmall(
            f"Errors clustered by {what} need at least {limits.minimum_cell} of them with anyone in the model.",
            remedy="Ask for errors='HC1', or for one intercept for each site (site='fixed').",
            clause="D.min_cell",
        )
    if clusters < 2:
        raise SingularInformation(
            f"Errors clustered by {what} need at least two of them.", remedy="Ask for errors='HC1'."
        )


def check_persons(kind: str, setting: Setting) -> None:
    """Persons can be told apart only where the dictionary says by what; and few sites' squares are not opened at all.

    How many sites have anyone in the model is known only beside the squares, and judged then (`Sandwich.read`).

    Raises:
        UsageError: if it does not.
        CohortTooSmall: if errors by site are asked of fewer sites than the limits ask for.
    """
    if kind == BY_SITE and setting.site_count > 1:
        _check_clusters(kind, setting.site_count, setting.limits)
    if kind == BY_PERSON and setting.dictionary.person_id is None:
        raise UsageError(
            "The dictionary names no person identifier, so rows cannot be clustered by person.",
            remedy="Name the column in the dictionary as 'x-person-id', or use errors='HC1': each row is one person.",
        )
