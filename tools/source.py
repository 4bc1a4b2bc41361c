"""The source of a module of declarations, read by its syntax tree and extended line by line."""

from __future__ import annotations

import ast
import builtins
import copy
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Optional


class Source:
    """A module to which code is added, a piece at a time."""

    def __init__(self, path: Path, start: str = "") -> None:
        self.path = path
        self._before = path.read_text("utf-8") if path.exists() else ""
        self.text = self._before or start

    @property
    def changed(self) -> bool:
        """Whether the module is to be written."""
        return self.text != self._before

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of the module as it is now."""
        return ast.parse(self.text)

    def insert(self, after: int, code: str) -> None:
        """Insert code after a line, counted from 1."""
        lines = self.text.splitlines(keepends=True)
        self.text = "".join([*lines[:after], code, *lines[after:]])

    def class_named(self, name: str) -> Optional[ast.ClassDef]:
        """Return a class of the module, None if it has none of that name."""
        found = (node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        return next(found, None)

    @property
    def constants(self) -> dict[str, ast.expr]:
        """The values that the module gives a name."""
        named = [node for node in self.tree.body if isinstance(node, ast.Assign)]
        return {t.id: node.value for node in named for t in node.targets if isinstance(t, ast.Name)}

    def complete_imports(self, origins: Mapping[str, str]) -> None:
        """Import the names that the code uses and the module does not have."""
        nodes = list(ast.walk(self.tree))
        used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        known = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        known |= {n.name for n in nodes if isinstance(n, (ast.ClassDef, ast.FunctionDef))}
        known |= {n.asname or n.name for n in nodes if isinstance(n, ast.alias)}
        needed = sorted(used - known - set(dir(builtins)))
        last = [n for n in self.tree.body if isinstance(n, ast.ImportFrom)][-1]
        if needed:
            lines = [f"from {origins[name]} import {name}\n" for name in needed]
            self.insert(last.end_lineno or last.lineno, "".join(lines))

    # ── a class of operations ──

    def body(self, name: str) -> list[ast.stmt]:
        """Return the statements of a class that is there."""
        node = self.class_named(name)
        assert node is not None
        return node.body

    def stubs(self, api: str) -> dict[str, ast.FunctionDef]:
        """Return the stubs of a class by their names, without those of streams."""
        return {node.name: node for node in self._decorated(api, "endpoint(")}

    def streams(self, api: str, name: str) -> list[ast.FunctionDef]:
        """Return the stubs of the streams of an operation."""
        return self._decorated(api, f"event_stream({name})")

    def _decorated(self, api: str, start: str) -> list[ast.FunctionDef]:
        functions = [node for node in self.body(api) if isinstance(node, ast.FunctionDef)]
        return [f for f in functions if any(ast.unparse(d).startswith(start) for d in f.decorator_list)]

    def add(self, api: str, code: str) -> None:
        """Insert a stub or a derived form in its place: stubs by name, then forms by name."""
        (new,) = ast.parse(textwrap.dedent(code)).body
        before = [node for node in self.body(api) if place(node) < place(new)]
        self.insert(max(node.end_lineno or 0 for node in before), code)


def place(node: ast.stmt) -> tuple[int, str]:
    """Return where a statement stands in a class of operations: what comes first, stubs, derived forms."""
    if isinstance(node, ast.FunctionDef):
        return 1, node.name
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "Final":
        return 2, ast.unparse(node.target)
    return 0, ""


def parameters(node: ast.FunctionDef) -> str:
    """Return the parameters of a stub without its options, as they are written."""
    own = copy.deepcopy(node.args)
    own.kwarg = None
    return ast.unparse(own)


def outline(node: ast.ClassDef | ast.FunctionDef, constants: Mapping[str, ast.expr]) -> list[str]:
    """Return the lines of a stub or a model, without texts and methods and with the values of constants."""

    class Resolved(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return constants.get(node.id, node)

    bare = copy.deepcopy(node)
    bare.body = [each for each in bare.body if not isinstance(each, (ast.Expr, ast.FunctionDef))] or [
        ast.Pass()
    ]
    return ast.unparse(Resolved().visit(bare)).splitlines()
