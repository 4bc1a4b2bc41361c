"""Write what a contract says and code lacks: ``python tools/declare.py contracts/portal.openapi.json``.

Stubs with their derived forms, models, exports and the headings of the pages are added in the form of those
that are there. What is there already is never changed: where it differs from the contract, the edit that it
needs is printed, and the exit status is 1. `--check` prints all of that and writes nothing.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, Optional

from expected import FORMS, WIDTH, Expected, Stub, docstring
from openapi import placed, snake
from pages import TEMPLATES
from portal_client.description import arguments


class House(NamedTuple):
    """What the stubs of a package have in common."""

    package: str
    options: str
    client: str


HOUSES = {
    "portal.openapi.json": House("portal_client", "RequestOptions", ""),
    "candela.openapi.json": House("finbourne_candela", "CandelaOptions", "SyncApiClient"),
}
#: Where the names come from that a declaration may need, besides the models of its package.
_ORIGINS = {
    "finbourne_candela.extensions.api_client": "SyncApiClient",
    "finbourne_candela.options": "CandelaOptions",
    "portal_client.api_client": "ApiClient",
    "portal_client.endpoint": "Api RequestOptions endpoint with_http_info without_preload_content",
    "portal_client.model": ("DateTime Defaulted Model Nullable Omissible OpenEnum OpenIntEnum OrAny Wrapper"),
    "portal_client.multipart": "Files",
    "portal_client.union": "OneOf",
    "pydantic": "AllowInfNan Field Strict StrictBool StrictInt StrictStr",
    "typing": "TYPE_CHECKING Annotated Any ClassVar Final Literal Optional Union",
    "typing_extensions": "Unpack",
}
_START = '"""{text}"""\n\nfrom __future__ import annotations\n'
_FOR_FORMS = (
    "from urllib3 import BaseHTTPResponse as BaseHTTPResponse"
    "  # the derived forms' annotations name these two\n"
    "from portal_client.api_response import ApiResponse as ApiResponse\n"
)


class Source:
    """A module to which code is added, a piece at a time."""

    def __init__(self, path: Path, start: str) -> None:
        self.path = path
        self.text = path.read_text("utf-8") if path.exists() else start
        self.changed = False

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of the module as it is now."""
        return ast.parse(self.text)

    def insert(self, after: int, code: str) -> None:
        """Insert code after a line, counted from 1."""
        lines = self.text.splitlines(keepends=True)
        self.text = "".join([*lines[:after], code, *lines[after:]])
        self.changed = True

    def class_named(self, name: str) -> Optional[ast.ClassDef]:
        """Return a class of the module, None if it has none of that name."""
        found = (node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        return next(found, None)

    def imports(self, name: str) -> bool:
        """Tell whether the module has a name from elsewhere."""
        nodes = [node for node in self.tree.body if isinstance(node, ast.ImportFrom)]
        return any(alias.asname == name for node in nodes for alias in node.names)

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


class Declarations:
    """Compares a package with its contract; `sources` are its modules with all that was missing."""

    def __init__(self, root: Path, house: House, expected: Expected) -> None:
        self._root, self._house, self._expected = root, house, expected
        self._folder = root / house.package
        self.sources: list[Source] = []
        #: What is missing, and what differs, each with its place.
        self.missing: list[str] = []
        self.edits: list[str] = []
        self._origins = {name: module for module, names in _ORIGINS.items() for name in names.split()}
        self._origins |= {name: expected.module(name) for name in expected.models}
        for name in expected.tags:
            self._api(name)
        for name, code in expected.models.items():
            self._model(name, code)
        self._surplus()
        self._exports("api", {snake(name): name for name in expected.tags})
        self._exports("models", {snake(name): name for name in expected.models})

    def _open(self, path: Path, start: str = "") -> Source:
        source = Source(path, start)
        self.sources.append(source)
        return source

    def _lacks(self, source: Source, what: str) -> None:
        self.missing.append(f"{self._place(source.path)}: {what} is missing")

    def _place(self, path: Path, line: Optional[int] = None) -> str:
        shown = path.relative_to(self._root).as_posix()
        return f"{shown}:{line}" if line else shown

    # ── operations ──

    def _api(self, name: str) -> None:
        text = f"{self._expected.tags[name].rstrip('.')}."
        source = self._open(self._folder / "api" / f"{snake(name)}.py", _START.format(text=text) + _FOR_FORMS)
        new = source.class_named(name) is None
        if new:
            self._lacks(source, name)
            client = f"\n    _client_type: ClassVar[type[ApiClient]] = {self._house.client}\n"
            code = f"\n\nclass {name}(Api):\n    {docstring(text, 4)}\n" + client * bool(self._house.client)
            source.insert(len(source.text.splitlines()), code)
        for stub in self._expected.stubs.values():
            if stub.api == name:
                self._stub(source, stub, new)
        self._arguments(source, name)
        source.complete_imports(self._origins)

    def _stub(self, source: Source, stub: Stub, told: bool) -> None:
        there = _stubs(source, stub.api).get(stub.name)
        if there is None:
            if not told:
                self._lacks(source, f"{stub.api}.{stub.name}")
            source.insert(_line_for(source, stub), stub.source)
        else:
            self._compare(source, there, textwrap.dedent(stub.source), f"{stub.api}.{stub.name}")
        for form, line in stub.derived.items():
            body = _class(source, stub.api).body
            if form not in map(_form, body):
                if there is not None:
                    self._lacks(source, f"{stub.api}.{form}")
                before = [node for node in body if "" < _form(node) < form]
                source.insert(_last_line(before or [n for n in body if not _form(n)]), line)

    def _arguments(self, source: Source, name: str) -> None:
        """Add to the docstring of a class what it does not say of the arguments."""
        text = ast.get_docstring(_class(source, name)) or ""
        known = arguments(text)
        for stub in self._expected.stubs.values():
            new = {argument: said for argument, said in stub.said.items() if argument not in known}
            if stub.api != name or not new:
                continue
            node = _class(source, name).body[0]
            lines = source.text.splitlines(keepends=True)
            last = (node.end_lineno or 0) - 1
            before, _, after = lines[last].rpartition('"""')
            entries = [
                textwrap.fill(f"{a}: {said}", WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 12)
                + "\n"
                for a, said in new.items()
            ]
            title = "" if known else "\n    Args:\n"
            opened = before.rstrip() + "\n" if before.strip() else ""
            lines[last] = f'{opened}{title}{"".join(entries)}    """{after}'
            source.text, source.changed = "".join(lines), True
            known |= new

    # ── models ──

    def _model(self, name: str, code: str) -> None:
        source = self._open(
            self._folder / "models" / f"{snake(name)}.py",
            _START.format(text=f"The model {name} of the contract."),
        )
        there = source.class_named(name)
        if source.imports(name):  # from the package that it shares the model with
            return
        if there is None:
            self._lacks(source, name)
            source.insert(len(source.text.splitlines()), f"\n\n{code}")
            source.complete_imports(self._origins)
        else:
            self._compare(source, there, code, name)

    # ── what differs ──

    def _compare(self, source: Source, there: ast.ClassDef | ast.FunctionDef, code: str, what: str) -> None:
        (wanted,) = [node for node in ast.parse(code).body if isinstance(node, type(there))]
        here, promised = _outline(there, source.constants), _outline(wanted, {})
        lines = [f"- {line.strip()}" for line in here if line not in promised]
        lines += [f"+ {line.strip()}" for line in promised if line not in here]
        if lines:
            place = self._place(source.path, there.lineno)
            self.edits.append("\n    ".join([f"{place}: {what} differs from the contract", *lines]))

    def _surplus(self) -> None:
        """Note the operations and models that the contract does not have."""
        stubs = self._expected.stubs
        for path in sorted((self._folder / "api").glob("*_api.py")):
            source = Source(path, "")
            for node in [node for node in source.tree.body if isinstance(node, ast.ClassDef)]:
                for name, stub in _stubs(source, node.name).items():
                    if name not in stubs or stubs[name].api != node.name:
                        self._remove(path, stub.lineno, f"{node.name}.{name} with its forms")
        modules = {snake(name) for name in self._expected.models} | {"__init__"}
        for path in sorted((self._folder / "models").glob("*.py")):
            if path.stem not in modules:
                self._remove(path, None, "the module, and its name in __init__.py")

    def _remove(self, path: Path, line: Optional[int], what: str) -> None:
        self.edits.append(f"{self._place(path, line)}: remove {what}: not in the contract")

    # ── exports ──

    def _exports(self, folder: str, wanted: Mapping[str, str]) -> None:
        source = self._open(self._folder / folder / "__init__.py")
        (origins,) = [node for node in ast.walk(source.tree) if isinstance(node, ast.Dict)]
        there: dict[str, str] = ast.literal_eval(origins)
        names = {f"{self._house.package}.{folder}.{module}": name for module, name in wanted.items()}
        for module in sorted(names.keys() - there.keys()):
            self._lacks(source, names[module])
        if names.keys() - there.keys():
            text = ast.get_docstring(source.tree)
            lines = sorted({**there, **names}.items())
            source.text = TEMPLATES.get_template("lazy.py.j2").render(text=text, names=lines)
            source.changed = True


def _outline(node: ast.ClassDef | ast.FunctionDef, constants: Mapping[str, ast.expr]) -> list[str]:
    """Return the lines of a stub or a model without its texts, each constant replaced by its value."""

    class Resolved(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return constants.get(node.id, node)

    bare = copy.deepcopy(node)
    bare.body = [each for each in bare.body if not isinstance(each, ast.Expr)] or [ast.Pass()]
    return ast.unparse(Resolved().visit(bare)).splitlines()


def _class(source: Source, name: str) -> ast.ClassDef:
    node = source.class_named(name)
    assert node is not None
    return node


def _stubs(source: Source, api: str) -> dict[str, ast.FunctionDef]:
    """Return the stubs of a class by their names."""
    return {
        node.name: node
        for node in _class(source, api).body
        if isinstance(node, ast.FunctionDef) and "endpoint" in _makers(node)
    }


def _makers(node: ast.FunctionDef) -> Iterator[str]:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            yield call.func.id


def _form(node: ast.stmt) -> str:
    """Return the name of a derived form, "" for another statement."""
    named = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id
    return named if named and named.endswith(tuple(FORMS)) else ""


def _last_line(nodes: Iterable[ast.stmt]) -> int:
    return max(node.end_lineno or 0 for node in nodes)


def _line_for(source: Source, stub: Stub) -> int:
    """Return the line after which a stub belongs: below those whose names come before its own."""
    body = _class(source, stub.api).body
    before = [node for node in body if isinstance(node, ast.FunctionDef) and node.name < stub.name]
    return _last_line(before or takewhile(lambda n: not (isinstance(n, ast.FunctionDef) or _form(n)), body))


def main() -> int:
    """Write what is missing, print what differs, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contract", type=Path)
    parser.add_argument("--check", action="store_true", help="only print what is missing and what differs")
    given = parser.parse_args()
    root, house = given.contract.resolve().parents[1], HOUSES[given.contract.name]
    contract = placed(json.loads(given.contract.read_text("utf-8")))
    found = Declarations(root, house, Expected(contract, house.package, house.options))
    print(*found.missing, *found.edits, sep="\n", end="\n" * bool(found.missing or found.edits))
    if given.check:
        return bool(found.missing or found.edits)
    written = [source for source in found.sources if source.changed]
    for source in written:
        source.path.write_text(source.text, "utf-8")
    if written:
        _run(root, "-m", "ruff", "check", "--quiet", "--select=I", "--fix", *(str(s.path) for s in written))
        _run(root, "-m", "ruff", "format", "--quiet", *(str(s.path) for s in written))
        _run(root, "tools/pages.py")
    return bool(found.edits)


def _run(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, *arguments], cwd=root, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
