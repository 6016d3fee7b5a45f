"""How the partners decide: motions, votes, vetoes, disputes, permits, threads and tasks, read from the ledger alone.

Promise: every act is a statement that its author signed; what was decided is a pure fold of these statements with the
clock passed in, so that everybody who holds the ledger comes to the same result. A recused party is nowhere in quorum,
weights or count; a data holder's veto over its own data holds whatever the others vote, and its own site's guard obeys it;
an act that does not count is listed with the reason, never dropped in silence.

    >>> from fractions import Fraction
    >>> weight = weights("one_party_one_vote", ["north", "south", "west"], {}, {})
    >>> found = count({"north": "yes", "south": "yes", "west": "no"}, weight)
    >>> decide(members=3, present=3, quorum=2, eligible=3, found=found, threshold="two_thirds")
    'carried'
    >>> required_quorum(quorum=3, members=4, eligible=3)  # one of four is recused
    3
"""

from summand.governance._acts import FORMS, INTERESTS, PERMITS, SUBJECTS, THINGS, TOPICS, Act, read_act
from summand.governance._digest import Need, digest, needs_of
from summand.governance._fold import governance_state
from summand.governance._records import (
    Ballot,
    Comment,
    Dispute,
    Minutes,
    Motion,
    Permit,
    Recusal,
    StoppedSite,
    Task,
    Veto,
)
from summand.governance._setting import SPEAKER_ROLES, Delegation, Interest
from summand.governance._state import GovernanceState, VetoedUse, approved_study
from summand.governance._tally import Count, count, decide, majority, required_quorum, weights

__all__ = [
    "FORMS",
    "INTERESTS",
    "PERMITS",
    "SPEAKER_ROLES",
    "SUBJECTS",
    "THINGS",
    "TOPICS",
    "Act",
    "Ballot",
    "Comment",
    "Count",
    "Delegation",
    "Dispute",
    "GovernanceState",
    "Interest",
    "Minutes",
    "Motion",
    "Need",
    "Permit",
    "Recusal",
    "StoppedSite",
    "Task",
    "Veto",
    "VetoedUse",
    "approved_study",
    "count",
    "decide",
    "digest",
    "governance_state",
    "majority",
    "needs_of",
    "read_act",
    "required_quorum",
    "weights",
]
