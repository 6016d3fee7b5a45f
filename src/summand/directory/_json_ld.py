"""Datasets as HealthDCAT-AP in JSON-LD, out and in.

Terms: DCAT 3 (www.w3.org/TR/vocab-dcat-3), DCAT-AP 3, HealthDCAT-AP (healthdcat-ap.github.io) and the Data Privacy
Vocabulary. What is written has its context inside. What is read may use these prefixes or full addresses, under any
context; no address is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from summand.directory._data_asset import DataAsset
from summand.directory._json_ld_terms import ACCESS, CONTEXT, FIELDS, HEALTH_THEME, NAMESPACES, Shape
from summand.directory._organisation import Organisation
from summand.directory._record import read_record
from summand.errors import OrganisationInvalid

_ACCESS_BACK = {address.rsplit("/", 1)[1]: name for name, address in ACCESS.items()}


def datasets_to_json_ld(organisation: Organisation) -> dict[str, Any]:
    """The catalogue of an organisation's datasets: one ``dcat:Catalog`` in JSON-LD."""
    publisher = {"@type": "foaf:Agent", "@id": _agent(organisation), "foaf:name": organisation.name}
    return {
        "@context": CONTEXT,
        "@type": "dcat:Catalog",
        "dct:title": f"Datasets of {organisation.name}",
        "dct:publisher": publisher,
        "dcat:dataset": [_dataset(asset, publisher) for asset in organisation.data_assets],
    }


def data_assets_from_json_ld(document: Any) -> tuple[DataAsset, ...]:
    """Every dataset in a JSON-LD document: a dataset, a list of them, a graph or a catalogue.

    Raises:
        OrganisationInvalid: if there is none, or one holds a value that does not fit.
    """
    found = tuple(_asset(node) for node in _datasets(document))
    if not found:
        raise OrganisationInvalid(
            "The JSON-LD holds no dcat:Dataset.", remedy="Give a dataset, a catalogue or a graph of datasets."
        )
    return found


def _agent(organisation: Organisation) -> str:
    return f"https://ror.org/{organisation.ror}" if organisation.ror else f"urn:summand:organisation:{organisation.id}"


def _dataset(asset: DataAsset, publisher: Mapping[str, Any]) -> dict[str, Any]:
    values = asset.model_dump(mode="json", exclude_defaults=True)
    node: dict[str, Any] = {
        "@type": "dcat:Dataset",
        "dct:identifier": asset.id,
        "dct:title": asset.title,
        "dct:publisher": dict(publisher),
        "dct:accessRights": {"@id": ACCESS[asset.access_rights]},
        "dcat:theme": [{"@id": HEALTH_THEME}],
    }
    for field, (term, shape) in FIELDS.items():
        if field in values:
            node[term] = shape.write(values[field])
    return node


def _datasets(node: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if depth > 8:
        return
    if isinstance(node, list):
        for item in node:
            yield from _datasets(item, depth + 1)
    elif isinstance(node, Mapping):
        short = {_short(str(key)): value for key, value in node.items()}
        kinds = short.get("@type", [])
        if "dcat:Dataset" in {_short(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])}:
            yield short
        for name in ("@graph", "dcat:dataset", "dcat:Dataset"):
            yield from _datasets(short.get(name), depth + 1)


def _short(term: str) -> str:
    """The prefixed form of a property, whichever of the known forms it came in."""
    for prefix, address in NAMESPACES.items():
        if term.startswith(address):
            return f"{prefix}:{term.removeprefix(address)}"
    return term.replace("dcterms:", "dct:", 1)


def _asset(node: Mapping[str, Any]) -> DataAsset:
    values: dict[str, Any] = {}
    title, name = _first(node.get("dct:title")), _first(node.get("dct:identifier")) or node.get("@id")
    values["title"] = title
    values["id"] = _slug(str(name or title or "dataset"))
    rights = str(_first(node.get("dct:accessRights")) or "").rsplit("/", 1)[-1]
    if rights:
        values["access_rights"] = _ACCESS_BACK.get(rights, rights)
    for field, (term, shape) in FIELDS.items():
        if term in node:
            read = shape.read([_expand(item) for item in _list(node[term])])
            if read not in (None, [], {}):
                values[field] = read
    return read_record(DataAsset, {key: value for key, value in values.items() if value is not None}, "A dataset")


def _expand(item: Any) -> Any:
    """A node with the keys of its own level in prefixed form."""
    return {_short(str(key)): value for key, value in item.items()} if isinstance(item, Mapping) else item


def _list(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping) and "@list" in value:
        return list(value["@list"])
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> str | None:
    """The text of a literal, the address of a node; of several languages the first, or the English one."""
    items = _list(value)
    english = [item for item in items if isinstance(item, Mapping) and item.get("@language") == "en"]
    return Shape.plain(next(iter(english or items), None))


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in text.rsplit("/", 1)[-1])
    return kept.strip("-")[:63].strip("-") or "dataset"
