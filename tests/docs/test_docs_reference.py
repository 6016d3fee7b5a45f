"""The generated reference pages are those of the code, and every schema is one."""

from __future__ import annotations

import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from docs.reference_pages import EXIT_CODES, FOLDER, pages  # noqa: E402
from docs.schemas import SCHEMAS  # noqa: E402

from summand.errors import by_code  # noqa: E402


@pytest.mark.parametrize("name", sorted(pages()))
def test_reference_pages_are_what_the_code_gives(name: str) -> None:
    """Each generated file under docs/reference is what the generator writes today."""
    written = (FOLDER / name).read_text(encoding="utf-8")

    assert written == pages()[name], "run: python -m docs.reference_pages"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_schemas(name: str) -> None:
    """Each schema is valid JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_every_exit_code_is_documented() -> None:
    """No error of the tree ends a command with an exit code that the table lacks."""
    assert {kind.exit_code for kind in by_code().values()} <= set(EXIT_CODES)
