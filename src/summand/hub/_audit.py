"""Released studies at the hub: which of them a new cohort is compared with, and a result that is given again.

The hub only lists; every site looks whether a study is missing that it took part in, and decides by itself whether its
rows are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from summand.encoding import dump, parse
from summand.errors import SummandError
from summand.hub import _store as rows
from summand.hub._study import Running
from summand.study import CohortShape, Plan, Program, SignedStudy, comparisons
from summand.study.messages import result_hash

if TYPE_CHECKING:
    from summand.hub._convener import Convener
    from summand.hub._rounds import Rounds


def audited_program(convener: Convener, tx: Connection, running: Running) -> Program:
    """The study's program, with the released cohorts that its own is compared with."""
    if not running.plan.is_compared:
        return Program(running.plan)
    own, asked = CohortShape.of(running.plan.method), set(running.plan.request.datasets)
    earlier = [(study, shape) for study, datasets, shape in _released(convener, tx) if asked & datasets]
    return Program(running.plan, comparisons(own, earlier))


def _released(convener: Convener, tx: Connection) -> list[tuple[str, set[str], CohortShape]]:
    """Every released study under limits: its datasets and what tells its cohorts apart; read once."""
    known = convener.released_shapes
    for row in rows.study_rows(tx):
        if row.status != "released" or row.id in known:
            continue
        known[row.id] = None
        try:
            signed = SignedStudy.from_dict(parse(row.request))
            plan = Plan.of(signed, convener.agreement(signed.request.agreement_hash).agreement)
        except SummandError:
            continue  # of an older version: the sites that know it say so
        if plan.is_compared and not rows.has_entry(tx, f"{row.id}/answered"):
            known[row.id] = (set(plan.request.datasets), CohortShape.of(plan.method))
    return [(study, *found) for study, found in known.items() if found is not None]


def answer_again(rounds: Rounds, tx: Connection, running: Running) -> bool:
    """End a study with an earlier one's result, where every site says that this is the very same question.

    Returns:
        Whether it ended so; if a single site's rows have changed, the study runs.
    """
    named = {rounds.read_decision(running, message)["answered_by"] for message in running.received.values()}
    if len(named) != 1 or (earlier := named.pop()) is None:
        return False
    row = rows.study_row(tx, earlier)
    if row is None or row.status != "released" or row.result is None:
        return False
    result = parse(row.result.encode())
    if "sealed" in result:
        return False  # sealed to one request's key: the sites work it out anew
    rounds.release_again(tx, running, earlier, dump(result).decode(), result_hash(result))
    return True
