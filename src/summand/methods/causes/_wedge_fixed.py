"""Clusters with effects of their own taken out, and cluster-robust errors that hold with few of them.

Errors are Bell and McCaffrey's (CR2): a cluster's residuals are multiplied by ``(I − H_kk)^(-1/2)``, so that the variance
is unbiased where rows are independent and equally variable; degrees of freedom by Satterthwaite under the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.errors import SingularInformation
from summand.methods._newton import equations
from summand.methods.causes._wedge_random import Cells
from summand.tables import Array

# An eigenvalue of I − H below this is a direction that the cluster's own effect, or the fit, takes up entirely.
EIGENVALUE_MIN = 1e-9


@dataclass(frozen=True)
class FixedFit:
    """A fit.

    Attributes:
        beta: Shape (p,).
        covariance: CR2, shape (p, p).
        inverse: ``inverse(x'x)`` of the columns about their clusters' means.
        designs: Those columns times the root of the cell's people, by cluster, shape (cells, p) each.
        roots: ``(I − H_kk)^(-1/2)`` of each cluster.
    """

    beta: Array
    covariance: Array
    inverse: Array
    designs: tuple[Array, ...]
    roots: tuple[Array, ...]

    def freedom(self, contrast: Array) -> float:
        """Satterthwaite's degrees of freedom of one contrast's t."""
        along = [
            root @ design @ (self.inverse @ contrast) for root, design in zip(self.roots, self.designs, strict=True)
        ]
        projected = np.stack([design.T @ a for design, a in zip(self.designs, along, strict=True)])
        products = -projected @ self.inverse @ projected.T
        products[np.diag_indices(len(along))] += np.array([float(a @ a) for a in along])
        return float(np.trace(products) ** 2 / (products**2).sum())


def fit_fixed(clusters: list[Cells], terms: tuple[str, ...]) -> FixedFit:
    """Least squares with one effect for each cluster, on cells weighted by their people.

    Raises:
        SingularInformation: where a term is a combination of others and of the clusters' effects.

    Source: Bell & McCaffrey (2002), Survey Methodology 28(2); Pustejovsky & Tipton (2018), Journal of Business &
        Economic Statistics 36(4), eq. (5) to (12), and theorem 2 for effects that are taken out first.
    """
    designs, outcomes = [], []
    for cluster in clusters:
        share = cluster.n / cluster.n.sum()
        root = np.sqrt(cluster.n)
        designs.append((cluster.x - share @ cluster.x) * root[:, None])
        outcomes.append((cluster.y - share @ cluster.y) * root)
    products = np.asarray(sum(design.T @ design for design in designs))
    try:
        solver = equations(products, terms, np.eye(len(terms)), least=1e-9)
    except SingularInformation as singular:
        raise SingularInformation(
            f"With one effect for each cluster: {singular.message}",
            remedy="Use clusters='random', or take in clusters that were observed before and after their treatment.",
        ) from None
    beta = solver.solve(np.asarray(sum(d.T @ y for d, y in zip(designs, outcomes, strict=True))))
    inverse, meat, roots = solver.inverse, np.zeros_like(products), []
    for design, y in zip(designs, outcomes, strict=True):
        values, vectors = np.linalg.eigh(np.eye(len(y)) - design @ inverse @ design.T)
        kept = values > EIGENVALUE_MIN
        powers = np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
        root = (vectors * powers) @ vectors.T
        roots.append(root)
        score = design.T @ root @ (y - design @ beta)
        meat += np.outer(score, score)
    return FixedFit(beta, inverse @ meat @ inverse, inverse, tuple(designs), tuple(roots))
