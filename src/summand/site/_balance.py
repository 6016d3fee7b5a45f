"""The privacy account as its site's people read it: one balance for each dataset and agreement with a budget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from summand.disclosure import epsilon_of, rho_of
from summand.site._budget import BudgetAccount, period_start
from summand.site._folder import STATE, SiteFolder
from summand.site._store import SiteStore
from summand.study import budget_of, rho_left


def balances(folder: SiteFolder, today: datetime | None = None) -> list[dict[str, Any]]:
    """The balances of a site as JSON values.

    Losses are zero-concentrated, ``rho``, and add up; each is also told as the epsilon that it is at the agreement's delta.
    Every study of a dataset counts against every agreement that has it.
    """
    now = today or datetime.now(UTC)
    store = SiteStore(folder.path / STATE)
    try:
        account, found = BudgetAccount(store), []
        for digest, signed in sorted(folder.agreements().items()):
            agreement = signed.agreement
            if agreement.privacy.budget is None:
                continue
            epsilon, delta = budget_of(agreement, folder.party)
            since = period_start(agreement, now.date())
            for dataset in agreement.datasets:
                if dataset.holder != folder.party:
                    continue
                spent = account.spent(dataset.id, since)
                studies = [
                    {**study, "epsilon": epsilon_of(study["rho"], delta)} for study in account.studies(dataset.id)
                ]
                found.append(
                    {
                        "dataset": dataset.id, "agreement": digest, "title": agreement.title, "epsilon": epsilon,
                        "delta": delta, "rho": rho_of(epsilon, delta), "since": since.date().isoformat(),
                        "rho_spent": spent.rho, "rho_left": rho_left(agreement, folder.party, spent),
                        "epsilon_spent": epsilon_of(spent.rho, delta), "studies": studies,
                    }
                )  # fmt: skip
        return found
    finally:
        store.close()
