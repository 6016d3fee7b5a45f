"""From a file into the directory, with a report line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Literal

from summand.directory._entries import Entry
from summand.directory._organisation import Organisation
from summand.directory._read_csv import read_csv
from summand.directory._read_ror import read_ror
from summand.directory._report import ImportReport, Outcome
from summand.directory._store import Directory
from summand.errors import UsageError

Format = Literal["csv", "ror"]
Reader = Callable[[Path, ImportReport], Iterator[tuple[int, Organisation]]]
READERS: Mapping[Format, Reader] = {"csv": read_csv, "ror": read_ror}
_BATCH = 1000


def format_of(path: Path) -> Format:
    """The format that a file's ending speaks for.

    Raises:
        UsageError: if it speaks for none.
    """
    known: dict[str, Format] = {".csv": "csv", ".tsv": "csv", ".json": "ror", ".zip": "ror"}
    if path.suffix.lower() not in known:
        raise UsageError(
            f"{path.name} is neither CSV nor a ROR dump by its ending.", remedy="Say which with --format csv or ror."
        )
    return known[path.suffix.lower()]


def import_file(
    directory: Directory,
    path: Path,
    form: Format | None = None,
    *,
    kinds: frozenset[str] = frozenset(),
    countries: frozenset[str] = frozenset(),
    declared: bool = False,
) -> ImportReport:
    """Take every line that fits into the directory.

    What an organisation declared about itself is never replaced by what a register says. Lines go in by the thousand:
    a crash loses none that was counted, and the same import may simply be run again.

    Args:
        directory: Where to.
        path: The file.
        form: ``csv`` or ``ror``; by the file's ending if not given.
        kinds: Kinds to take; all if empty.
        countries: Countries to take, ISO 3166-1 alpha-2; all if empty.
        declared: Whether the lines are the organisations' own words (a form they filled in), not a register's.

    Raises:
        UsageError: if the file cannot be read.
    """
    report = ImportReport(path.name)
    found = READERS[form or format_of(path)](path, report)
    while batch := list(islice(found, _BATCH)):
        _take(directory, batch, report, kinds, countries, declared=declared)
    return report


def _take(
    directory: Directory,
    batch: list[tuple[int, Organisation]],
    report: ImportReport,
    kinds: frozenset[str],
    countries: frozenset[str],
    *,
    declared: bool,
) -> None:
    before = directory.standings(one.id for _, one in batch)
    new: dict[str, Entry] = {}
    for line, one in batch:
        entry = Entry(one, "declared" if declared else "registered")
        outcome = _outcome(entry, new.get(one.id) or before.get(one.id))
        if (kinds and not kinds & set(one.kinds)) or (countries and one.country not in countries):
            outcome = "passed_over"
        elif one.id in new:
            outcome = "refused"
            report.note(line, "id", f"{one.id} stands in the file twice.", "Keep one of the lines.", refused=True)
        report.counts[outcome] += 1
        if outcome in ("added", "changed"):
            new[one.id] = entry
    directory.put_all(list(new.values()))


def _outcome(entry: Entry, before: Entry | None) -> Outcome:
    if before is None:
        return "added"
    if before.standing == "signed" or (before.standing == "declared" and entry.standing == "registered"):
        return "kept"
    return "unchanged" if before == entry else "changed"
