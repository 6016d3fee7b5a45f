"""Clusters that are treated as a whole: their sums by period, opened as cells of enough people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.errors import UsageError
from summand.methods.causes._periods import Values
from summand.tables import Array


@dataclass(frozen=True)
class Clustered:
    """Clusters by period.

    Attributes:
        counts, sums, squares: People, and outcome and its square summed, shape (clusters, periods); only clusters with
            anyone.
        groups: The group of each: the place of the first period of its treatment.
        labels: As a reader sees them.
    """

    counts: Array
    sums: Array
    squares: Array
    groups: tuple[int, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def tables(self) -> tuple[Array, Array, Array]:
        """People, sums and squares."""
        return self.counts, self.sums, self.squares

    def by_group(self, table: Array, groups: int) -> Array:
        """A table of clusters summed to groups, shape (groups, periods)."""
        member = np.zeros((groups, len(self)))
        member[list(self.groups), np.arange(len(self))] = 1.0
        return np.asarray(member @ table)

    def shares(self, counts: Array) -> Array:
        """The part of each cell's people that are in each cluster, shape (clusters, groups × periods)."""
        found = np.zeros((len(self), *counts.shape))
        found[np.arange(len(self)), list(self.groups)] = self.counts
        return (found / np.maximum(counts, 1.0)).reshape(len(self), -1)

    def deviations(self, means: Array) -> Array:
        """Each cluster's own mean less the cell's, 0 where it has nobody, shape (clusters, groups × periods)."""
        own = self.sums / np.maximum(self.counts, 1.0) - means[list(self.groups)]
        found = np.zeros((len(self), *means.shape))
        found[np.arange(len(self)), list(self.groups)] = np.where(self.counts > 0.0, own, 0.0)
        return found.reshape(len(self), -1)


def clusters_of(tables: list[Array], membership: Array, clusters: Values, groups: int) -> Clustered:
    """The clusters with anyone, each with its group.

    Args:
        tables: People, sums and squares by cluster and period.
        membership: People by cluster and group, flat.
        clusters: What they are.
        groups: How many groups there are.

    Raises:
        UsageError: where a cluster's people are not all treated from the same period on.
    """
    by_cluster = np.rint(membership).reshape(len(clusters), groups) > 0.0
    torn = np.flatnonzero(by_cluster.sum(axis=1) > 1)
    if len(torn):
        raise UsageError(
            f"The cluster {clusters.column} = {clusters.labels[int(torn[0])]} is treated from several periods on.",
            remedy="Choose clusters that are treated as a whole.",
        )
    present = np.asarray(by_cluster.any(axis=1))
    labels = tuple(label for label, here in zip(clusters.labels, present.tolist(), strict=True) if here)
    found = tuple(by_cluster[present].argmax(axis=1).tolist())
    return Clustered(tables[0][present], tables[1][present], tables[2][present], found, labels)
