"""A trial over files: each file a site, or one file dealt to sites by a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from summand.encoding import parse
from summand.errors import DictionaryInvalid, PeerProtocolError, UsageError
from summand.federation._federation import Federation
from summand.site.sources import deal_by, infer_from, open_source
from summand.tables import Dictionary, dictionary_from_table_schema

NAME_CHARACTERS_MAX = 63
_OUTSIDE = re.compile(r"[^A-Za-z0-9_.-]+")


def open_files(paths: Sequence[Path], *, by: str | None = None, dictionary: Dictionary | None = None) -> Federation:
    """A trial federation over files, as if each were a site.

    Args:
        paths: CSV or Parquet files; sites are called as their files, without folder and ending.
        by: Deal one file to sites by this column instead.
        dictionary: What the columns mean; inferred from the files (and said so) if not given.

    Raises:
        UsageError: if there is no file, or several with ``by``.
        DataError: if a file is not what the dictionary says.
    """
    if not paths:
        raise UsageError("No file is given.", remedy="Name one file for each site: --sites a.csv b.parquet")
    if by is not None and len(paths) != 1:
        raise UsageError(f"--by deals one file to sites; {len(paths)} are given.", remedy="Give one file with --sites.")
    notes: Sequence[str] = ()
    if dictionary is None:
        meaning, notes = infer_from("trial", list(paths))
    else:
        meaning = dictionary
    if by is None:
        names = site_names(path.name.split(".")[0] for path in paths)
        sources = {name: open_source(path, meaning, allow_extra=True) for name, path in zip(names, paths, strict=True)}
        return Federation.of_sources(sources, meaning, notes)
    deal = deal_by(paths[0], by, meaning, allow_extra=True)
    said = [f"'{by}' deals the rows to {len(deal.sources)} sites."]
    if deal.rows_left_out:
        said.append(f"{deal.rows_left_out} rows without a value in '{by}' belong to no site and are left out.")
    sources = dict(zip(site_names(deal.sources), deal.sources.values(), strict=True))
    return Federation.of_sources(sources, meaning, [*said, *notes])


def read_dictionary(path: Path) -> Dictionary:
    """The dictionary in a Table Schema file (JSON).

    Raises:
        UsageError: if the file cannot be read.
        DictionaryInvalid: if it holds something else.
    """
    try:
        fields = parse(path.read_bytes(), "dictionary")
    except OSError as error:
        raise UsageError(f"The dictionary {path} cannot be read: {error.strerror}.", remedy="Check the path.") from None
    except PeerProtocolError:
        fields = None
    if not isinstance(fields, dict):
        raise DictionaryInvalid(
            f"{path.name} is not a JSON object.", remedy='Write a Table Schema: {"fields": [{"name": …}]}'
        )
    return dictionary_from_table_schema(path.name.split(".")[0], fields)


def site_names(texts: Iterable[str]) -> list[str]:
    """Names as agreements allow them (letters, digits, ``_ . -``), each once, in the order given."""
    found: list[str] = []
    for text in texts:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        base = _OUTSIDE.sub("_", plain).strip("_.-")[: NAME_CHARACTERS_MAX - 8] or "site"
        name, number = base, 1
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.append(name)
    return found
