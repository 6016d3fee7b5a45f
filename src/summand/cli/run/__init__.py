"""``summand run``: a study over files of one's own, each as if it were a site.

Promise: a verb turns its arguments into the request that a study would send, ``{"name": …, settings…}``, and nothing
more; what is wrong with the request is said before a file is opened. Each family of methods has its verbs in one module.
"""

from summand.cli.run import (  # noqa: F401 — importing names the verbs
    _across,
    _causes,
    _description,
    _evaluation,
    _learning,
    _models,
    _survival,
)
from summand.cli.run._verb import run_app

__all__ = ["run_app"]
