"""Partners for an organisation's needs, with every reason, and the small coalitions that serve it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any

from summand.agreement import DataUse, DiseaseTree
from summand.directory._coalition import (
    POINTS_OF_A_CONFLICT,
    Candidate,
    Chosen,
    best_coalitions,
)
from summand.directory._conflicts import Conflict, concentration, own_conflicts, pair_conflicts
from summand.directory._covering import Coverage, Shortfall, cover
from summand.directory._entries import Entry
from summand.directory._jurisdictions import Transfer, transfer_between
from summand.directory._organisation import Need, Organisation
from summand.errors import UsageError

COSTS = {
    "declared": 3, "registered": 5, "transfer": 20,
    "debarment": 5, "interest": POINTS_OF_A_CONFLICT, "concentration": POINTS_OF_A_CONFLICT, "status": 0,
}  # fmt: skip
"""Points that cost: an entry that is not signed, or not even its own word; a transfer that counsel must look at; a search
of exclusion lists that is still to be made; and each conflict. What blocks is left out altogether."""


@dataclass(frozen=True)
class Partner:
    """One organisation as a partner: what it covers, what it misses, how data could pass, what speaks against it."""

    id: str
    name: str
    kind: str
    country: str
    standing: str
    points: int
    covers: tuple[Coverage, ...]
    misses: tuple[Shortfall, ...]
    transfers: tuple[Transfer, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def is_blocked(self) -> bool:
        """Whether something rules it out."""
        return any(item.weight == "blocks" for item in self.conflicts)


@dataclass(frozen=True)
class Member:
    """A member of a coalition: for which needs it stands, and which of them would be lost without it."""

    id: str
    name: str
    stands_for: tuple[str, ...]
    irreplaceable_for: tuple[str, ...]


@dataclass(frozen=True)
class Coalition:
    """A group that covers needs together: members with their parts, what stays open, what to look at, and its points."""

    members: tuple[Member, ...]
    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """Everything that a search for partners found; ``uncoverable`` are needs that nobody listed covers."""

    seeker: str
    needs: tuple[Need, ...]
    partners: tuple[Partner, ...]
    coalitions: tuple[Coalition, ...]
    uncoverable: tuple[str, ...]
    candidates: int
    day: date

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "seeker": self.seeker,
            "day": self.day.isoformat(),
            "candidates": self.candidates,
            "needs": [need.to_dict() for need in self.needs],
            "uncoverable": list(self.uncoverable),
            "partners": [{**asdict(partner), "blocked": partner.is_blocked} for partner in self.partners],
            "coalitions": [asdict(coalition) for coalition in self.coalitions],
        }


def match(
    seeker: Organisation,
    entries: Sequence[Entry],
    day: date,
    *,
    size: int = 4,
    count: int = 3,
    diseases: DiseaseTree | None = None,
) -> Match:
    """Partners and coalitions for the seeker's needs.

    Args:
        seeker: Whose needs, purpose and place are asked about.
        entries: The candidates.
        day: Today.
        size: Most members of a coalition, 1 to 8.
        count: How many coalitions are wanted.
        diseases: Which disease is a kind of which, for consent to a disease; without it a person must look.

    Raises:
        UsageError: if the seeker has no needs, or there are too many different candidates for an exact answer.
    """
    if not seeker.needs:
        raise UsageError(f"{seeker.name} states no needs.", remedy="Add needs to its entry, or give them in a file.")
    use = replace(_use(seeker, day), diseases=diseases)
    others = {entry.organisation.id: entry for entry in entries if entry.organisation.id != seeker.id}
    partners = [
        partner
        for entry in others.values()
        if (
            partner := _partner(
                seeker, entry, use, american=seeker.country == "US" or entry.organisation.country == "US"
            )
        )
    ]
    partners.sort(key=lambda partner: (partner.is_blocked, -partner.points, partner.name, partner.id))
    useful = [partner for partner in partners if partner.covers and not partner.is_blocked]
    members = {partner.id: others[partner.id].organisation for partner in useful}
    pairs = _pairs(list(members.values()))
    chosen = best_coalitions([_candidate(partner) for partner in useful], _costs(pairs), size, count)
    known = {partner.id: partner for partner in useful}
    coverable = {item.need for partner in useful for item in partner.covers}
    return Match(
        seeker.id,
        seeker.needs,
        tuple(partners),
        tuple(_coalition(seeker, group, known, members, pairs) for group in chosen),
        tuple(need.id for need in seeker.needs if need.id not in coverable),
        len(others),
        day,
    )


def _use(seeker: Organisation, day: date) -> DataUse:
    purpose: dict[str, Any] = {} if seeker.purpose is None else seeker.purpose.to_dict()
    names = (seeker.id, seeker.name, *seeker.other_names)
    return DataUse(purpose, day, seeker.country, seeker.nonprofit, names, undertakes=frozenset())


def _partner(seeker: Organisation, entry: Entry, use: DataUse, *, american: bool) -> Partner | None:
    one = entry.organisation
    found = [cover(need, one, use) for need in seeker.needs]
    covers = tuple(item for item in found if isinstance(item, Coverage))
    misses = tuple(item for item in found if isinstance(item, Shortfall))
    if not covers and not misses:
        return None
    transfers = (transfer_between(one, seeker, use.day), transfer_between(seeker, one, use.day))
    conflicts = own_conflicts(one, use.day, american=american) + pair_conflicts(seeker, one)
    points = sum(item.points for item in covers) - _own_cost(entry.standing, transfers, conflicts)
    return Partner(
        one.id, one.name, one.kind, one.country, entry.standing, points, covers, misses, transfers, conflicts
    )


def _own_cost(standing: str, transfers: Sequence[Transfer], conflicts: Sequence[Conflict]) -> int:
    cost = COSTS.get(standing, 0)
    cost += COSTS["transfer"] if any(item.answer == "ask" for item in transfers) else 0
    return cost + sum(COSTS[item.kind] for item in conflicts)


def _candidate(partner: Partner) -> Candidate:
    gives = {item.need: item.points for item in partner.covers}
    return Candidate(partner.id, gives, partner.kind, sum(gives.values()) - partner.points)


def _pairs(members: Sequence[Organisation]) -> dict[frozenset[str], tuple[Conflict, ...]]:
    """Conflicts between two candidates; only those that name or share somebody are compared."""
    by_name: dict[str, list[Organisation]] = {}
    for one in members:
        named = {one.id} | {item.organisation for item in one.relations if item.kind in ("parent", "child")}
        for name in named | {item.in_organisation for item in one.interests}:
            by_name.setdefault(name, []).append(one)
    found: dict[frozenset[str], tuple[Conflict, ...]] = {}
    for group in by_name.values():
        for one, other in combinations(group, 2):
            conflicts = pair_conflicts(one, other)
            if conflicts:
                found[frozenset((one.id, other.id))] = conflicts
    return found


def _costs(pairs: Mapping[frozenset[str], tuple[Conflict, ...]]) -> dict[frozenset[str], int]:
    return {pair: POINTS_OF_A_CONFLICT * len(conflicts) for pair, conflicts in pairs.items()}


def _coalition(
    seeker: Organisation,
    group: Chosen,
    partners: Mapping[str, Partner],
    organisations: Mapping[str, Organisation],
    pairs: Mapping[frozenset[str], tuple[Conflict, ...]],
) -> Coalition:
    rows = [partners[name] for name in group.members]
    able = {need.id: [row.id for row in rows if need.id in {item.need for item in row.covers}] for need in seeker.needs}
    members = tuple(
        Member(
            row.id,
            row.name,
            tuple(need for need, name in group.by_need.items() if name == row.id),
            tuple(need for need, names in able.items() if names == [row.id]),
        )
        for row in rows
    )
    conflicts = [item for row in rows for item in row.conflicts]
    for one, other in combinations(group.members, 2):
        conflicts += pairs.get(frozenset((one, other)), ())
    shares = {row.id: sum(item.points for item in row.covers if group.by_need.get(item.need) == row.id) for row in rows}
    conflicts += concentration([organisations[name] for name in group.members], shares)
    covered = tuple(need for need, names in able.items() if names)
    uncovered = tuple(need for need, names in able.items() if not names)
    return Coalition(members, covered, uncovered, tuple(conflicts), group.points, tuple(_reasons(rows, group)))


def _reasons(rows: Sequence[Partner], group: Chosen) -> list[str]:
    """One sentence for each need: who stands for it and why."""
    found = []
    for row in rows:
        for item in row.covers:
            if group.by_need.get(item.need) == row.id:
                found.append(f"{item.need}: {row.name} {'; '.join(item.reasons)}.")  # noqa: PERF401
    return found
