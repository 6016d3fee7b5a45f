"""The decision: no objection from any check, or a refusal with all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from summand.agreement import CONSENT, SignedAgreement
from summand.errors import Refusal, SummandError
from summand.guard._budget import budget
from summand.guard._case import Case, Objections, Release
from summand.guard._contents import consent, datasets, method, purpose, release
from summand.guard._decision import Decision, Reason
from summand.guard._released import answer_of_record, judged_models, one_site_fewer
from summand.guard._standing import approvals, fresh, in_force, requester, same_agreement
from summand.guard._veto import not_vetoed
from summand.study import History, SignedStudy, Spent

Check = Callable[[Case], Objections]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("A, O", same_agreement),
    ("N", in_force),
    ("B", requester),
    ("", fresh),
    ("C", purpose),
    ("D", datasets),
    ("D", consent),
    ("D", method),
    ("D", release),
    ("E", budget),
    ("D", one_site_fewer),
    ("D", judged_models),
    ("F, H", approvals),
    ("H", not_vetoed),
)
"""All checks, with the clauses that they enforce; a fresh request is no clause, but what makes its signature count."""


def decide(
    study: SignedStudy,
    agreement: SignedAgreement,
    history: History,
    *,
    site: str,
    federation: str,
    at: datetime,
    dataset: str | None = None,
    allow_trial: bool = False,
    releases: tuple[Release, ...] = (),
    spent: Spent = Spent(),  # noqa: B008 — frozen
) -> Decision:
    """Whether this site takes part in a study, with every reason if not. Pure: reads no file, clock or network.

    Args:
        study: The request with its approvals, as the hub passed it on; nothing in it is believed unsigned.
        agreement: The site's own copy, with the parties' signatures.
        history: The site's own replica of the ledger.
        site: The party that this site belongs to.
        federation: The origin of the ledger that the site keeps a replica of.
        at: Now, with a time zone.
        dataset: The one of its party's datasets that this site plays in a trial; else the one that the party holds.
        allow_trial: Whether the profile ``trial`` may run: only where one owner computes in one process.
        releases: What this site remembers of released studies that it took part in.
        spent: What the studies of this site's dataset have cost of the privacy budget in the current period.
    """
    case = Case(study, agreement, history, site, dataset, federation, at, allow_trial, releases, spent)
    objections = [error for _, check in CHECKS for error in _objections(check, case)]
    decision = Decision(
        permitted=not objections,
        reasons=tuple(dict.fromkeys(map(Reason.of, objections))),
        study_id=study.request.study_id,
        request_hash=study.hash,
        agreement_hash=case.agreement.hash,
        site=case.site,
        tree_size=history.tree_size,
        root_hash=history.root_hash,
        decided_at=at,
    )
    if objections:
        return decision
    plan, own = case.plan, case.own[0]
    return replace(
        decision,
        dataset=own.id,
        columns=plan.method.columns,
        method_spec=plan.method.to_spec(),
        limits=plan.limits,
        rows_max=own.rows_max,
        answered_by=answer_of_record(case),
        privacy=None if plan.privacy is None else plan.privacy.to_dict(),
        obligations=tuple(
            f"{CONSENT[item.code].obligation} {item.parameter or ''}".strip()
            for item in own.consent_codes
            if CONSENT[item.code].obligation
        ),
    )


def _objections(check: Check, case: Case) -> list[SummandError]:
    """What a check objects to; a check that breaks objects, so that no defect here ever permits a study."""
    found: list[SummandError] = []
    try:
        for objection in check(case):
            found.append(objection)  # noqa: PERF402  # what came before an exception counts too
    except SummandError as error:
        found.append(error)
    except Exception:
        found.append(
            Refusal(
                f"The check '{check.__name__}' could not be made on this request.",
                remedy="Look at the request for what is malformed; if nothing is, report this defect.",
            )
        )
    return found
