"""k-means clustering by Lloyd's algorithm: people and sums by nearest centre, over all sites."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import CohortTooSmall, NotConverged, SingularInformation, UsageError
from summand.methods import _spec
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.learning import _kmeans_steps as steps
from summand.methods.learning import _numbers
from summand.methods.learning._numbers import SLACK
from summand.tables import Array, Batch, Column, Count

CLUSTERS_MAX, STARTS_MAX = 50, 50
CELLS_PER_CLUSTER, CELLS_MIN = 10, 64
ITERATIONS_MAX = 150
# Centres that move less than this part of the largest deviation stand still.
MOVE_MAX = 1e-12
VARIANCE_MIN = 1e-24
MEANS, SPREAD, SKETCH, LLOYD, JUDGE = "means", "spread", "sketch", "lloyd", "judge"


@dataclass(frozen=True)
class KMeansState(State):
    """Where the clustering stands.

    Attributes:
        phase: ``means``, ``spread``, ``sketch``, ``lloyd`` or ``judge``.
        n: Rows over all sites.
        means: Of the columns scaled by the dictionary, shape (p,).
        factors: What their deviations are multiplied by, at most 1: shape (p,).
        unit: What a distance is divided by to be in the unit asked for.
        spread: Sum of squared distances to the mean.
        centres: Of each start, shape (starts, clusters, p).
        people: At the centres before, shape (starts, clusters).
        within: Sum of squared distances there, shape (starts,).
        open: Which starts still move.
        iterations: How often the centres of each start have moved.
    """

    phase: str
    n: int
    means: Array
    factors: Array
    unit: float
    spread: float
    centres: Array
    people: Array
    within: Array
    open: tuple[bool, ...]
    iterations: tuple[int, ...]


@dataclass(frozen=True)
class KMeans(Placed):
    """Clusters of rows around centres, from several starts at once, equal to Lloyd's algorithm on the pooled rows.

    Each round gives people and sums of the columns by nearest centre, whose quotients are the next centres, until they
    stand still. Of several starts the one with the least sum of squared distances is told. The seeds come from sums too:
    points are drawn around the pooled mean, people and means are summed by nearest point, and k-means++ draws its seeds
    among these means, each counted with its people. A centre that nobody is near to stays where it is.

    Args:
        variables: Numeric columns; all of the dictionary's if none.
        clusters: How many.
        starts: From how many sets of seeds.
        scale: ``sd``: columns count by their standard deviations; ``range``: by half the dictionary's ranges; ``none``: as
            they are.
        seed: Of the draws.
        initial: The first centres, by cluster a number for each column, in place of seeds.

    Reveals: means, standard deviations and, per round, people and means by nearest point or centre, over all sites.
        Under limits nobody's cell of fewer than the minimum cell becomes a seed, and no such cluster is released; the
        totals that the hub opens may have such cells.

    Raises:
        CohortTooSmall: from `update`, where every start ends with a cluster of too few people.
        SingularInformation: from `update`, where a column does not vary and counts by its deviation.
        NotConverged: from `update`.

    Source: Lloyd (1982), IEEE Transactions on Information Theory 28(2); see `_kmeans_steps` for seeds and silhouettes.
    """

    variables: tuple[str, ...] = ()
    clusters: int = 3
    starts: int = 10
    scale: str = "sd"
    seed: int = 1
    initial: tuple[tuple[float, ...], ...] = ()
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "kmeans"
    title: ClassVar[str] = "k-means clustering"
    state_type: ClassVar[type[State]] = KMeansState
    complete_cases: ClassVar[bool] = True
    scales: ClassVar[tuple[str, ...]] = ("sd", "range", "none")

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        object.__setattr__(self, "initial", tuple(tuple(map(float, centre)) for centre in self.initial))
        if self.initial and len(self.initial) != self.clusters:
            raise UsageError("There are not as many first centres as clusters.", remedy="Give one for each.")

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if a column is no number, or first centres do not fit the columns.
        """
        method = dataclasses.replace(self, setting=setting)
        if any(len(centre) != len(method.numbers) for centre in self.initial):
            raise UsageError("A first centre has not one number for each column.", remedy="Give as many as columns.")
        given = np.array(self.initial)
        if self.initial and bool((np.abs((given - method._mid) / method._half_widths) > SLACK).any()):
            raise UsageError(
                "A first centre lies outside the columns' ranges.", remedy="Begin within the dictionary's."
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "columns": list(self.variables), "clusters": self.clusters, "starts": self.starts,
            "scale": self.scale, "seed": self.seed, "initial": [list(centre) for centre in self.initial],
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "clusters", "starts", "scale", "seed", "initial"))
        return cls(
            _spec.names(settings.get("columns", []), "columns"),
            _spec.whole(settings, "clusters", 3, 2, CLUSTERS_MAX),
            _spec.whole(settings, "starts", 10, 1, STARTS_MAX),
            _spec.choice(settings, "scale", cls.scales),
            _spec.whole(settings, "seed", 1, 0, 2**31 - 1),
            _centres(settings.get("initial", [])),
        )

    @cached_property
    def numbers(self) -> tuple[Column, ...]:
        """The columns, as the dictionary has them."""
        return _numbers.numeric_columns(self.placed.dictionary, self.variables)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads; without ``variables``, those of the dictionary once it has a setting."""
        return self.variables if self.setting is None else tuple(column.name for column in self.numbers)

    @cached_property
    def _half_widths(self) -> Array:
        return np.array([column.half_width for column in self.numbers])

    @cached_property
    def _mid(self) -> Array:
        return np.array([column.centre for column in self.numbers])

    @property
    def _cells(self) -> int:
        return max(CELLS_PER_CLUSTER * self.clusters, CELLS_MIN)

    def parameter_count(self) -> int:
        """How many coordinates of centres it estimates."""
        return self.clusters * len(self.numbers)

    # ── the four functions ───────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> KMeansState:
        """Nothing known yet."""
        p, nothing = len(self.numbers), np.zeros(0)
        return KMeansState(MEANS, 0, np.zeros(p), np.ones(p), 1.0, 0.0, nothing, nothing, nothing, (), ())

    def layout(self, state: KMeansState) -> Layout:
        """Sums; squares; then people and sums by cell, each deviation from the mean being at most 2."""
        p, k = len(self.numbers), self.clusters
        if state.phase == MEANS:
            return _numbers.moment_blocks(self.numbers)
        if state.phase == SPREAD:
            return (Block("squares", "1", p, 4.0 * SLACK, "how much each column varies"),)
        far = 16.0 * SLACK * p
        if state.phase == JUDGE:
            return (
                Block("distances", "1", k, far, "how far people are from their centres"),
                Block("silhouettes", "1", k, 1.0, "how much nearer they are to their own than to the next"),
            )
        cells = self._cells if state.phase == SKETCH else sum(state.open) * k
        blocks = [Block("people and sums", "1", cells * (1 + p), 2.0 * SLACK, "people and means by nearest centre")]
        if state.phase == LLOYD:
            blocks.append(Block("distances", "1", sum(state.open), far, "how far people are from their centres"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: KMeansState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """The sums of one batch of complete rows, in the layout's order."""
        if state.phase == MEANS:
            return _numbers.moments(batch, self.numbers)
        total = np.zeros(length(self.layout(state)))
        points = self._points(state) if state.phase == SKETCH else np.zeros(0)
        for rows in _numbers.chunks(batch.rows):
            z = _numbers.scaled(batch, self.numbers, rows)
            z -= state.means[:, np.newaxis]
            if state.phase == SPREAD:
                total += (z * z).sum(axis=1)
                continue
            z *= state.factors[:, np.newaxis]
            if state.phase == SKETCH:
                total += steps.cell_sums(z, steps.nearest(z, points), len(points)).reshape(-1)
            else:
                total += self._lloyd(z, state) if state.phase == LLOYD else self._judged(z, state)
        return total

    def _lloyd(self, z: Array, state: KMeansState) -> Array:
        sums, within = [], []
        for centres in state.centres[list(state.open)]:
            places = steps.nearest(z, centres)
            sums.append(steps.cell_sums(z, places, len(centres)).reshape(-1))
            within.append(steps.distances(z, centres, places).sum())
        return np.concatenate([*sums, within])

    def _judged(self, z: Array, state: KMeansState) -> Array:
        (centres,) = state.centres
        places = steps.nearest(z, centres)
        own = steps.distances(z, centres, places)
        told = (own, steps.silhouettes(z, centres, places, own))
        return np.concatenate([np.bincount(places, weights=values, minlength=len(centres)) for values in told])

    def _points(self, state: KMeansState) -> Array:
        """Around which the sketch sums: drawn about the mean, half as far again as people lie, shape (cells, p)."""
        p = len(self.numbers)
        deviations = np.full(p, np.sqrt(state.spread / state.n / p)) if self.scale != "sd" else np.ones(p) * state.unit
        return 1.5 * deviations * steps.drawn(self._cells, p, self.seed)

    def condense(self, partial: Array, state: KMeansState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: KMeansState) -> KMeansState | Result:
        """The next step, or the result."""
        check_length(total, length(self.layout(state)))
        if state.phase == MEANS:
            return self._after_means(total, state)
        if state.phase == SPREAD:
            return self._after_spread(total, state)
        if state.phase == SKETCH:
            return self._after_sketch(total, state)
        return self._moved(total, state) if state.phase == LLOYD else self._result(total, state)

    def _after_means(self, total: Array, state: KMeansState) -> KMeansState:
        n, least = round(total[0]), self.clusters * max(self.placed.limits.minimum_cell, 1)
        if n < least:
            raise CohortTooSmall(
                f"Fewer than {least} people have a value in every column, too few for {self.clusters} clusters.",
                remedy="Ask for fewer clusters or columns.",
            )
        _numbers.check_two_valued(total, self.numbers, self.placed.limits)
        return dataclasses.replace(state, phase=SPREAD, n=n, means=total[1:] / n)

    def _after_spread(self, total: Array, state: KMeansState) -> KMeansState:
        variances = total / state.n
        for column, variance in zip(self.numbers, variances.tolist(), strict=True):
            if self.scale == "sd" and variance <= VARIANCE_MIN:
                raise SingularInformation(
                    f"The column '{column.name}' does not vary: nobody differs in it.",
                    remedy="Leave it out, or use another scale.",
                )
        factors = {"sd": lambda: 1.0 / np.sqrt(variances), "range": lambda: np.ones(len(total)), "none": self._raw}
        wanted = np.asarray(factors[self.scale]())
        unit = 1.0 / float(wanted.max())
        state = dataclasses.replace(
            state, phase=SKETCH, factors=wanted * unit, unit=unit, spread=float((total * (wanted * unit) ** 2).sum())
        )
        if not self.initial:
            return state
        given = (np.array(self.initial) - self._mid) / self._half_widths - state.means
        return self._begun(state, (given * state.factors)[np.newaxis])

    def _raw(self) -> Array:
        return self._half_widths

    def _after_sketch(self, total: Array, state: KMeansState) -> KMeansState:
        cells = total.reshape(self._cells, -1)
        filled = cells[np.rint(cells[:, 0]) >= max(self.placed.limits.minimum_cell, 1)]
        if len(filled) < self.clusters:
            raise CohortTooSmall(
                f"People lie in fewer than {self.clusters} places that are far enough apart to begin from.",
                remedy="Ask for fewer clusters, or give first centres.",
            )
        people = np.rint(filled[:, 0])
        points = filled[:, 1:] / people[:, np.newaxis]
        seeds = [steps.seeded(points, people, self.clusters, self.seed + 1000 * k) for k in range(self.starts)]
        return self._begun(state, np.array(seeds))

    def _begun(self, state: KMeansState, centres: Array) -> KMeansState:
        starts = len(centres)
        return dataclasses.replace(
            state, phase=LLOYD, centres=centres, people=np.zeros(centres.shape[:2]), within=np.zeros(starts),
            open=(True,) * starts, iterations=(0,) * starts,
        )  # fmt: skip

    def _moved(self, total: Array, state: KMeansState) -> KMeansState:
        moving = np.flatnonzero(state.open)
        p, k = len(self.numbers), self.clusters
        sums = total[: len(moving) * k * (1 + p)].reshape(len(moving), k, 1 + p)
        centres, people, within = state.centres.copy(), state.people.copy(), state.within.copy()
        still_open, iterations = list(state.open), list(state.iterations)
        for place, own, distance in zip(moving.tolist(), sums, total[len(total) - len(moving) :], strict=True):
            people[place], within[place] = np.rint(own[:, 0]), distance
            has = people[place] > 0
            following = centres[place].copy()
            following[has] = own[has, 1:] / people[place][has, np.newaxis]
            if np.abs(following - centres[place]).max() <= MOVE_MAX:
                still_open[place] = False
                continue
            centres[place] = following
            iterations[place] += 1
            if iterations[place] > ITERATIONS_MAX:
                raise NotConverged(
                    f"The centres still move after {ITERATIONS_MAX} steps.", remedy="Ask for other clusters or a seed."
                )
        state = dataclasses.replace(
            state, centres=centres, people=people, within=within, open=tuple(still_open), iterations=tuple(iterations)
        )
        return state if any(still_open) else self._chosen(state)

    def _chosen(self, state: KMeansState) -> KMeansState:
        """The best start whose clusters all have enough people, largest cluster first."""
        enough = state.people.min(axis=1) >= max(self.placed.limits.minimum_cell, 1)
        if not enough.any():
            raise CohortTooSmall(
                f"From every start a cluster has fewer than {max(self.placed.limits.minimum_cell, 1)} people.",
                remedy="Ask for fewer clusters, or begin elsewhere.",
                clause="D.min_cell" if self.placed.limits.minimum_cell > 1 else None,
            )
        least = float(np.where(enough, state.within, np.inf).min())
        # of several equal to rounding, the first
        best = int(np.argmax(enough & (state.within <= least * (1.0 + 1e-9) + 1e-300)))
        order = np.lexsort((state.centres[best, :, 0], -state.people[best]))
        return dataclasses.replace(
            state, phase=JUDGE, centres=state.centres[best : best + 1, order], people=state.people[best : best + 1, order],
            open=tuple(k == best for k in range(len(state.open))),
        )  # fmt: skip

    def _check_shares(self, people: Array, centres: Array) -> None:
        """A centre of a column with two values is the share of one, and tells how many of the cluster have it.

        Raises:
            CohortTooSmall: under limits, where these or the others are few, naming the column and not the count.
        """
        least = self.placed.limits.minimum_cell
        for place in _numbers.two_valued(self.numbers) if least > 1 else ():
            column = self.numbers[place]
            low, high = _numbers.values_of(column)
            have = people * (centres[:, place] - low) / (high - low)
            if float(np.minimum(have, people - have).min()) < least - 0.5:
                raise CohortTooSmall(
                    f"Fewer than {least} people of a cluster have one of the two values of '{column.name}'.",
                    remedy="Leave this column out, or ask for fewer clusters.",
                    clause="D.min_cell",
                )

    def _result(self, total: Array, state: KMeansState) -> Result:
        k, area = self.clusters, 1.0 / state.unit**2
        people, within, silhouettes = state.people[0], total[:k], total[k:]
        centres = self._mid + self._half_widths * (state.means + state.centres[0] / state.factors)
        self._check_shares(people, centres)
        clusters = [
            {
                "cluster": str(i + 1),
                "n": Count(round(people[i])),
                "within_ss": float(within[i]) * area,
                "silhouette": float(silhouettes[i] / people[i]),
            }
            for i in range(k)
        ]
        best = state.open.index(True)
        return Result(
            self.name,
            {
                "clusters": clusters,
                "centres": [
                    {"column": column.name, **{f"cluster {i + 1}": float(centres[i, j]) for i in range(k)}}
                    for j, column in enumerate(self.numbers)
                ],
                "within_ss": float(within.sum()) * area,
                "total_ss": state.spread * area,
                "explained": 1.0 - float(within.sum()) / state.spread if state.spread > 0.0 else None,
                "silhouette": float(silhouettes.sum()) / state.n,
                "scale": self.scale,
                "starts": [
                    {"start": s + 1, "within_ss": float(w) * area, "iterations": i, "chosen": s == best}
                    for s, (w, i) in enumerate(zip(state.within, state.iterations, strict=True))
                ],
                "converged": True,
            },
        )


def _centres(value: Any) -> tuple[tuple[float, ...], ...]:
    """First centres.

    Raises:
        UsageError: if they are no list of lists of numbers.
    """
    if not isinstance(value, (list, tuple)) or len(value) > CLUSTERS_MAX:
        raise UsageError("The setting 'initial' is no list of centres.", remedy="Write [[63, 140], [48, 120]].")
    for centre in value:
        if not isinstance(centre, (list, tuple)) or len(centre) > _numbers.COLUMNS_MAX:
            raise UsageError("A first centre is no list of numbers.", remedy="Write [[63, 140], [48, 120]].")
        if not all(isinstance(x, (int, float)) and not isinstance(x, bool) and abs(x) < 1e300 for x in centre):
            raise UsageError("A first centre is no list of numbers.", remedy="Write [[63, 140], [48, 120]].")
    return tuple(tuple(float(x) for x in centre) for centre in value)
