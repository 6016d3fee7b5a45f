"""Templates: a cover page of variables in YAML, and standard terms in prose that the cover page names by their hash.

All kinds of partnership share one cover page (``templates/_cover.yaml``) and one text of standard terms; a kind's own file
replaces what is different. What a template leaves to lawyers reads "needs counsel"; `check` fails until each such place is
settled.
"""

from __future__ import annotations

import re
import textwrap
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from summand.agreement._purpose import PROHIBITED_ALWAYS
from summand.agreement._source_yaml import read_yaml
from summand.encoding import sha256_hex
from summand.errors import UsageError

TEMPLATES: dict[str, str] = {
    "public-private": "a public body and providers with a company",
    "provider-provider": "providers with each other",
    "accountable-care": "the members of an accountable care organisation",
    "academic-industry": "universities and hospitals with a company that may develop what they find",
    "provider-technology": "providers with a technology company that works for them",
    "technology-academic": "a technology company and universities who develop methods together",
    "technology-regulator": "technology companies and providers with a regulator who watches a trial",
    "startup-pilot": "providers who try a startup's product",
    "cross-border": "organisations in several countries",
}
"""Kinds of partnership: the name of the template, and between whom."""
_PARTY_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SAMPLE_PARTIES = ("party-1", "party-2", "party-3")
_BLOCKS = {
    "purposes": 4, "computations": 4, "bodies": 4, "rules": 4, "study_approvals": 4, "backup": 4,
    "conflicts": 2, "ip": 2, "waterfall": 2, "tools": 2,
}  # fmt: skip
"""Parts of the cover page that kinds replace, with the spaces by which they are indented."""


def new_from_template(name: str, parties: Sequence[str] = _SAMPLE_PARTIES) -> str:
    """YAML text of a new draft: the template's cover page for these parties, with a fresh identifier.

    Args:
        name: One of `TEMPLATES`.
        parties: Short names: lower-case letters, digits and hyphens. Their places matter where a template says so: the
            first leads, the last is the company, startup or regulator.

    Raises:
        UsageError: if there is no such template, a short name does not fit or stands twice, or nobody would hold data.
    """
    kind = _kind(name)
    _check_names(parties)
    positions = _positions(kind["positions"], parties)
    holders = [party for party, position in positions.items() if "data_holder" in position["roles"]]
    if not holders:
        raise UsageError(
            f"{name} needs {len(kind['positions'])} parties: {', '.join(place['type'] for place in kind['positions'])}.",
            remedy="Name them in this order with --party.",
        )
    words = _words(positions)
    text = {
        part: textwrap.indent(Template(kind[part]).substitute(words).rstrip("\n"), " " * spaces)
        for part, spaces in _BLOCKS.items()
    }
    single = {key: value for key, value in kind.items() if isinstance(value, str) and key not in _BLOCKS}
    return Template(_resource("_cover.yaml")).substitute(
        {
            **single,
            **text,
            **words,
            "name": name,
            "id": f"urn:uuid:{uuid.uuid4()}",
            "sha256": standard_terms_sha256(name),
            "parties": "\n".join(_part("party", party, **position) for party, position in positions.items()),
            "people": "\n".join(
                _part(part, party)
                for party in parties
                for part in (["steward", "people"] if party in holders else ["people"])
            ),
            "datasets": "\n".join(_part("dataset", party) for party in holders),
            "contributions": "\n".join(_part("contribution", p, **position) for p, position in positions.items()),
            "weights": "\n".join(f"      - {{party: {party}, weight: 1}}" for party in parties),
            "prohibited": "\n".join(
                f"    - {{code: {code}, text: {text!r}}}".replace("'", '"') for code, text in PROHIBITED_ALWAYS.items()
            ),
        }
    )


def standard_terms(name: str) -> str:
    """Prose of the standard terms behind a template.

    Raises:
        UsageError: if there is no such template.
    """
    own: Mapping[str, str] = _kind(name)["terms"]

    def paragraph(found: re.Match[str]) -> str:
        heading, letter = found.group(1), found.group(2)
        return f"{heading}{own[letter].rstrip()}\n" if letter in own else found.group(0)

    prose = _resource("_terms-1.0.md").replace("provider-provider/1.0", f"{name}/1.0", 1)
    return re.sub(r"(## ([A-O])\. [^\n]*\n)(?:[^#\n][^\n]*\n)+", paragraph, prose)


def standard_terms_sha256(name: str) -> str:
    """SHA-256 of `standard_terms` in UTF-8, as a cover page names it."""
    return sha256_hex(standard_terms(name).encode())


def _check_names(parties: Sequence[str]) -> None:
    for party in parties:
        if not _PARTY_NAME.fullmatch(party) or party in ("any", "null", "true", "false"):
            raise UsageError(
                f"{party[:40]!r} cannot be a party's short name.",
                remedy="Use lower-case letters, digits and hyphens, starting with a letter: clinic-north.",
            )
    if len(set(parties)) != len(parties) or not parties:
        raise UsageError("Each party is named once, and there is at least one.", remedy="Name each party once.")


@cache
def _kind(name: str) -> Mapping[str, Any]:
    """What the template of that name puts into the cover page."""
    if name not in TEMPLATES:
        raise UsageError(f"There is no template {name[:60]!r}.", remedy=f"Choose one of: {', '.join(TEMPLATES)}.")
    shared, own = (read_yaml(_resource(f"{part}.yaml"))[0] for part in ("_defaults", name))
    return {**shared, **own}


def _positions(places: Sequence[Mapping[str, str]], parties: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Who stands where: the first and the last place go to the first and the last party, the others to those between.

    With too few parties to fill every place, the last place is filled before the middle one.
    """
    if len(parties) < len(places) and len(places) > 2:
        places = [places[0], places[-1]]
    middle = places[1] if len(places) > 2 else places[0]
    last = len(parties) - 1
    return {
        party: places[0] if index == 0 else places[-1] if index == last and len(places) > 1 else middle
        for index, party in enumerate(parties)
    }


def _words(positions: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Names and counts that blocks of a template may use."""
    parties = list(positions)
    holders = [party for party in parties if "data_holder" in positions[party]["roles"]]
    voting = [party for party in parties if "observer" not in positions[party]["roles"]]
    listed = {"members": parties, "holders": holders, "voting": voting}
    return {
        **{name: "[" + ", ".join(names) + "]" for name, names in listed.items()},
        "lead": parties[0],
        "last": parties[-1],
        "first_holder": holders[0],
        "quorum": len(parties) // 2 + 1,
        "holder_quorum": len(holders) // 2 + 1,
        "voting_quorum": len(voting) // 2 + 1,
        "remaining": max(1, len(parties) - 1),
        "share_weights": "\n".join(f"        - {{party: {party}, weight: needs counsel}}" for party in parties),
    }


def _part(part: str, party: str, **fields: str) -> str:
    return Template(_resource(f"_{part}.yaml")).substitute(party=party, **fields).rstrip("\n")


def _resource(name: str) -> str:
    return files("summand.agreement").joinpath("templates", name).read_text("utf-8")
