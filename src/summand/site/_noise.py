"""A site's noise: set aside, rounded, drawn, added; nothing of a private round leaves the site without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from summand.agreement import Agreement
from summand.disclosure import discrete_gaussian, require_sampler
from summand.errors import DataError, TotalWouldOverflow
from summand.site._budget import period_start
from summand.study import Plan, Program, SignedStudy, Spent
from summand.tables import Array

if TYPE_CHECKING:
    from summand.site._agent import Agent

EXACT_MAX = 2.0**53


def require_private(agent: Agent, plan: Plan) -> None:
    """Refuse where noise cannot be drawn here, or one person may be several rows.

    Raises:
        UsageError: if the sampler is not installed.
        DataError: if the unit of privacy is a patient and somebody has several rows.
    """
    if plan.privacy is None:
        return
    require_sampler()
    report = agent.source(Program(plan)).check()
    if plan.privacy.unit == "patient" and report.rows != report.people:
        raise DataError(
            f"The file holds {report.rows} rows of {report.people} people; the privacy budget is for each patient.",
            clause="E.budget",
            remedy="Bring one row for each person.",
            public=f"The data of {agent.site} do not hold one row for each person, which the privacy budget is about.",
        )


def spent(agent: Agent, study: SignedStudy, agreement: Agreement) -> Spent:
    """What the studies of the dataset that this site would bring have cost in the current period."""
    own = [
        dataset.id
        for dataset in agreement.datasets
        if dataset.id in study.request.datasets
        and (dataset.holder == agent.party if agent.dataset is None else dataset.id == agent.dataset)
    ]
    if agreement.privacy.budget is None or len(own) != 1:
        return Spent()
    return agent.budget.spent(own[0], period_start(agreement, agent.now().date()), without=study.request.study_id)


def spend(agent: Agent, program: Program, state: dict[str, Any], round_number: int) -> None:
    """Write down what a round costs, before a row is read; before the first, what the whole study does.

    Raises:
        BudgetExceeded: if the dataset's people would bear more than the agreement lets them.
    """
    plan, found = program.plan, program.noise(state)
    if found is None or plan.privacy is None:
        return
    if round_number == 0:
        agreement = agent.agreement(plan.request.agreement_hash).agreement
        dataset = plan.dataset_of[agent.site]
        agent.budget.reserve(plan.study_id, dataset, agreement, agent.party, plan.privacy.rho, agent.now())
    noise, where = found
    agent.budget.spend(plan.study_id, round_number, noise, int(np.count_nonzero(where)))


def commit(agent: Agent, program: Program, round_number: int) -> None:
    """Write down that this site is about to give its shares of a round; nothing where there is no account."""
    if program.plan.privacy is not None:
        agent.budget.commit(program.plan.study_id, round_number)


def with_noise(program: Program, state: dict[str, Any], summand: Array) -> tuple[Array, Array | None]:
    """A site's sums rounded to the round's grid, and its part of the noise; both add without any rounding.

    Returns:
        The sums, and the noise or None where the agreement asks for none; each of shape (length,).

    Raises:
        TotalWouldOverflow: if the sums have more digits above the grid than float64 holds.
    """
    found = program.noise(state)
    if found is None:
        return summand, None
    noise, where = found
    steps = np.rint(summand[where] / noise.grid)
    if steps.size and float(np.abs(steps).max()) >= EXACT_MAX:
        raise TotalWouldOverflow(
            "The sums of this study are too large beside its noise.", remedy="Narrow the ranges in the dictionary."
        )
    rounded, drawn = summand.copy(), np.zeros(summand.size)
    rounded[where] = steps * noise.grid
    drawn[where] = draw(noise.own_scale, int(np.count_nonzero(where))) * noise.grid
    return rounded, drawn


def draw(scale: float, size: int) -> Array:
    """The noise in steps of the grid; tests put their own in its place."""
    return discrete_gaussian(scale, size).astype(np.float64)
