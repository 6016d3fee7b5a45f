"""Small JSON files that commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from summand.errors import PeerProtocolError, UsageError


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        UsageError: if the file cannot be read or holds something else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None
    return as_object(data, path.name)


def as_object(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in some bytes; ``what`` names them in the error.

    Raises:
        UsageError: if they are something else.
    """
    from summand.encoding import parse

    try:
        value = parse(data)
    except PeerProtocolError:
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{what} is not a JSON object.", remedy="Give a JSON object: {…}")
    return value


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        UsageError: if it is there already, or cannot be written.
    """
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError(f"{path} is there already.", remedy="Choose another name with --out.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Check the path.") from None
