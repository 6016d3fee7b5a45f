"""Every room says what it is for and what it gives, and gives exactly that; every error code stands in the manual."""

from __future__ import annotations

import ast
import importlib
import re
import types
from pathlib import Path

import pytest
from source_tree import modules

from summand.errors import by_code

ROOMS = sorted(path for path in modules() if path.endswith("/__init__.py"))
MANUAL = Path(__file__).resolve().parents[2] / "docs" / "reference" / "errors.md"


def module_of(path: str) -> types.ModuleType:
    """The imported room."""
    return importlib.import_module("summand." + path.removesuffix("/__init__.py").replace("/", "."))


@pytest.mark.parametrize("path", ROOMS)
def test_a_room_says_what_it_is_for(path: str) -> None:
    """The docstring of a room begins with a sentence."""
    text = ast.get_docstring(modules()[path]) or ""
    assert re.match(r"[A-Z`].*?[.:](\s|$)", text, re.DOTALL)


@pytest.mark.parametrize("path", ROOMS)
def test_a_room_gives_what_it_lists(path: str) -> None:
    """``__all__`` names each export once, every one is there, and so is what is taken from the room's own modules."""
    room = module_of(path)
    listed = list(room.__all__)
    assert len(set(listed)) == len(listed)
    assert all(hasattr(room, name) or importlib.import_module(f"{room.__name__}.{name}") for name in listed)
    public = {
        alias.asname or alias.name
        for node in modules()[path].body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{room.__name__}._")
        for alias in node.names
    }
    assert {name for name in public if not name.startswith("_")} <= set(listed)


@pytest.mark.parametrize("path", ROOMS)
def test_what_a_room_gives_is_documented(path: str) -> None:
    """Every class and function that a room exports has a docstring of its own."""
    room = module_of(path)
    for name in room.__all__:
        value = getattr(room, name, None)
        if isinstance(value, (type, types.FunctionType)):
            assert (vars(value).get("__doc__") if isinstance(value, type) else value.__doc__) or "", name


def test_every_error_code_is_in_the_manual() -> None:
    """The manual lists each code of the tree, and no other."""
    listed = re.findall(r"^\| `([a-z_.]+)` \|", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(by_code())


def test_every_method_has_its_words_its_verb_and_its_schema() -> None:
    """A method of the catalogue is one that an agreement can name in plain words, a verb, and a page of the manual."""
    from docs.schemas import SCHEMAS

    from summand.agreement._computations import COMPUTATIONS
    from summand.cli.run import run_app
    from summand.methods import METHODS

    verbs = {command.name or command.callback.__name__ for command in run_app.registered_commands if command.callback}
    described = {name for schema in SCHEMAS.values() for name in schema["properties"].get("method", {}).get("enum", ())}

    assert sorted(COMPUTATIONS) == sorted(METHODS)
    assert set(METHODS) <= verbs
    assert set(METHODS) <= described
