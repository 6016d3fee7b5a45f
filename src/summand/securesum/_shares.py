"""From the sites' answers back to the secrets of a round, each answer checked against the others."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from summand.errors import ShareInvalid, TooFewSites
from summand.securesum import _shamir
from summand.securesum._round import Round

_WEIGHT_BITS = 128  # chance 2^-128 that a wrong share passes the check


def recover(rnd: Round, reveals: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """Each member's secret, 32 bytes: a survivor's self-mask seed, a lost member's stand-in key.

    Args:
        rnd: The round.
        reveals: For each answering site its shares, one for each of its holders.

    Raises:
        TooFewSites: if a secret has fewer shares than open it.
        ShareInvalid: if a share is missing, malformed or does not fit the others.
    """
    answers = {site: _read(rnd, site, reveals[site]) for site in sorted(reveals, key=rnd.cohort.index)}
    if rnd.cohort.is_sparse:
        return {site: _recover_one(rnd, site, answers) for site in rnd.members}
    if len(answers) < rnd.cohort.threshold:
        raise _too_few(len(answers), rnd.cohort.threshold)
    _check_consistent(rnd, answers)
    base = list(answers)[: rnd.cohort.threshold]
    points = [rnd.cohort.index(site) + 1 for site in base]
    return {of: _shamir.combine_numbers(points, [answers[site][of] for site in base]) for of in rnd.members}


def may_suffice(rnd: Round, answered: Sequence[str]) -> bool:
    """Whether every member's secret has enough shares once these sites have answered."""
    if not rnd.cohort.is_sparse:
        return len(answered) >= rnd.cohort.threshold
    there = set(answered)
    return all(
        sum(holder in there for holder in rnd.holders(site)) >= rnd.cohort.shares_needed(site) for site in rnd.members
    )


def _recover_one(rnd: Round, of: str, answers: Mapping[str, Mapping[str, int]]) -> bytes:
    needed = rnd.cohort.shares_needed(of)
    base = [holder for holder in rnd.holders(of) if holder in answers][:needed]
    if len(base) < needed:
        raise _too_few(len(base), needed)
    return _shamir.combine_numbers(
        [rnd.cohort.index(holder) + 1 for holder in base], [answers[holder][of] for holder in base]
    )


def _read(rnd: Round, site: str, shares: Mapping[str, bytes]) -> dict[str, int]:
    rnd.require_member(site)
    if set(shares) != set(rnd.holders(site)):
        raise ShareInvalid(
            "A site's answer does not hold one share for each of its holders.", remedy="Ask the site again."
        )
    return {of: _shamir.parse(share) for of, share in shares.items()}


def _check_consistent(rnd: Round, answers: Mapping[str, Mapping[str, int]]) -> None:
    """Check all answers against each other by one random linear combination of the secrets' polynomials."""
    weights = {of: secrets.randbits(_WEIGHT_BITS) for of in rnd.members}
    combined = {
        rnd.cohort.index(site) + 1: sum(weights[of] * value for of, value in row.items()) % _shamir.PRIME
        for site, row in answers.items()
    }
    threshold = rnd.cohort.threshold
    if _on_one_polynomial(combined, threshold):
        return
    others = ({p: v for p, v in combined.items() if p != left_out} for left_out in combined)
    suspects = [
        rnd.cohort.sites[point - 1]
        for point, rest in zip(combined, others, strict=True)
        if len(rest) > threshold and _on_one_polynomial(rest, threshold)
    ]
    found = f"; the one that disagrees with all others is {suspects[0]}" if len(suspects) == 1 else ""
    raise ShareInvalid(
        f"The shares of {len(answers)} sites do not fit each other{found}.",
        remedy="Unmask without that site's answer if enough others remain, else start the round again.",
    )


def _on_one_polynomial(combined: Mapping[int, int], threshold: int) -> bool:
    points = tuple(combined)
    base = points[:threshold]
    return all(
        sum(w * combined[p] for w, p in zip(_shamir.lagrange(base, extra), base, strict=True)) % _shamir.PRIME
        == combined[extra]
        for extra in points[threshold:]
    )


def _too_few(found: int, needed: int) -> TooFewSites:
    return TooFewSites(
        f"{found} sites gave their shares; unmasking needs {needed}.",
        remedy="Wait for more sites' answers until the deadline.",
    )
