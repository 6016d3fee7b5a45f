"""Principal components: the directions in which numeric columns vary most, from summed cross-products."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods import _spec
from summand.methods._newton import symmetric, upper
from summand.methods._placed import Placed, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.learning import _numbers
from summand.methods.learning._numbers import COLUMNS_MAX, SLACK
from summand.tables import Array, Batch, Column

# Two variances closer than this, relative to the largest, leave their directions to rounding.
GAP_MIN = 1e-7
# A variance below this part of a column's range squared is rounding.
VARIANCE_MIN = 1e-24


@dataclass(frozen=True)
class PcaState(State):
    """What is known so far.

    Attributes:
        round: 0 before the means are known.
        n: Rows over all sites.
        means: Of the scaled columns, shape (p,).
    """

    round: int
    n: int
    means: Array


@dataclass(frozen=True)
class PrincipalComponents(Placed):
    """Principal components of numeric columns, equal to those of the pooled rows.

    With S the covariance matrix (divisor n − 1) or the correlation matrix, the components are the eigenvectors of S by
    falling eigenvalue. Cross-products are summed about the pooled means, in a second round, and corrected by what the
    rounding of those means leaves: ``Σ (x−m)(x−m)' − n δ δ'`` with ``δ`` the mean of ``x − m``. The largest loading of
    each component is positive.

    Args:
        variables: Numeric columns; all of the dictionary's if none.
        scale: ``correlation``: each column counts by its standard deviation; ``covariance``: in its own unit.
        components: How many are told; 0 for all.

    Reveals: the means, and the covariance of every pair of columns, over all sites.

    Raises:
        SingularInformation: from `update`, where a column does not vary and is to be divided by its deviation.
        CohortTooSmall: from `update`, where a column of two values has too few people with one of them.

    Source: Jolliffe (2002), Principal Component Analysis, 2nd ed., §§ 1.1, 2.3; Chan, Golub & LeVeque (1983), The
        American Statistician 37(3), for the corrected two passes.
    """

    variables: tuple[str, ...] = ()
    scale: str = "correlation"
    components: int = 0
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "pca"
    title: ClassVar[str] = "Principal components"
    state_type: ClassVar[type[State]] = PcaState
    complete_cases: ClassVar[bool] = True
    scales: ClassVar[tuple[str, ...]] = ("correlation", "covariance")

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if a column is no number, or there are fewer than two.
        """
        method = dataclasses.replace(self, setting=setting)
        method.numbers  # noqa: B018
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        settings = {"columns": list(self.variables), "scale": self.scale, "components": self.components}
        return {"name": self.name, **settings}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("columns", "scale", "components"))
        return cls(
            _spec.names(settings.get("columns", []), "columns"),
            _spec.choice(settings, "scale", cls.scales),
            _spec.whole(settings, "components", 0, 0, COLUMNS_MAX),
        )

    @cached_property
    def numbers(self) -> tuple[Column, ...]:
        """The columns, as the dictionary has them."""
        return _numbers.numeric_columns(self.placed.dictionary, self.variables, least=2)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads; without ``variables``, those of the dictionary once it has a setting."""
        return self.variables if self.setting is None else tuple(column.name for column in self.numbers)

    @property
    def told(self) -> int:
        """How many components are told."""
        return min(self.components or len(self.numbers), len(self.numbers))

    def parameter_count(self) -> int:
        """How many loadings it estimates."""
        return len(self.numbers) * self.told

    def start(self) -> PcaState:
        """Nothing known yet."""
        return PcaState(0, 0, np.zeros(len(self.numbers)))

    def layout(self, state: PcaState) -> Layout:
        """Sums first; then deviations and their products, each deviation being at most 2."""
        if state.round == 0:
            return _numbers.moment_blocks(self.numbers)
        p = len(self.numbers)
        return (
            Block("deviations", "1", p, 2.0 * SLACK, "rounding left in the means"),
            Block("products", "1", p * (p + 1) // 2, 4.0 * SLACK, "how the columns go together"),
        )

    def tally(self, batch: Batch, state: PcaState, local: Local) -> Array:  # noqa: ARG002 — no local memory
        """Rows and sums of a batch; then deviations from the means and the upper triangle of their products."""
        if state.round == 0:
            return _numbers.moments(batch, self.numbers)
        p = len(self.numbers)
        sums, products = np.zeros(p), np.zeros((p, p))
        for rows in _numbers.chunks(batch.rows):
            deviation = _numbers.scaled(batch, self.numbers, rows)
            deviation -= state.means[:, np.newaxis]
            sums += deviation.sum(axis=1)
            products += deviation @ deviation.T
        return np.concatenate((sums, upper(products)))

    def condense(self, partial: Array, state: PcaState, local: Local) -> tuple[Array, Local]:  # noqa: ARG002
        """The site's sums as they are."""
        return partial, {}

    def update(self, total: Array, state: PcaState) -> PcaState | Result:
        """The means, then the components."""
        check_length(total, length(self.layout(state)))
        if state.round > 0:
            return self._result(total, state)
        n = round(total[0])
        if n < 2:
            raise CohortTooSmall("Fewer than two people have a value in every column.", remedy="Choose fewer columns.")
        _numbers.check_two_valued(total, self.numbers, self.placed.limits)
        return PcaState(1, n, total[1:] / n)

    def _result(self, total: Array, state: PcaState) -> Result:
        p = len(self.numbers)
        left = total[:p] / state.n
        covariance = (symmetric(total[p:], p) / state.n - np.outer(left, left)) * (state.n / (state.n - 1))
        half_widths = np.array([column.half_width for column in self.numbers])
        centres = np.array([column.centre for column in self.numbers])
        deviations = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        if self.scale == "correlation":
            self._check_varies(deviations)
            matrix = covariance / np.outer(deviations, deviations)
        else:
            matrix = covariance * np.outer(half_widths, half_widths)
        variances, loadings, warnings = _components(matrix, self.told)
        total_variance = float(np.trace(matrix))
        means = centres + half_widths * (state.means + left)
        return Result(
            self.name,
            {
                "components": _variance_rows(variances, total_variance),
                "loadings": [
                    {"column": column.name, "mean": mean, "sd": sd, **_loadings(row)}
                    for column, mean, sd, row in zip(
                        self.numbers, means.tolist(), (deviations * half_widths).tolist(), loadings, strict=True
                    )
                ],
                "scale": self.scale,
                "total_variance": total_variance,
            },
            warnings,
        )

    def _check_varies(self, deviations: Array) -> None:
        for column, deviation in zip(self.numbers, deviations.tolist(), strict=True):
            if deviation**2 <= VARIANCE_MIN:
                raise SingularInformation(
                    f"The column '{column.name}' does not vary: nobody differs in it.",
                    remedy="Leave it out, or use scale='covariance'.",
                )


def _components(matrix: Array, told: int) -> tuple[Array, list[list[float | None]], tuple[str, ...]]:
    """Eigenvalues by falling size, shape (told,), and by column the loadings; None where two variances are equal.

    Where two eigenvalues agree to rounding, any rotation of their vectors is as good, so none is told.
    """
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    size = np.abs(vectors)
    # of several that are largest to rounding, the first: so that two machines choose the same sign
    leading = np.argmax(size >= (1.0 - 1e-6) * size.max(axis=0), axis=0)
    vectors = vectors * np.sign(vectors[leading, np.arange(len(values))])
    gaps = np.append(values[:-1] - values[1:], np.inf) <= GAP_MIN * max(float(values[0]), 1e-300)
    vague = (gaps | np.append(False, gaps[:-1]))[:told]
    told_rows = [[None if v else x for x, v in zip(row[:told], vague, strict=True)] for row in vectors.tolist()]
    named = ", ".join(f"PC{k + 1}" for k in np.flatnonzero(vague).tolist())
    warnings = (f"{named} explain equally much, so their directions are not determined.",) if named else ()
    return values[:told], told_rows, warnings


def _variance_rows(variances: Array, total: float) -> list[dict[str, Any]]:
    rows, reached = [], 0.0
    for place, variance in enumerate(variances.tolist()):
        reached += variance
        row = {"component": f"PC{place + 1}", "variance": variance, "sd": variance**0.5}
        rows.append({**row, "proportion": _part(variance, total), "cumulative": _part(reached, total)})
    return rows


def _part(variance: float, total: float) -> float | None:
    return variance / total if total > 0.0 else None


def _loadings(row: list[float | None]) -> dict[str, float | None]:
    return {f"PC{place + 1}": loading for place, loading in enumerate(row)}
