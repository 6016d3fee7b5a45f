"""Which need an organisation covers, and why: a capability that it has, or data whose consent fits the purpose."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from summand.agreement import Answer, DataUse, match_consent
from summand.directory._data_asset import DataAsset
from summand.directory._organisation import Need, Organisation

POINTS_OF_A_NEED = 100
"""Points for covering a need, times its weight from 1 to 5."""
POINTS_FOR_ASKING = 30
"""Points that a person's look costs, times the need's weight."""


@dataclass(frozen=True)
class Coverage:
    """How an organisation covers one need: by what, whether for sure, its points, and the reasons."""

    need: str
    by: str
    answer: Answer
    points: int
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Shortfall:
    """Why an organisation nearly covers a need and does not."""

    need: str
    reasons: tuple[str, ...]


def cover(need: Need, organisation: Organisation, use: DataUse) -> Coverage | Shortfall | None:
    """How the organisation covers the need; None where it has nothing of the kind."""
    lapsed = _lacking_certificates(need, organisation, use.day)
    if need.capability is not None:
        return _by_capability(need, organisation, lapsed)
    found = [_by_data(need, asset, organisation, use, lapsed) for asset in organisation.data_assets]
    good = [item for item in found if isinstance(item, Coverage)]
    if good:
        return max(good, key=lambda item: (item.points, item.by))
    return next((item for item in found if isinstance(item, Shortfall)), None)


def _by_capability(need: Need, organisation: Organisation, lapsed: list[str]) -> Coverage | Shortfall | None:
    found = next((item for item in organisation.capabilities if item.code == need.capability), None)
    if found is None:
        return None
    if lapsed:
        return Shortfall(need.id, tuple(lapsed))
    told = [f"has {found.code.replace('_', ' ')}" + (f": {found.text}" if found.text else "")]
    told += [f"capacity: {found.capacity}"] if found.capacity else []
    told += [f"holds the certificate {name}" for name in need.certificates]
    return Coverage(need.id, found.code, "yes", POINTS_OF_A_NEED * need.weight, tuple(told))


def _by_data(
    need: Need, asset: DataAsset, organisation: Organisation, use: DataUse, lapsed: list[str]
) -> Coverage | Shortfall | None:
    wanted = need.data
    if wanted is None or not _is_about(asset, wanted.theme, wanted.category):
        return None
    short = list(lapsed)
    people = asset.unique_individuals
    if wanted.individuals_min and (people is None or people < wanted.individuals_min):
        known = "an unknown number of" if people is None else f"{people:,}"
        short.append(f"{asset.title} describes {known} people; {wanted.individuals_min:,} are needed")
    where = set(asset.spatial) or {place.country for place in organisation.places}
    if wanted.countries and not where & set(wanted.countries):
        short.append(f"{asset.title} describes {', '.join(sorted(where))}; needed is {', '.join(wanted.countries)}")
    verdict = match_consent([item.as_clause() for item in asset.consent], use)
    if verdict.answer == "no":
        short += [f"{asset.title}: {reason}" for reason in verdict.reasons]
    if short:
        return Shortfall(need.id, tuple(short))
    points = (POINTS_OF_A_NEED - (POINTS_FOR_ASKING if verdict.answer == "ask" else 0)) * need.weight
    told = [f"holds {asset.title}" + (f", {people:,} people" if people is not None else ""), *verdict.reasons]
    return Coverage(need.id, asset.id, verdict.answer, points, tuple(told))


def _is_about(asset: DataAsset, theme: str | None, category: str | None) -> bool:
    """Theme and category are the same text, or a word of the dataset's keywords, whatever the case."""
    themes = {text.casefold() for text in (*asset.themes, *asset.keywords)}
    categories = {text.casefold() for text in asset.categories}
    return (theme is None or theme.casefold() in themes) and (category is None or category.casefold() in categories)


def _lacking_certificates(need: Need, organisation: Organisation, day: date) -> list[str]:
    found = []
    for name in need.certificates:
        held = [item for item in organisation.certificates if item.name.casefold() == name.casefold()]
        if not held:
            found.append(f"the certificate {name} is needed and not there")
        elif not any(item.holds_on(day) for item in held):
            found.append(f"the certificate {name} lapsed on {max(item.expires for item in held)}")
    return found
