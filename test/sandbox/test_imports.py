"""Imports of the sandbox: no circle, no client, and modules that stay small."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import portal_sandbox
from test_imports import imported, lines, modules_in

PACKAGE = Path(portal_sandbox.__file__).parent
MODULES = modules_in(PACKAGE)
PATHS = sorted(PACKAGE.rglob("*.py"))


def test_no_circle_of_imports() -> None:
    assert imported(MODULES["candela.auth"], PACKAGE) == {"bearer", "candela.service", "chaos"}
    assert imported(MODULES["serving"], PACKAGE) >= {"app", "service"}
    TopologicalSorter({name: imported(path, PACKAGE) for name, path in MODULES.items()}).prepare()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_sandbox_imports_no_client(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    from_ = {f"{node.module}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not {name.partition(".")[0] for name in plain | from_} & {"portal_client", "finbourne_candela"}


@pytest.mark.parametrize("path", MODULES.values(), ids=[*MODULES])
def test_modules_stay_small(path: Path) -> None:
    assert lines(path) <= 300


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_module_says_what_it_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    assert re.match(r"[A-Z].+[.:]$", said.partition("\n")[0]), said
