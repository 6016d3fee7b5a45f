"""Reading our own JSON records strictly: the named fields, nothing else, each of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from summand.encoding import from_base64, parse
from summand.errors import PeerProtocolError, SetupInvalid


@dataclass(frozen=True)
class Record:
    """The fields of a record, secret ones perhaps among them."""

    fields: dict[str, Any]

    def __repr__(self) -> str:
        return "Record(…)"

    def text(self, name: str) -> str:
        """A field that is text."""
        value = self.fields[name]
        if not isinstance(value, str):
            raise _invalid(name)
        return value

    def binary(self, name: str) -> bytes:
        """A field that is bytes in base64."""
        try:
            return from_base64(self.text(name), name)
        except PeerProtocolError:
            raise _invalid(name) from None

    def mapping(self, name: str) -> dict[str, str]:
        """A field that is an object of texts."""
        value = self.fields[name]
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise _invalid(name)
        return value


def read_record(data: bytes, kind: str, names: Sequence[str]) -> Record:
    """The record of type ``kind`` with exactly the fields ``names``.

    Raises:
        SetupInvalid: if the bytes are anything else.
    """
    try:
        fields = parse(data, "record")
    except PeerProtocolError:
        fields = None
    if not isinstance(fields, dict) or fields.get("type") != kind or set(fields) != {"type", *names}:
        raise SetupInvalid(
            f"This is not a record of type {kind} with its fields and no others.", remedy="Send the record as written."
        )
    return Record(fields)


def _invalid(name: str) -> SetupInvalid:
    return SetupInvalid(f"The field {name} of a record is malformed.", remedy="Send the record as it was written.")
