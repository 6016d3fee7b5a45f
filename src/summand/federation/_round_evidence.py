"""The rounds of a study as the ledger has them: each opened once, over the right sites, and summed once or never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from summand.encoding import from_base64
from summand.errors import SummandError, VerificationError
from summand.securesum import Cohort, Round

ROUND_KINDS = ("round.opened", "round.certified", "round.summed")


@dataclass
class RoundsSeen:
    """What was found while reading a study's rounds in order.

    Attributes:
        opened, summed, certified: How many of each.
        members: The sites that take part after the last entry.
        started_over: How often the study began again with fewer sites.
    """

    cohort: Cohort
    opened: int = 0
    summed: int = 0
    certified: int = 0
    started_over: int = 0
    members: tuple[str, ...] = ()
    survivors: tuple[str, ...] | None = None
    first: bool = True
    awaits_sum: bool = False
    ctx: bytes = b""

    def __post_init__(self) -> None:
        self.members = self.cohort.sites


def check_rounds(cohort: Cohort, entries: Sequence[Mapping[str, Any]]) -> RoundsSeen:
    """Follow a study's round entries in the ledger's order.

    Raises:
        VerificationError: if a round is missing, doubled or out of order, was summed over other sites than took part, or went
            on with fewer without their certificate.
    """
    seen, contexts = RoundsSeen(cohort), set()
    for entry in entries:
        kind = entry.get("type")
        if kind == "round.opened":
            _open(seen, entry)
            contexts.add(seen.ctx)
            if len(contexts) != seen.opened:
                raise _invalid("Two rounds have the same context.")
        elif kind == "round.certified":
            _certify(seen, entry)
        else:
            _sum(seen, entry)
    return seen


def _open(seen: RoundsSeen, entry: Mapping[str, Any]) -> None:
    starts_over = entry.get("starts_over") is True
    if entry.get("round") != seen.opened or seen.awaits_sum is not starts_over:
        raise _out_of_order()
    try:
        members = seen.cohort.from_bitmap(entry["members"]) if "members" in entry else seen.cohort.sites
        seen.ctx = bytes.fromhex(str(entry.get("context")))
    except (SummandError, ValueError):
        raise _invalid(f"Round {entry.get('round')} does not say who takes part, or under which context.") from None
    fewer = set(members) < set(seen.members)
    if len(members) < seen.cohort.threshold or not (
        members == seen.members or (fewer and (seen.opened == 0 or starts_over))
    ):
        raise _invalid(f"Round {entry.get('round')} was opened over sites that may not take part.")
    seen.members, seen.survivors, seen.awaits_sum = members, None, True
    seen.first = seen.opened == 0 or starts_over
    seen.opened += 1
    seen.started_over += starts_over


def _certify(seen: RoundsSeen, entry: Mapping[str, Any]) -> None:
    number = entry.get("round")
    if number != seen.opened - 1 or not seen.awaits_sum or seen.survivors is not None:
        raise _out_of_order()
    try:
        rnd = Round(seen.cohort, seen.ctx, seen.opened - 1, seen.members)
        survivors = seen.cohort.from_bitmap(entry.get("survivors"))
        signed = dict(entry.get("signatures") or {})
        rnd.check_certificate(survivors, {site: from_base64(str(text), "signature") for site, text in signed.items()})
    except (SummandError, TypeError, ValueError):
        raise _invalid(f"Who uploaded in round {number} is not certified by enough sites.") from None
    if len(survivors) < len(seen.members) and not seen.first:
        raise _invalid(f"Round {number} went on with fewer sites after a sum over more of them was opened.")
    seen.survivors = survivors
    seen.certified += 1


def _sum(seen: RoundsSeen, entry: Mapping[str, Any]) -> None:
    number, there = entry.get("round"), seen.members if seen.survivors is None else seen.survivors
    if number != seen.opened - 1 or not seen.awaits_sum:
        raise _out_of_order()
    if seen.cohort.is_sparse and seen.survivors is None:
        raise _invalid(f"Who uploaded in round {number} is not certified.")
    if set(entry.get("uploads") or {}) != set(there):
        raise _invalid(f"Round {number} was summed over other sites than took part.")
    seen.members, seen.awaits_sum = there, False
    seen.summed += 1


def _out_of_order() -> VerificationError:
    return _invalid("The rounds are not opened and summed once each, in order.")


def _invalid(message: str) -> VerificationError:
    return VerificationError(
        message, remedy="Do not rely on this study. Compare with a partner's replica, and ask why."
    )
