"""The pooled fit by independent libraries, in a process of its own: ``python -m summand.demo.reference``.

It reads one JSON object a line from standard input and answers each with one line: first ``{"table": …}``, the pooled
records, then jobs ``{"fit": NAME}``. The libraries load while the sites still compute; the records come only once the
results that they check are in the ledger, so no result can have been adjusted to them.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

NICENESS = 5
Fit = Callable[[Any], dict[str, Any]]


def fits_of(subject: str) -> dict[str, Fit]:
    """The fits for ``lung`` or ``heart`` by name; importing their library is what takes the time."""
    from summand.demo._reference_describe import describe

    if subject == "heart":
        from summand.demo import _reference_logistic as heart

        return {"describe": describe, "logistic": heart.logistic, "own_models": heart.own_models}
    from summand.demo import _reference_survival as lung

    return {
        "describe": describe, "km": lung.km, "logrank": lung.logrank,
        "cox_strata": lung.cox_strata, "cox_pooled": lung.cox_pooled,
    }  # fmt: skip


def main() -> int:
    """Read jobs until standard input ends."""
    warnings.simplefilter("ignore")  # the libraries' warnings; what matters is checked: the score at the estimate
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    fits = fits_of(sys.argv[1] if len(sys.argv) > 1 else "lung")
    table = None
    for line in sys.stdin:
        message = json.loads(line)
        if "table" in message:
            table = message["table"]
            continue
        try:
            reply = fits[str(message["fit"])](table)
        except Exception as error:  # a library's failure is an answer, so that the demonstration can say so
            reply = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
