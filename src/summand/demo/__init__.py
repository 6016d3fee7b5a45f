"""The demonstrations: real patients, real processes, from a signed agreement to a settled account.

Promise: every figure that a demonstration prints or writes comes from the run itself; what is invented is marked
"sample"; beside each estimate stands the pooled fit of an independent library, made in another process after the
result's hash was in the ledger.

    >>> from summand.demo import lung_case
    >>> case = lung_case()
    >>> (len(case.sites), case.row_count)
    (18, 227)
"""

from summand.demo._case import Case, Keys, Site
from summand.demo._download import download_heart
from summand.demo._heart import heart_case
from summand.demo._lung import lung_case
from summand.demo._studies import Study, forbidden_study

__all__ = ["Case", "Keys", "Site", "Study", "download_heart", "forbidden_study", "heart_case", "lung_case"]
