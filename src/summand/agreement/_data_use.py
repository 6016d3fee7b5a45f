"""A use that somebody intends, as consent is asked about it, and which diseases are kinds of which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from summand.errors import UsageError

Answer = Literal["yes", "no", "ask"]
YES: Answer = "yes"
NO: Answer = "no"
ASK: Answer = "ask"


@dataclass(frozen=True)
class DiseaseTree:
    """Which disease is a kind of which: pairs (narrower, broader) of MONDO identifiers."""

    broader: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> DiseaseTree:
        """The tree of (narrower, broader) pairs."""
        found: dict[str, set[str]] = defaultdict(set)
        for narrower, broader in pairs:
            found[narrower].add(broader)
            found[broader]
        return cls({disease: frozenset(above) for disease, above in found.items()})

    @classmethod
    def read_obo(cls, path: Path) -> DiseaseTree:
        """The ``is_a`` lines of an ontology in OBO 1.2 form, such as ``mondo.obo`` (purl.obolibrary.org/obo/mondo.obo).

        Raises:
            UsageError: if the file cannot be read.
        """
        pairs, term = [], ""
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    if line.startswith("["):
                        term = ""
                    elif line.startswith("id: MONDO:"):
                        term = line[4:].strip()
                    elif term and line.startswith("is_a: MONDO:"):
                        pairs.append((term, line[6:].split("!")[0].split("{")[0].strip()))
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{path} cannot be read as an ontology in OBO form.", remedy="Check the path.") from None
        return cls.of(pairs)

    def __contains__(self, disease: object) -> bool:
        """Whether the tree knows the disease."""
        return disease in self.broader

    def ancestors(self, disease: str) -> frozenset[str]:
        """Every disease that this one is a kind of, not itself."""
        found: set[str] = set()
        todo = list(self.broader.get(disease, ()))
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.broader.get(one, ())
        return frozenset(found)


@dataclass(frozen=True)
class DataUse:
    """What somebody intends to do with a dataset.

    Attributes:
        purpose: ``system``, ``code`` and perhaps ``disease``, as in clause C.
        day: The day on which it is asked.
        country: Of the user's organisation, ISO 3166-1 alpha-2; empty if unknown.
        nonprofit: Whether that organisation works without profit.
        institution: Names under which it may be listed.
        user: The person; empty if none is named yet.
        project: Identifier of the agreement or project; empty if there is none yet.
        start: First day of the term, from which months are counted.
        ethics_approved: Whether an ethics approval holds on the day; None if not known.
        undertakes: Duties by DUO code that the user takes on; None where an agreement binds it to all of them.
        diseases: Which disease is a kind of which; None if not at hand.
    """

    purpose: Mapping[str, Any]
    day: date
    country: str = ""
    nonprofit: bool = False
    institution: tuple[str, ...] = ()
    user: str = ""
    project: str = ""
    start: date | None = None
    ethics_approved: bool | None = None
    undertakes: frozenset[str] | None = None
    diseases: DiseaseTree | None = field(default=None, repr=False)
