"""The table of names that urllib3 and http.client do not promise, against the code that uses them."""

from __future__ import annotations

import ast
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3.connection

import portal_client.transport
from portal_client.transport import _private
from portal_client.transport._private import NAMES, Name

FOLDER = Path(portal_client.transport.__file__).parent
MODULES = [path for path in sorted(FOLDER.glob("*.py")) if path.name != "_private.py"]

#: The classes that ours extend; a private name of ours that is one of theirs is an override.
OWNERS = (
    http.client.HTTPConnection,
    http.client.HTTPResponse,
    urllib3.connection.HTTPSConnection,
    urllib3.HTTPResponse,
    urllib3.HTTPSConnectionPool,
    urllib3.PoolManager,
)


def private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def told(tree: ast.AST) -> Iterator[str]:
    """The private names of attributes, methods and strings in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def own(tree: ast.AST) -> Iterator[str]:
    """The private names that a module defines and no class of theirs has."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def theirs(name: str) -> bool:
    return any(Name(f"{owner.__module__}.{owner.__name__}", name, "guard").exists for owner in OWNERS)


def used() -> set[str]:
    """The private names in transport/ that are not its own."""
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    mine = {name for tree in trees for name in own(tree) if not theirs(name)}
    mine |= {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}
    mine.add("_replace")  # of a named tuple, and documented
    return {name for tree in trees for name in told(tree) if private(name) and name.isidentifier()} - mine


def test_the_table_has_each_private_name_that_is_used() -> None:
    assert {name.name for name in NAMES if private(name.name)} == used()


#: The modules that the documentation of urllib3 has pages of.
DOCUMENTED = {"urllib3", "urllib3.exceptions", "urllib3.util", "urllib3.util.ssl_", "urllib3.contrib.socks"}


def test_what_is_imported_from_within_urllib3_is_in_the_table() -> None:
    imports = (
        (node.module or "", alias.name)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and f"{node.module}".partition(".")[0] == "urllib3"
        for alias in node.names
    )
    listed = {f"{name.owner}.{name.name}" for name in NAMES} | {name.owner for name in NAMES}

    inner = {f"{module}.{name}" for module, name in imports if module not in DOCUMENTED}
    assert inner
    assert inner <= listed


@pytest.mark.parametrize("name", [name for name in NAMES if not private(name.name)], ids=str)
def test_a_public_name_in_the_table_is_used(name: Name) -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    imported = {n.name for t in trees for i in ast.walk(t) if isinstance(i, ast.ImportFrom) for n in i.names}
    assert name.name in imported.union(*map(told, trees))


def test_the_installed_release_has_each_name() -> None:
    assert [str(name) for name in NAMES if not name.exists] == []
    assert _private.missing() is None


def test_a_name_stands_once_in_the_table() -> None:
    assert len({str(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    "owner",
    ["urllib3.HTTPResponse", "urllib3.Missing", "missing_module.HTTPResponse", "urllib3.util.connection"],
)
def test_a_name_that_is_gone_is_missing(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Name(owner, "_gone", "guard")
    monkeypatch.setattr(_private, "NAMES", (*NAMES, gone))
    assert _private.missing() == gone
