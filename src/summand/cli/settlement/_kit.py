"""What the commands about money share: amounts, files, options."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.documents import Document

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Cleared = Annotated[
    list[str] | None, typer.Option("--cleared", help="A legal guard that is cleared, such as aks_stark; once for each.")
]
Pdf = Annotated[Path | None, typer.Option("--pdf", help="Write it as PDF; never over a file that is there.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write its tables as CSV; never over a file that is there.")]
_AMOUNT = re.compile(r"[0-9]{1,13}([.][0-9]{2})?")


def read_bytes(path: Path) -> bytes:
    """The content of a file that the command was given.

    Raises:
        UsageError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def weights_of(given: list[str] | None) -> dict[str, int]:
    """``NAME=WEIGHT`` options as weights.

    Raises:
        UsageError: if one is malformed, named twice, or not a whole number of at least 0.
    """
    found: dict[str, int] = {}
    for item in given or ():
        name, _, weight = item.rpartition("=")
        if not name or name in found or not (weight.isascii() and weight.isdecimal()) or len(weight) > 15:
            raise UsageError(f"'{item}' is no weight.", remedy="Write each member once, as NAME=WEIGHT: clinic=3")
        found[name] = int(weight)
    return found


def money(cents: int) -> str:
    """An amount for people: 1,234.56."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def cents_of(text: str) -> int:
    """An amount such as ``1000000`` or ``1000000.00`` as cents.

    Raises:
        UsageError: if it is none.
    """
    if not _AMOUNT.fullmatch(text):
        raise UsageError(f"'{text}' is no amount.", remedy="Write it as 1000000 or 1000000.00.")
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest or 0)


def agreement_in(path: Path) -> Agreement:
    """The agreement in a file, signed or complete.

    Raises:
        AgreementError: if it is not complete.
    """
    from summand.agreement import load_agreement, load_signed

    return load_signed(path).agreement if path.name.endswith(".signed.json") else load_agreement(path)


def write_document(make: Callable[[], Document], pdf: Path | None, csv: Path | None) -> None:
    """Write a document to the files asked for.

    Raises:
        UsageError: if a file is there already or cannot be written, or PDFs cannot be set here.
    """
    if pdf is None and csv is None:
        return
    from summand.documents import to_csv, to_pdf

    document = make()
    if csv is not None:
        _write_new(csv, to_csv(document).encode())
    if pdf is not None:
        _write_new(pdf, to_pdf(document))


def _write_new(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError(f"{path} is there already.", remedy="Choose another name.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Check the path.") from None
