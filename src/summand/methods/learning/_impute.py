"""Multiple imputation by chained equations: gaps are filled at the sites, models and their draws come from sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from summand.methods._placed import check_length
from summand.methods._protocol import Result, State, length
from summand.methods.learning._impute_analysis import after_linear, after_logistic
from summand.methods.learning._impute_counts import after_counts
from summand.methods.learning._impute_site import ImputeAtSite
from summand.methods.learning._impute_state import COUNT, FILL, ImputeState
from summand.methods.learning._impute_update import NEWTON_MAX, after_model
from summand.tables import Array


@dataclass(frozen=True)
class Impute(ImputeAtSite):
    """A linear or logistic regression over several fillings of what is missing, pooled by Rubin's rules.

    Each column with gaps has a model given the outcome and all other columns: linear for a number, logistic for two
    values. Cycle by cycle and column by column, every imputation sums its model over those who have the column, the
    coordinator draws parameters from their posterior by the seed, and each gap is filled with the model's prediction plus
    noise that is a hash of the row's own values. So what is filled stays at its site and is the same wherever the row is;
    all imputations go side by side. The analysis then runs on each filling at once. Rows without outcome, or without a
    category of more than two levels, are left out; filled numbers stay within the dictionary's range. Two people who
    agree in every column would be filled alike, so columns with too few different rows are refused.

    Args:
        formula: Such as ``num > 0 ~ age + chol + C(cp)``: columns alone. Logistic if the outcome has two values.
        imputations: How many, at least 2.
        cycles: How often each column is filled anew.
        auxiliary: Further columns that help to fill, but are not in the analysis.
        seed: Of draws and noise.

    Reveals: how many people lack each column; per round, for every imputation, sums of products of filled columns; and
        the pooled result. The estimates of a single imputation are in what the hub opens, not in the result.

    Raises:
        CohortTooSmall: from `update`, where an outcome class, a level or a value has too few people who have it.
        NotConverged, SingularInformation: from `update`.

    Source: van Buuren & Groothuis-Oudshoorn (2011), Journal of Statistical Software 45(3), §2.2; Rubin (1987), ch. 3, 5;
        von Hippel (2007), Sociological Methodology 37, for leaving out rows without outcome after it has helped.
    """

    title: ClassVar[str] = "Regression with multiple imputation"
    state_type: ClassVar[type[State]] = ImputeState
    complete_cases: ClassVar[bool] = False

    @property
    def rounds_max(self) -> int:
        """A round for each step with a number, some for each with two values, and some for the analysis."""
        return 2 + self.cycles * len(self.columns) * NEWTON_MAX + NEWTON_MAX

    def parameter_count(self) -> int:
        """How many coefficients the analysis has."""
        return len(self.design)

    def start(self) -> ImputeState:
        """Nothing known yet."""
        nothing = np.zeros(0)
        return ImputeState(COUNT, 0, (0,) * len(self.targets), np.zeros((len(self.targets), 2)), 0, nothing, nothing, 0)

    def update(self, total: Array, state: ImputeState) -> ImputeState | Result:
        """The next model, or the pooled result."""
        check_length(total, length(self.layout(state)))
        if state.phase == COUNT:
            return after_counts(self, total, state)
        q, m = self.width(state), self.imputations
        size = m * (1 + q if self.is_linear(state) else q)
        head, products = total[:size].reshape(m, -1), total[size:].reshape(m, -1)
        if state.phase == FILL:
            return after_model(self, head, products, state)
        return (
            after_linear(self, head, products, state)
            if self.indicator is None
            else after_logistic(self, head, products, state)
        )
