"""Bytes of a file to plain values, with the line of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from summand.agreement._source_json import read_json
from summand.agreement._source_yaml import read_yaml
from summand.errors import AgreementSyntaxError

LARGEST_BYTES = 2_000_000


def read_source(source: Path | str | bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """The document in a file (a path) or in bytes, and the line of each of its parts by JSON Pointer.

    Text that begins with ``{`` is JSON, any other YAML 1.2.

    Raises:
        AgreementSyntaxError: if it cannot be read, is over 2 MB, is neither, or is no object.
    """
    data = source if isinstance(source, bytes) else bytes_of(Path(source))
    if len(data) > LARGEST_BYTES:
        raise AgreementSyntaxError(
            f"An agreement has at most {LARGEST_BYTES:,} bytes; this file has {len(data):,}.",
            remedy="Refer to long annexes by their hash instead of writing them in.",
        )
    try:
        text = data.decode("utf-8-sig")
        value, lines = (read_json if text.lstrip().startswith("{") else read_yaml)(text)
    except (UnicodeDecodeError, RecursionError):
        raise AgreementSyntaxError(
            "The file is not UTF-8 text that can be read as YAML or JSON.", remedy="Save it as UTF-8 text."
        ) from None
    if not isinstance(value, dict):
        raise AgreementSyntaxError(
            "The file is no agreement: it must be a mapping of clauses.",
            remedy="Start from 'summand agreement new'.",
            line=1,
        )
    return value, lines


def bytes_of(path: Path, limit: int = LARGEST_BYTES) -> bytes:
    """The file's bytes, or one more than ``limit`` of them where it is larger.

    Raises:
        AgreementSyntaxError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise AgreementSyntaxError(f"{path.name[:80]!r} cannot be read: {reason}.", remedy="Check the path.") from None
