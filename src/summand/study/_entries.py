"""What stands in the ledger: one small JSON object an entry, big things by their hash.

Rules of this format: a type is never removed and never changes its meaning; new fields are optional.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from summand.encoding import canonical

ENTRY_TYPES = {
    "agreement.executed": "An agreement with all its signatures came to the federation.",
    "agreement.event": "An agreement changed its state: suspended, resumed, terminated.",
    "site.certified": "An organisation certified its site's service key.",
    "study.request": "An analyst's signed request, with its approvals.",
    "study.decision": "A site's signed decision, with its reasons.",
    "entry.part": "A part of the next entry that is longer than one leaf holds.",
    "study.cohort": "The sites of a study signed their list, keys and threshold.",
    "round.opened": "A round's exact broadcast, by its hash.",
    "round.certified": "Who uploaded in a round that lost a site, and the signatures on it.",
    "round.summed": "The sites' signed upload hashes of a round, and the hash of the total.",
    "study.result": "A result, by its hash, before anybody but the sites and the hub has seen it.",
    "study.confirmed": "A site recomputed the result from the last total and signed its hash.",
    "study.answered": "A study asked what an earlier one had, of the same rows: that one's result stands for both.",
    "study.released": "The result was released to the analyst, once enough sites have cosigned a checkpoint over this.",
    "study.witnessed": "The checkpoints over a release with the sites' cosignatures: enough of them.",
    "study.ended": "A study ended without a result, and why.",
    "goal.measured": "A goal of an agreement was measured, from a study or with evidence.",
    "goal.rebased": "A known change from which a goal's limits start anew, with its reason.",
    "goal.attached": "A study of cause and change was attached to a goal.",
    "relationship.answered": "A party answered the survey on its partners; the answers by their hash.",
    "relationship.measured": "What the survey on the partners says, as far as it may be shown.",
    "backup.tested": "A backup plan was tested, with its outcome.",
    "governance.act": "An act of governance: a motion, a vote, a dispute, a task.",
    "site.stopped": "A data holder stopped its site: it answers no study from then on.",
    "site.resumed": "A data holder lifted the stop of its site.",
    "ledger.alarm": "A site signed that it was shown two histories of this ledger, and names both checkpoints.",
    "settlement.statement": "A settlement statement, by its hash.",
    "settlement.act": "An act about money or inventions: a contribution, a grant, income, a disclosure.",
}


def entry(kind: str, **fields: Any) -> bytes:
    """The canonical bytes of one entry, stamped with the current time (UTC)."""
    return canonical({"type": kind, "at": datetime.now(UTC).isoformat(timespec="seconds"), **fields})
