"""Conditions of clause D: dictionaries that can be read, and withheld columns that they have."""

from __future__ import annotations

from collections.abc import Iterator

from summand.agreement._datasets import Dataset
from summand.agreement._document import Agreement
from summand.agreement._findings import Place
from summand.agreement._problems import Problem, invalid, unknown_names
from summand.errors import DictionaryInvalid
from summand.tables import dictionary_from_table_schema


def dictionaries(agreement: Agreement) -> Iterator[Problem]:
    """Every dictionary is a Table Schema that studies can run on; else they would find out only after all signed."""
    for name in agreement.data.dictionaries:
        try:
            dictionary_from_table_schema(name, dict(agreement.data.dictionaries[name]))
        except DictionaryInvalid as error:
            place = ("data", "dictionaries", name, *_parts(error.pointer))
            yield invalid(place, f"Dictionary {name}: {error.message}", error.remedy)


def _parts(pointer: str) -> list[str | int]:
    """The keys and indices of a JSON Pointer (RFC 6901 section 4)."""
    names = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return [int(name) if name.isdecimal() else name for name in names]


def withheld_columns(agreement: Agreement, dataset: Dataset, place: Place) -> Iterator[Problem]:
    """Every withheld column is one of the dataset's dictionary: a misspelt name would leave the column open."""
    fields = agreement.data.dictionaries.get(dataset.dictionary, {}).get("fields")
    if not isinstance(fields, list):
        return
    known = {str(field["name"]) for field in fields if isinstance(field, dict) and "name" in field}
    used = (((*place, "columns_withheld", i), name) for i, name in enumerate(dataset.columns_withheld))
    yield from unknown_names(used, known, "column")
