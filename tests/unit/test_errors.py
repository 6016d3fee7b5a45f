"""The tree of errors: one root, stable codes, one table of exit codes, two texts, and nothing else is ever raised."""

from __future__ import annotations

import ast
import inspect

import pytest
from source_tree import around, dotted, modules, with_parents

from summand import errors
from summand.errors import SummandError, by_code, from_dict

CLASSES = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, SummandError)
}
BRANCHES = {
    "SummandError": 1,
    "UsageError": 2,
    "AgreementError": 10,
    "Refusal": 11,
    "DataError": 12,
    "MethodError": 13,
    "SumError": 14,
    "VerificationError": 15,
    "TransportError": 16,
    "StorageFailed": 17,
    "PortalError": 18,
}
# What may be raised although it is none of ours, and why.
FOREIGN = {
    ("__init__.py", "AttributeError"): "Python asks a module's __getattr__ for it",
    ("federation/__init__.py", "AttributeError"): "Python asks a module's __getattr__ for it",
    ("site/__init__.py", "AttributeError"): "Python asks a module's __getattr__ for it",
    ("agreement/_base.py", "ValueError"): "pydantic collects it from a validator",
    ("directory/_organisation.py", "ValueError"): "pydantic collects it from a validator",
    ("directory/_record.py", "ValueError"): "pydantic collects it from a validator",
    ("cli/_directory.py", "typer.Exit"): "how a command ends",
    ("transport/_client.py", "AssertionError"): "a line that no path reaches",
    ("demo/_run.py", "KeyboardInterrupt"): "a signal to stop becomes what the terminal's own would be",
    ("demo/sites.py", "SystemExit"): "how a program ends",
    ("cli/_site.py", "SystemExit"): "how a program ends",
    ("cli/_site.py", "typer.Exit"): "how a command ends",
    ("cli/_app.py", "typer.Exit"): "how a command ends",
    ("cli/_agreement.py", "typer.Exit"): "how a command ends",
    ("evidence/verify.py", "NotVerified"): "a script that runs without us; the room turns it into a VerificationError",
    ("evidence/verify.py", "SystemExit"): "how a program ends",
}
# Names of variables, parameters and tables that hold an error of the tree where they are raised.
HOLDERS = {"error", "failures", "failure", "broken", "stranger", "kind", "refused", "found"}


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES.keys())
def test_every_class_has_a_code_of_its_own(kind: type[SummandError]) -> None:
    """A code is lower-case words with dots and belongs to one class, which says in a sentence when it happens."""
    assert by_code()[kind.code] is kind
    assert kind.code.replace(".", "").replace("_", "").isalpha() and kind.code == kind.code.lower()
    assert "code" in vars(kind)
    assert (kind.__doc__ or "").split("\n\n")[0].rstrip().endswith((".", "is where."))


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    """Every class is drawn in the module's docstring, and nothing is drawn that does not exist."""
    drawn = {word.strip(".·├└─│ ") for word in (errors.__doc__ or "").split("::")[1].split("Whose turn")[0].split()}
    assert set(CLASSES) <= {word.split("(")[0] for word in drawn}


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES.keys())
def test_the_branch_decides_the_exit_code(kind: type[SummandError]) -> None:
    """Each branch has one exit code, which its leaves share; codes begin with the branch's word."""
    branch = next(parent for parent in kind.__mro__ if parent.__name__ in BRANCHES)
    assert kind.exit_code == BRANCHES[branch.__name__]
    assert kind.code.split(".")[0] == branch.code.split(".")[0]
    assert 400 <= kind.http_status <= 599


def test_exit_codes_of_branches_differ() -> None:
    """A shell script can tell every branch from the others by the exit code alone."""
    assert len(set(BRANCHES.values())) == len(BRANCHES)


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES.keys())
def test_an_error_survives_its_json_form(kind: type[SummandError]) -> None:
    """An error that travels comes back as the same class with message, remedy and clause."""
    sent = kind("It happened.", remedy="Do this.", clause="D.min_cell")
    back = from_dict(sent.to_dict())
    assert type(back) is kind
    assert (back.message, back.remedy, back.clause) == ("It happened.", "Do this.", "D.min_cell")
    assert str(back) == "It happened. (clause D.min_cell) Do this."


def test_what_others_see_is_the_public_text() -> None:
    """The message stays with its owner; others, the ledger and the pages get the public text."""
    error = errors.CohortTooSmall(
        "Group 'age 90+' is below 20.", remedy="Merge groups.", public="A group is too small."
    )
    assert error.to_dict()["message"] == "Group 'age 90+' is below 20."
    assert error.to_public_dict() == {
        "code": "guard.cohort_too_small", "message": "A group is too small.", "remedy": "Merge groups."
    }  # fmt: skip


@pytest.mark.parametrize("fields", [{}, {"code": "of.tomorrow"}, {"code": 5, "message": None, "clause": 7}])
def test_an_unknown_error_becomes_the_root(fields: dict) -> None:
    """What a newer version calls by a code that is not known here is still an error, never an exception in reading."""
    assert type(from_dict(fields)) is SummandError


def test_only_errors_of_the_tree_are_raised() -> None:
    """Whatever a caller can meet is a SummandError; foreign ones are caught where they are raised, or named above."""
    makers = _makers()
    odd = []
    for path, tree in modules().items():
        parents = with_parents(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            name = dotted(node.exc.func if isinstance(node.exc, ast.Call) else _subject(node.exc))
            last = name.rsplit(".", 1)[-1]
            known = last in CLASSES or last in makers or last in HOLDERS
            if not (known or (path, name) in FOREIGN or _is_caught(node, name, parents)):
                odd.append(f"{path}:{node.lineno} raises {name or ast.unparse(node.exc)}")
    assert odd == []


def test_every_exception_to_the_rule_is_needed() -> None:
    """The list of foreign exceptions names only what the code still raises."""
    raised = {
        (path, dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc))
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and node.exc is not None
    }
    assert set(FOREIGN) <= raised


def _subject(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.BoolOp):
        return _subject(node.values[0])
    return _subject(node.value) if isinstance(node, ast.Subscript) else node


def _makers() -> set[str]:
    """Functions that promise by their annotation to return an error of the tree."""
    return {
        node.name
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.returns is not None
        and set(ast.unparse(node.returns).replace("|", " ").split()) <= set(CLASSES)
    }


def _is_caught(raised: ast.Raise, name: str, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a ``try`` around it in the same function catches it by name."""
    for node, child in around(raised, parents):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        if isinstance(node, ast.Try) and child in node.body:
            caught = {dotted(kind) for handler in node.handlers for kind in _kinds(handler.type)}
            if name in caught:
                return True
    return False


def _kinds(node: ast.AST | None) -> list[ast.AST]:
    if node is None:
        return []
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]
