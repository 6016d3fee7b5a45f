"""The redline between two versions: what changed in meaning, clause by clause, tighter or looser, and who gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._duo import PERMISSIONS
from summand.agreement._findings import CLAUSES, clause_of
from summand.agreement._redline_rules import RULES, Effects, permission_pair, shares
from summand.agreement._redline_tree import Difference, Path, differences
from summand.agreement._redline_words import (
    LISTS,
    OPPOSITE,
    PATIENTS,
    SCALES,
    USERS,
    Direction,
    Listed,
    Scale,
    on_scale,
)
from summand.agreement._shape import field_at
from summand.agreement._words_page import said

DIRECTIONS: dict[Direction, str] = {
    "tighter": "tighter: protects more, or asks more",
    "looser": "looser: permits more, or asks less",
    "shifts": "moves money, rights or votes between parties",
    "read": "a person must read it",
}
Document = Agreement | Mapping[str, Any]


@dataclass(frozen=True)
class Effect:
    """Who gains or loses by a change: a party by its short name, or a group such as patients."""

    who: str
    effect: str


@dataclass(frozen=True)
class Change:
    """One change in meaning.

    Attributes:
        clause: Letter and path, such as ``D.min_cell``.
        heading: The clause's heading.
        entry: Which entry of a list it is about; empty if none.
        direction: ``tighter``, ``looser``, ``shifts`` or ``read``.
        meaning: What changed, in a sentence.
        before: The old value in words, empty where there was none.
        after: The new value in words, empty where there is none.
        effects: Who gains and who loses.
    """

    clause: str
    heading: str
    entry: str
    direction: Direction
    meaning: str
    before: str
    after: str
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Redline:
    """All changes from one version to another, in the order of the clauses."""

    changes: tuple[Change, ...]

    def gains_of(self, who: str) -> tuple[Change, ...]:
        """The changes by which somebody gains."""
        return tuple(c for c in self.changes if Effect(who, "gains") in c.effects)

    def losses_of(self, who: str) -> tuple[Change, ...]:
        """The changes by which somebody loses."""
        return tuple(c for c in self.changes if Effect(who, "loses") in c.effects)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, with a summary: counts by direction, and each one's gains and losses."""
        everyone = sorted({effect.who for change in self.changes for effect in change.effects})
        return {
            "changes": [asdict(change) for change in self.changes],
            "counts": {name: sum(c.direction == name for c in self.changes) for name in DIRECTIONS},
            "balance": [
                {"who": who, "gains": len(self.gains_of(who)), "loses": len(self.losses_of(who))} for who in everyone
            ],
        }


def compare(before: Document, after: Document) -> Redline:
    """What changed from one version to another; drafts too."""
    old, new = (page.content() if isinstance(page, Agreement) else page for page in (before, after))
    found = [_change(item, old, new) for item in _merged(list(differences(old, new)), old, new)]
    order = list(dict.fromkeys(letter for letter, _ in CLAUSES.values()))
    found.sort(key=lambda change: order.index(change.clause[0]) if change.clause[0] in order else len(order))
    return Redline(tuple(found))


@dataclass(frozen=True)
class _Judged:
    difference: Difference
    direction: Direction
    meaning: str
    effects: Effects


def _merged(found: list[Difference], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[_Judged]:
    """Differences judged; what belongs together is one change: the weights of a split, a permission for another."""
    done: set[Path] = set()
    for item in found:
        split = _split_of(item.path)
        if split is not None:
            if split not in done:
                done.add(split)
                yield _split_change(split, old, new)
            continue
        pair = _permissions(item, found)
        if pair is None:
            yield _judge(item, old, new)
        elif pair[0] is item:
            yield _permission_change(*pair)


def _split_of(path: Path) -> Path | None:
    at = next(
        (
            i
            for i, part in enumerate(path)
            if part == "weights" and path[0] in ("work", "revenue") and i < len(path) - 1
        ),
        None,
    )
    return None if at is None else path[: at + 1]


def _at(page: Any, path: Path) -> Any:
    for part in path:
        if part.startswith("["):
            page = next((row for row in page or () if str(row.get("order")) == part.strip("[]")), None)
        else:
            page = page.get(part) if isinstance(page, Mapping) else None
    return page


def _split_change(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> _Judged:
    before, after = _at(old, path), _at(new, path)
    text, effects = shares(before, after, paid=path[0] == "revenue")
    what = "Shares of the income" if path[0] == "revenue" else "Shares of the cost"
    direction: Direction = "shifts" if effects else "read"
    return _Judged(
        Difference(path, before, after), direction, f"{what}: {text or 'the same parts in other numbers'}", effects
    )


def _permissions(item: Difference, found: list[Difference]) -> tuple[Difference, Difference] | None:
    """The permission of a dataset that was exchanged for another: the one that went and the one that came."""
    if item.pattern != "data.datasets.*.consent_codes.*" or item.path[-1].strip("[]") not in PERMISSIONS:
        return None
    rows = [other for other in found if other.path[:-1] == item.path[:-1] and other.path[-1].strip("[]") in PERMISSIONS]
    gone = next((row for row in rows if row.after is None), None)
    come = next((row for row in rows if row.before is None), None)
    return (gone, come) if gone is not None and come is not None else None


def _permission_change(gone: Difference, come: Difference) -> _Judged:
    old, new = gone.path[-1].strip("[]"), come.path[-1].strip("[]")
    direction = permission_pair(old, new)
    meaning = f"Patients' consent: {old} ({PERMISSIONS[old]}) → {new} ({PERMISSIONS[new]})"
    return _Judged(Difference(gone.path[:-1], old, new), direction, meaning, _sides(direction, (PATIENTS,), (USERS,)))


def _judge(item: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> _Judged:
    pattern = item.pattern
    if pattern in RULES:
        return _Judged(item, *RULES[pattern](item, old, new))
    if pattern in SCALES:
        scale: Scale = SCALES[pattern]
        direction = on_scale(scale, item.before, item.after)
        return _Judged(item, direction, "", _sides(direction, scale.gains, scale.loses))
    if pattern in LISTS and (item.before is None or item.after is None):
        row: Listed = LISTS[pattern]
        direction = row.added if item.before is None else OPPOSITE[row.added]
        tight = row.added == "tighter"
        gains, loses = (row.gains, row.loses) if tight else (row.loses, row.gains)
        return _Judged(item, direction, "", _sides(direction, gains, loses))
    return _Judged(item, "read", "", [])


def _sides(direction: Direction, gains: tuple[str, ...], loses: tuple[str, ...]) -> Effects:
    """Who gains and loses, where ``gains`` are those who gain when it gets tighter."""
    if direction not in ("tighter", "looser"):
        return []
    up, down = ("gains", "loses") if direction == "tighter" else ("loses", "gains")
    return [(who, up) for who in gains] + [(who, down) for who in loses]


def _change(judged: _Judged, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    _ = old, new
    item = judged.difference
    names = tuple(part for part in item.path if not part.startswith("["))
    before, after = _shown(item.before), _shown(item.after)
    heading = CLAUSES[names[0]][1] if names and names[0] in CLAUSES else "Document"
    return Change(
        clause_of(names), heading, item.entry, judged.direction, judged.meaning or _sentence(names, item, before, after),
        before, after, tuple(Effect(who, effect) for who, effect in judged.effects),
    )  # fmt: skip


def _sentence(names: Path, item: Difference, before: str, after: str) -> str:
    field = field_at(names)
    what = (field.description or "").rstrip(".") if field else ""
    what = what or names[-1].replace("_", " ")
    about = f" of {item.entry}" if item.entry and not item.path[-1].startswith("[") else ""
    if item.before is None:
        return f"{what}{about}: added {after}"
    if item.after is None:
        return f"{what}{about}: taken out {before}"
    return f"{what}{about}: {before} → {after}"


def _shown(value: Any, depth: int = 0) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        told = [f"{key.replace('_', ' ')} {_shown(item, depth + 1)}" for key, item in value.items()]
        return ", ".join(told[:6]) + (" …" if len(told) > 6 else "") if depth < 2 else "…"
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(item, depth + 1) for item in value) or "none"
    return said(value)
