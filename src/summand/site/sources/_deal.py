"""One file dealt to sites by a column's values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from summand.encoding import digest
from summand.errors import ColumnMissing, DataError
from summand.site.sources._check import tally_by_site
from summand.site.sources._expressions import Cells, text_sql
from summand.site.sources._relation import Relation, Tabular, open_relation
from summand.site.sources._source import MEMORY_LIMIT_BYTES, Source
from summand.tables import COMMON_MISSING_CODES, Dictionary, as_number, number_text, sort_levels

SITES_MAX = 10_000


@dataclass(frozen=True)
class Deal:
    """What each site got.

    Attributes:
        sources: By site name, in the order of levels: numerically where all names are numbers.
        rows_left_out: Rows without a site, which nobody got.
    """

    sources: Mapping[str, Source]
    rows_left_out: int


def deal_by(
    data: str | os.PathLike[str] | Tabular,
    column: str,
    dictionary: Dictionary,
    *,
    columns: Sequence[str] | None = None,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    allow_extra: bool = False,
) -> Deal:
    """Give every row of a file or table to the site that ``column`` names; for trials and demonstrations.

    The file is read once into memory, so that no site reads another's rows from disk again. A site named by a number is
    called by its shortest text: ``3``, not ``3.0``.

    Args:
        data, columns, memory_limit_bytes, allow_extra: As for `open_source`.
        column: The column that says which site a row belongs to.
        dictionary: What the columns mean; its missing codes of ``column`` mean "no site".

    Raises:
        ColumnMissing: if the column is not there.
        DataError: if it names no site, or more than 10,000.
    """
    relation = open_relation(data, columns, tuple(each.name for each in dictionary))
    if column not in relation.names:
        raise ColumnMissing(
            f"There is no column '{column[:80]}' to deal the rows by.", remedy=f"Use one of: {_listed(relation.names)}."
        )
    position = relation.names.index(column)
    codes = set(dictionary[column].missing_codes if column in dictionary else COMMON_MISSING_CODES)
    texts, rows_left_out = _site_texts(relation, position, codes)
    dealt = _in_memory(relation, position, texts)
    whole = relation.fingerprint()
    relation.verify_unchanged()
    present = [Cells.of(each, dealt) for each in dictionary if each.name in dealt.names]
    tallied = tally_by_site(dealt, present)
    share = memory_limit_bytes // max(len(texts), 1)
    sources = {
        site: Source(
            replace(dealt, digest=digest(whole, column.encode(), site.encode())),
            dictionary,
            memory_limit_bytes=share,
            allow_extra=allow_extra,
            where=f"site = {number}",
            tallied=tallied.get(number),
        )
        for number, site in enumerate(texts)
    }
    return Deal(sources, rows_left_out)


def _site_texts(relation: Relation, position: int, codes: set[str]) -> tuple[dict[str, list[str]], int]:
    """The cell texts that mean each site, and the number of rows without one."""
    cell = text_sql(position, relation.types[position])
    found = relation.session.rows(
        f"SELECT coalesce({cell}, ''), count(*) FROM {relation.from_sql} GROUP BY 1 LIMIT {10 * SITES_MAX}",  # noqa: S608
        relation.parameters,
    )
    texts: dict[str, list[str]] = {}
    rows_left_out = 0
    for text, rows in found:
        if not text or text in codes or text.lower() == "nan":
            rows_left_out += int(rows)
        else:
            texts.setdefault(_site_name(text), []).append(text)
    if not 1 <= len(texts) <= SITES_MAX:
        raise DataError(
            f"The column '{relation.names[position][:80]}' names {len(texts)} sites; 1 to {SITES_MAX} can take part.",
            remedy="Deal by a column that names institutions.",
        )
    return {site: texts[site] for site in sort_levels(texts)}, rows_left_out


def _in_memory(relation: Relation, position: int, texts: dict[str, list[str]]) -> Relation:
    """The rows that have a site, with its number as the column ``site``."""
    every = [(text, number) for number, found in enumerate(texts.values()) for text in found]
    lookup = relation.session.make_enum([text for text, _ in every])
    cell = text_sql(position, relation.types[position])
    select = (
        f"SELECT *, list_extract($numbers::INTEGER[], enum_code(site_code)::INTEGER + 1) AS site FROM "  # noqa: S608
        f"(SELECT *, TRY_CAST({cell} AS {lookup}) AS site_code FROM {relation.from_sql}) WHERE site_code IS NOT NULL"
    )
    parameters = {**relation.parameters, "numbers": [number for _, number in every]}
    name = relation.session.make_table(select, parameters)
    relation.verify_unchanged()
    return replace(relation, source=name, parameters={}, stamps=())


def _site_name(text: str) -> str:
    number = as_number(text)
    return text if number is None else number_text(number)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name[:80] for name in names[:20])
