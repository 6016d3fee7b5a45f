"""What makes a demonstration: real patients dealt to the sites they came from, a dictionary, and an agreement."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from summand.demo._studies import Study
from summand.signing import PrivateKey

if TYPE_CHECKING:
    from summand.agreement import Agreement

Rows = tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Site:
    """One party's data.

    Attributes:
        party: Short name of the party in the agreement.
        name: What people call it.
        dataset: The dataset's name in the agreement.
        file_name: The file in the site's folder.
        rows: Its records, cells as they stand in the source.
    """

    party: str
    name: str
    dataset: str
    file_name: str
    rows: Rows

    def to_csv(self) -> bytes:
        """The site's file: a header, then one line per record."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()


@dataclass(frozen=True)
class Keys:
    """The private keys of a demonstration; in a real partnership each lies with its owner.

    Attributes:
        parties: Party -> its key.
        analyst: The key of the person who asks.
    """

    parties: Mapping[str, PrivateKey] = field(repr=False)
    analyst: PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, parties: tuple[str, ...]) -> Keys:
        """A fresh key for every party and for the analyst."""
        return cls({party: PrivateKey.generate() for party in parties}, PrivateKey.generate())


@dataclass(frozen=True)
class Case:
    """One demonstration.

    Attributes:
        name: ``lung`` or ``heart``.
        title: What it is called.
        source: Where the data come from, in words for a reader.
        licence: Under which terms.
        left_out: Sentences on records that are not used, with their number.
        sites: The sites in the order of the agreement.
        dictionary_name, dictionary: The data dictionary, a Table Schema.
        agreement: The agreement, unsigned.
        analyst: Name of the person who asks.
        studies: What is asked, in order.
        goal_studies: Goal -> the study that measures it.
        group_names: Group of the survival curves -> what people call it.
        terms: Term of the models -> what people call it, and per how many units its ratio is shown.
        time_unit: The unit of follow-up, "" if there is none.
    """

    name: str
    title: str
    source: str
    licence: str
    left_out: tuple[str, ...]
    sites: tuple[Site, ...]
    dictionary_name: str
    dictionary: Mapping[str, Any]
    agreement: Agreement
    analyst: str
    studies: tuple[Study, ...]
    goal_studies: Mapping[str, str]
    group_names: Mapping[str, str]
    terms: Mapping[str, tuple[str, float]]
    time_unit: str = ""

    @property
    def row_count(self) -> int:
        """Records at all sites together."""
        return sum(len(site.rows) for site in self.sites)

    def site(self, party: str) -> Site:
        """The site of that party."""
        return next(site for site in self.sites if site.party == party)


def field_of(
    name: str, title: str, low: float, high: float, *, unit: str = "1", step: float | None = None, **constraints: Any
) -> dict[str, Any]:
    """A numeric field of a Table Schema: integer unless ``step`` is a fraction."""
    whole = step is None or float(step).is_integer()
    out: dict[str, Any] = {
        "name": name, "type": "integer" if whole else "number", "title": title, "x-unit": unit,
        "constraints": {"minimum": low, "maximum": high, **constraints},
    }  # fmt: skip
    if step is not None:
        out["x-step"] = step
    return out
