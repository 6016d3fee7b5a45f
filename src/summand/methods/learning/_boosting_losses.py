"""The losses that boosting makes smaller, in units in which every number is bounded before data are read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.tables import Array

# Beyond this a probability is 0 or 1 to ten digits and more: margins are cut there, so that losses are bounded.
MARGIN_MAX = 30.0


@dataclass(frozen=True)
class Loss:
    """A loss of a margin F and an outcome y, with its first two derivatives in F.

    ========  =================  ======================  ==================  ============
    name      y                  loss                    gradient            curvature
    ========  =================  ======================  ==================  ============
    logistic  0 or 1             log(1 + e^∓F)           p - y               p (1 - p)
    squared   in [-1, 1]         (F - y)^2               F - y               1
    poisson   in [0, 1]          2 (y log(y/m) - y + m)  m - y               m
    ========  =================  ======================  ==================  ============

    with ``p = 1 / (1 + e^-F)`` and ``m = e^F``. The numeric outcomes are scaled by the dictionary: ``centre`` and
    ``half_width`` take them there and back. A mean never leaves the outcome's own range.

    Source: Friedman (2001), Annals of Statistics 29(5), §4; Chen & Guestrin (2016), KDD, eq. (2), for two derivatives.
    """

    name: str
    centre: float = 0.0
    half_width: float = 1.0

    @property
    def metric(self) -> str:
        """What the loss is called in a result."""
        return {"logistic": "log_loss", "squared": "mean_squared_error", "poisson": "poisson_deviance"}[self.name]

    @property
    def loss_unit(self) -> float:
        """What takes a loss back to the outcome's own unit."""
        return {"logistic": 1.0, "squared": self.half_width**2, "poisson": self.half_width}[self.name]

    @property
    def loss_bound(self) -> float:
        """The most that a row's loss may be."""
        return {"logistic": MARGIN_MAX + 1.0, "squared": 4.5, "poisson": 2.0 * MARGIN_MAX + 4.0}[self.name]

    @property
    def gradient_bound(self) -> float:
        """The most that a row's gradient may be."""
        return 2.0 if self.name == "squared" else 1.0

    def clipped(self, margin: Array) -> Array:
        """Margins whose mean the outcome may have."""
        low, high = {"logistic": (-MARGIN_MAX, MARGIN_MAX), "squared": (-1.0, 1.0), "poisson": (-MARGIN_MAX, 0.0)}[
            self.name
        ]
        return np.clip(margin, low, high)

    def start(self, mean: float) -> float:
        """The margin that fits everybody at once, of a mean outcome that is no end of its range."""
        if self.name == "logistic":
            return math.log(mean / (1.0 - mean))
        return mean if self.name == "squared" else math.log(mean)

    def mean(self, margin: Array) -> Array:
        """The mean outcome of a margin, on the loss's own scale."""
        margin = self.clipped(margin)
        if self.name == "logistic":
            return 1.0 / (1.0 + np.exp(-margin))
        return margin if self.name == "squared" else np.exp(margin)

    def gradients(self, margin: Array, y: Array) -> tuple[Array, Array]:
        """First and second derivative in the margin, each of shape (rows,)."""
        mean = self.mean(margin)
        if self.name == "logistic":
            return mean - y, mean * (1.0 - mean)
        return mean - y, (np.ones(len(y)) if self.name == "squared" else mean)

    def losses(self, margin: Array, y: Array) -> Array:
        """The loss of every row."""
        margin = self.clipped(margin)
        if self.name == "logistic":
            signed = np.where(y > 0.5, margin, -margin)
            return np.asarray(np.log1p(np.exp(-np.abs(signed))) - np.minimum(signed, 0.0))
        if self.name == "squared":
            return np.asarray((margin - y) ** 2)
        logs = np.log(np.where(y > 0.0, y, 1.0)) - np.where(y > 0.0, margin, 0.0)
        return np.asarray(2.0 * np.maximum(y * logs - y + np.exp(margin), 0.0))
