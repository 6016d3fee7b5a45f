"""What a method must bring to inherit every law: a `Case` in a `CASES` list of a module ``cases_*.py`` beside this one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from summand.methods import Method, Setting
from summand.tables import NO_LIMITS, Batch, Dictionary, Limits


@dataclass(frozen=True)
class Case:
    """One method on one kind of data.

    Attributes:
        name: Shown by the tests.
        method: Without a setting.
        dictionary: Of the data.
        draw: ``draw(rng, rows)`` makes complete rows within the dictionary's ranges; with at least ``rows_min`` rows
            the method must find a result.
        rows_min: As many rows as make a result sure.
        limits: Under which it runs.
        tolerance: Largest difference, relative to 1 + |value|, between any split into sites and the pooled result.
        one_row_bounds: Whether the law of bounds is checked on summands of few rows (not where a partial is a set).
        sites_matter: Whether the split into sites is part of the model (site effects): then only a split of the rows
            *within* sites must leave the result as it is.
    """

    name: str
    method: Method
    dictionary: Dictionary
    draw: Callable[[np.random.Generator, int], Batch]
    rows_min: int = 60
    limits: Limits = NO_LIMITS
    tolerance: float = 1e-8
    one_row_bounds: bool = True
    sites_matter: bool = False

    @property
    def setting(self) -> Setting:
        """The study's setting for this case."""
        return Setting(self.dictionary, self.limits, rows_max=100_000, site_count=4)

    @property
    def ready(self) -> Method:
        """The method in its setting."""
        return self.method.under(self.setting)


def all_cases() -> list[Case]:
    """The cases of every ``cases_*.py`` in this folder."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))
    return [case for name in names for case in importlib.import_module(name).CASES]
