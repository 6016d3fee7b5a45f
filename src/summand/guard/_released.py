"""What earlier studies released: the same question again, one site fewer, and models that were never fitted here.

These checks hold where the limits have a minimum cell; published data and trials have nothing to subtract from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from summand.encoding import from_base64, parse
from summand.errors import CohortTooSmall, ModelNotReleased, SummandError
from summand.guard._case import Case, Objections, Release
from summand.methods import from_spec, is_same_predictor
from summand.study import StudyRequest, effective_limits, question_anywhere, question_of

SAME = 1e-9
"""How far, relative to 1 + its size, a coefficient may be from the released one: what writing it down loses."""


def is_limited(case: Case) -> bool:
    """Whether the study's limits have a minimum cell; a request for datasets that are not there is refused anyway."""
    known = len(case.asked) == len(case.request.datasets)
    return known and effective_limits(case.agreement, case.request).minimum_cell > 1


def is_recorded(case: Case) -> bool:
    """Whether sites remember the study: under a minimum cell or a privacy budget."""
    return is_limited(case) or case.agreement.privacy.budget is not None


def answer_of_record(case: Case) -> str | None:
    """The earlier study that answered this very question on the very same rows of this site; None if there is none.

    The site's own record says whether its rows are the same, its own replica that the result was released.
    """
    if not is_recorded(case):
        return None
    released, asked = released_studies(case), question_of(case.request)
    same = (known.study for known in case.releases if known.unchanged and known.question == asked)
    return next((study for study in same if study in released), None)


def one_site_fewer(case: Case) -> Objections:
    """The same question was not released before over nearly the same sites: the two would be subtracted.

    Sites that a study lost on its way count as not asked. What is left would be the total of fewer sites than a total may
    have, which is a release at ``site_level``. Where the
    agreement permits that by name, nothing is gained by subtracting.
    """
    at_site_level = case.request.release_level != "total" or "site_level" in case.agreement.data.release_levels
    if not is_limited(case) or at_site_level:
        return
    asked, least = set(case.request.datasets), effective_limits(case.agreement, case.request).minimum_sites
    for earlier in _requests(case):
        there = _present(case, earlier)
        if not 0 < len(asked ^ there) < least or earlier.release_level != "total" or not asked & there:
            continue
        if earlier.method.get("name") == case.request.method.get("name") and (
            question_anywhere(earlier) == question_anywhere(case.request)
        ):
            yield CohortTooSmall(
                f"The study {earlier.study_id} released the answer over sites of which fewer than {least} differ: one "
                "result less the other would be about those few sites.",
                remedy="Use that study's result, or ask for datasets of which at least as many differ.",
                clause="D.min_sites",
            )
            return


def judged_models(case: Case) -> Objections:
    """A model that is judged is one that an earlier study released, to the last digit; or people approved the request.

    Whoever chooses coefficients freely can make a model that is a step between one person and all others, and then a
    Brier score answers a question about that person.
    """
    models = case.request.method.get("models")
    if models is None or not is_limited(case) or _is_approved(case):
        return
    asked: Any = from_spec(case.request.method)
    released = released_studies(case)
    for model in asked.models:
        fitted = None if model.study is None else case.history.answering(model.study)
        known = next((item for item in case.releases if item.study == fitted and item.study in released), None)
        if known is None or not is_released(model.formula, dict(model.terms), known):
            yield ModelNotReleased(
                f"The model '{model.name[:80]}' is not one that a study released which took place here: its formula or a "
                "coefficient is another, or no study is named.",
                remedy='Add "study" with the identifier of the study that fitted it and give its terms unchanged; or have '
                f"a data steward of {case.party} approve the request.",
                clause="D.computations_allowed",
            )


def is_released(formula: str, terms: Mapping[str, float], known: Release) -> bool:
    """Whether a study released exactly this model: the same right side, the same terms, the same coefficients."""
    fitted = known.request.method.get("formula")
    if not isinstance(fitted, str) or known.result is None:
        return False
    return is_same_predictor(formula, fitted) and any(_same(terms, fit) for fit in _fits(known.result))


def _fits(result: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    by_site = result.get("by_site")
    slots: list[Any] = [result, *(by_site.values() if isinstance(by_site, Mapping) else ())]
    for slot in slots:
        rows = slot.get("terms") if isinstance(slot, Mapping) else None
        if isinstance(rows, Sequence):
            yield {
                row["term"]: row["estimate"]
                for row in rows
                if isinstance(row, Mapping) and isinstance(row.get("estimate"), int | float)
            }


def _same(given: Mapping[str, float], fit: Mapping[str, float]) -> bool:
    return set(given) == set(fit) and all(
        math.isclose(given[term], fit[term], rel_tol=SAME, abs_tol=SAME) for term in given
    )


def _is_approved(case: Case) -> bool:
    return bool(case.agreement.governance.study_approvals) or bool(case.approvers("data_steward", case.party))


def released_studies(case: Case) -> set[str]:
    """The studies whose release stands in the site's own replica."""
    return {str(entry.get("study")) for entry in case.history.of_type("study.released")}


def _present(case: Case, earlier: StudyRequest) -> set[str]:
    """The datasets that an earlier study was over in the end: those asked for, but for sites that it lost."""
    summed = [entry for entry in case.history.of_type("round.summed") if entry.get("study") == earlier.study_id]
    uploads = summed[-1].get("uploads") if summed else None
    if not isinstance(uploads, dict):
        return set(earlier.datasets)
    holders = {dataset.id: dataset.holder for dataset in case.agreement.datasets}
    return {name for name in earlier.datasets if name in uploads or holders.get(name) in uploads}


def _requests(case: Case) -> Iterator[StudyRequest]:
    """The requests of released studies under this very agreement, as the ledger has them."""
    released = released_studies(case)
    for entry in case.history.of_type("study.request"):
        if str(entry.get("study")) not in released:
            continue
        try:
            payload = from_base64(entry["signed"]["request"]["payload"], "request")
            request = StudyRequest.from_dict(parse(payload, "request"))
        except (SummandError, KeyError, TypeError):
            continue
        if request.agreement_hash == case.agreement.hash and request.study_id == entry.get("study"):
            yield request
