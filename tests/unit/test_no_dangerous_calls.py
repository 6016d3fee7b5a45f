"""The source calls nothing that could run what another party sent, and draws no secret from a toy generator."""

from __future__ import annotations

import ast

import pytest
from source_tree import dotted, modules

# Modules that rebuild objects, or run text, from bytes somebody else may have written.
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "code", "codeop"}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv",
    "subprocess.getoutput", "subprocess.getstatusoutput", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "tempfile.mktemp", "ssl._create_unverified_context",
}  # fmt: skip
# Rooms whose randomness keeps secrets or whose bytes are evidence.
NO_TOY_RANDOMNESS = ("securesum/", "signing/", "ledger/", "encoding/", "transport/")
PROCESSES = ("demo/",)
MODULES = [pytest.param(path, tree, id=path) for path, tree in modules().items()]


def imported(tree: ast.Module) -> set[str]:
    """Every module that is imported, under its full name, with the names taken from it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    """Every call of a dotted name."""
    return [(dotted(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument; None if it is not given."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def is_true(node: ast.expr | None) -> bool:
    """Whether an argument is written as anything but False."""
    return node is not None and not (isinstance(node, ast.Constant) and node.value is False)


def faults(path: str, tree: ast.Module) -> list[str]:
    """What a module does that none may."""
    names = imported(tree)
    found = [f"imports {name}" for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
    if any(name.split(".")[0] == "subprocess" for name in names) and not path.startswith(PROCESSES):
        found.append("starts processes")
    if path.startswith(NO_TOY_RANDOMNESS):
        found += [f"imports {name}" for name in names if name.split(".")[0] == "random" or "numpy.random" in name]
    for name, call in calls(tree):
        if name in FORBIDDEN_CALLS:
            found.append(f"calls {name}")
        if is_true(keyword(call, "shell")):
            found.append(f"{name} through a shell")
        if is_true(keyword(call, "allow_pickle")):
            found.append(f"{name} with pickles")
        if path.startswith(NO_TOY_RANDOMNESS) and name.startswith(("random.", "np.random.", "numpy.random.")):
            found.append(f"calls {name}")
        if name.endswith("YAML") and not _is_safe_yaml(call):
            found.append("reads YAML that can build objects")
    return found


def _is_safe_yaml(call: ast.Call) -> bool:
    kind = keyword(call, "typ")
    return isinstance(kind, ast.Constant) and kind.value == "safe"


@pytest.mark.parametrize(("path", "tree"), MODULES)
def test_nothing_dangerous_is_called(path: str, tree: ast.Module) -> None:
    """No pickles, no evaluated text, no shell, no YAML that builds objects; processes only in the demonstration."""
    assert faults(path, tree) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("hub/x.py", "import pickle"),
        ("hub/x.py", "from marshal import loads"),
        ("hub/x.py", "eval('1')"),
        ("hub/x.py", "import os\nos.system('ls')"),
        ("demo/x.py", "import subprocess\nsubprocess.run('ls', shell=True)"),
        ("hub/x.py", "import subprocess"),
        ("agreement/x.py", "from ruamel.yaml import YAML\nYAML().load('')"),
        ("agreement/x.py", "import yaml\nyaml.load('')"),
        ("site/x.py", "import numpy as np\nnp.load('x', allow_pickle=True)"),
        ("securesum/x.py", "import random"),
        ("securesum/x.py", "import numpy as np\nnp.random.default_rng()"),
        ("signing/x.py", "from numpy.random import default_rng"),
        ("ledger/x.py", "from random import randbytes"),
    ],
)
def test_the_scan_finds_what_it_looks_for(path: str, source: str) -> None:
    """Each kind of danger is seen when it is there."""
    assert faults(path, ast.parse(source)) != []
