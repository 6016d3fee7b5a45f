"""Each site's own decision on each study: `decide(study, agreement, history)`, a pure function.

Promise: deny by default. A study runs at a site only if no check objects; what is unknown, malformed or missing is an
objection, a check that breaks is one too, and a prohibition wins over a permission. The guard believes no one: it reads
the site's own copy of the agreement, verifies every signature itself, and looks at the past in the site's own replica
of the ledger. A hub without any checks cannot get a forbidden study run.

To read it, begin with the table of checks in `_decide`. Each is one short function: who asks, under what and when in
`_standing`, what is asked in `_contents`; what consent codes say is `summand.agreement.match_consent`.

    >>> from datetime import UTC, datetime
    >>> decision = decide(study, agreement, history, site="north", federation="hub.example", at=datetime.now(UTC))
    ... # doctest: +SKIP
    >>> decision.permitted, [(reason.code, reason.clause) for reason in decision.reasons]  # doctest: +SKIP
    (False, [('guard.purpose_not_permitted', 'C.purposes')])
"""

from summand.guard._case import Release
from summand.guard._decide import CHECKS, decide
from summand.guard._decision import Decision, Reason
from summand.guard._events import EVENT_TYPE, read_event, signed_event
from summand.guard._foresee import Foreseen, foresee, unsigned_study
from summand.guard._veto import VETO_ROLES

__all__ = [
    "CHECKS",
    "EVENT_TYPE",
    "VETO_ROLES",
    "Decision",
    "Foreseen",
    "Reason",
    "Release",
    "decide",
    "foresee",
    "read_event",
    "signed_event",
    "unsigned_study",
]
