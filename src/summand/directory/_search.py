"""A search of the directory: what is asked, what is found, and how many there are under each facet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.sql.selectable import Select

from summand.directory._tables import FACETS, certificates, facets, organisations
from summand.errors import UsageError

Expiry = Literal["expired", "30", "60", "90", "later"]
EXPIRIES: tuple[Expiry, ...] = ("expired", "30", "60", "90", "later")
"""When the next certificate lapses: already, within so many days, or later."""
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Query:
    """What is looked for. Within a facet any value does; all facets must fit.

    Attributes:
        text: Words that must all stand in names, cities or identifiers.
        where: Wanted values by facet, see `FACETS`.
        certificate_expiry: Whether a certificate has lapsed or lapses within so many days of ``today``.
        today: The day from which expiry is counted.
        limit: Most rows of one page, at most 1,000.
        offset: Rows passed over.
    """

    text: str = ""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    certificate_expiry: Expiry | None = None
    today: date = field(default_factory=date.today)
    limit: int = 50
    offset: int = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.where) - set(FACETS))
        if unknown:
            raise UsageError(f"There is no facet {unknown[0]!r}.", remedy=f"Use one of: {', '.join(FACETS)}.")
        if self.certificate_expiry not in (None, *EXPIRIES):
            raise UsageError("Certificates are not sorted by that.", remedy=f"Use one of: {', '.join(EXPIRIES)}.")
        if not 0 <= self.limit <= LARGEST_PAGE or self.offset < 0:
            raise UsageError(f"A page has 0 to {LARGEST_PAGE} rows.", remedy="Ask for fewer and go on from there.")


@dataclass(frozen=True)
class Found:
    """One organisation in a list or on a map."""

    id: str
    name: str
    kind: str
    country: str
    city: str | None
    latitude: float | None
    longitude: float | None
    standing: str
    status: str


@dataclass(frozen=True)
class Page:
    """One page of a search: how many fit in all, these rows, and the counts of each facet's values.

    A facet's counts leave its own choice aside, so that a reader sees what another choice would give.
    """

    total: int
    rows: tuple[Found, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    query: Query

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "total": self.total,
            "offset": self.query.offset,
            "organisations": [asdict(row) for row in self.rows],
            "facets": {
                name: [{"value": value, "count": count} for value, count in values]
                for name, values in self.facets.items()
            },
        }


ROW_COLUMNS = (
    organisations.c.id, organisations.c.name, organisations.c.kind, organisations.c.country, organisations.c.city,
    organisations.c.latitude, organisations.c.longitude, organisations.c.standing, organisations.c.status,
)  # fmt: skip


def conditions(query: Query, *, without: str = "") -> list[ColumnElement[bool]]:
    """The WHERE of a query, perhaps leaving one facet aside."""
    found: list[ColumnElement[bool]] = []
    for word in query.text.casefold().split():
        found.append(organisations.c.sought.contains(word, autoescape=True))  # noqa: PERF401
    for name, values in query.where.items():
        if values and name != without:
            found.append(organisations.c.id.in_(_with(name, values)))
    if query.certificate_expiry is not None and without != "certificate_expiry":
        found.append(_lapses(query.certificate_expiry, query.today))
    return found


def _with(name: str, values: tuple[str, ...]) -> Select[Any]:
    return select(facets.c.organisation).where(facets.c.facet == name, facets.c.value.in_(values))


def _lapses(band: Expiry, today: date) -> ColumnElement[bool]:
    first, last = _bounds(band, today)
    within = [certificates.c.organisation == organisations.c.id]
    if first:
        within.append(certificates.c.expires >= first)
    if last:
        within.append(certificates.c.expires <= last)
    return exists().where(and_(*within))


def _bounds(band: Expiry, today: date) -> tuple[str, str]:
    if band == "expired":
        return "", (today - timedelta(days=1)).isoformat()
    if band == "later":
        return (today + timedelta(days=91)).isoformat(), ""
    return today.isoformat(), (today + timedelta(days=int(band))).isoformat()


def page_statement(query: Query) -> Select[Any]:
    """The rows of one page, by name."""
    return (
        select(*ROW_COLUMNS)
        .where(*conditions(query))
        .order_by(organisations.c.name, organisations.c.id)
        .limit(query.limit)
        .offset(query.offset)
    )


def total_statement(query: Query) -> Select[Any]:
    """How many fit."""
    return select(func.count()).select_from(organisations).where(*conditions(query))


def facet_statement(query: Query, name: str) -> Select[Any]:
    """The values of one facet with their counts, most frequent first."""
    count = func.count().label("count")
    asked = conditions(query, without=name)
    chosen = select(facets.c.value, count).where(facets.c.facet == name)
    if asked:
        chosen = chosen.where(facets.c.organisation.in_(select(organisations.c.id).where(*asked)))
    return chosen.group_by(facets.c.value).order_by(count.desc(), facets.c.value).limit(300)


def expiry_statement(query: Query, band: Expiry) -> Select[Any]:
    """How many have a certificate that lapses in this band."""
    asked = conditions(query, without="certificate_expiry")
    return select(func.count()).select_from(organisations).where(*asked, _lapses(band, query.today))
