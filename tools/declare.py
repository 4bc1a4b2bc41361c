"""Write what a contract says and code lacks: ``python tools/declare.py contracts/portal.openapi.json``.

Stubs with their derived forms, models, exports and the headings of the pages are added in the form of those
that are there. What is there already is never changed: where it differs from the contract, the edit that it
needs is printed, and the exit status is 1. `--check` prints all of that and writes nothing.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from expected import WIDTH, Expected, Stub, docstring
from openapi import IncompleteError, placed, snake
from pages import TEMPLATES
from portal_client.description import arguments
from source import Source, outline, parameters, place


class House(NamedTuple):
    """A package: its name, the options of its stubs, how a class of them begins, the folder of its pages."""

    package: str
    options: str
    body: str
    docs: str
    #: The models that are those of the core.
    shared: Sequence[str] = ()


_CLIENT = "\n    _client_type: ClassVar[type[ApiClient]] = SyncApiClient\n"
HOUSES = {
    "portal.openapi.json": House("portal_client", "RequestOptions", "", "docs"),
    "candela.openapi.json": House(
        "finbourne_candela",
        "CandelaOptions",
        _CLIENT,
        "docs/finbourne_candela",
        ("HTTPValidationError", "ValidationError", "ValidationErrorLocInner"),
    ),
}
#: Where the names come from that a declaration may need, besides the models of its package.
_ORIGINS = {
    "finbourne_candela.extensions.api_client": "SyncApiClient",
    "finbourne_candela.options": "CandelaOptions",
    "portal_client.api_client": "ApiClient",
    "portal_client.endpoint": "Api RequestOptions endpoint with_http_info without_preload_content",
    "portal_client.model": "DateTime Defaulted Model Nullable Omissible OpenEnum OpenIntEnum OrAny Wrapper",
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
        for name in (*expected.tags, *expected.models):
            if not (page := root / house.docs / f"{name}.md").exists():
                self.missing.append(f"{self._place(page)}: the page is missing")

    def _open(self, module: str, start: str = "") -> Source:
        source = Source(self._folder / f"{module}.py", start)
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
        source = self._open(f"api/{snake(name)}", _START.format(text=text) + _FOR_FORMS)
        new = source.class_named(name) is None
        if new:
            self._lacks(source, name)
            source.text += f"\n\nclass {name}(Api):\n    {docstring(text, 4)}\n{self._house.body}"
        for stub in self._expected.stubs.values():
            if stub.api == name:
                self._stub(source, stub, new)
        self._arguments(source, name)
        source.complete_imports(self._origins)

    def _stub(self, source: Source, stub: Stub, in_new_class: bool) -> None:
        there = source.stubs(stub.api).get(stub.name)
        if there is None:
            if not in_new_class:
                self._lacks(source, f"{stub.api}.{stub.name}")
            source.add(stub.api, stub.source)
        else:
            self._compare(source, there, textwrap.dedent(stub.source), f"{stub.api}.{stub.name}")
        for stream in source.streams(stub.api, stub.name):
            here, promised = map(parameters, (stream, _function(stub)))
            if here != promised:
                what = f"{stub.api}.{stream.name}"
                self._differs(source, stream, what, [f"- {here}", f"+ {promised}"])
        known = [place(node)[1] for node in source.body(stub.api)]
        for name, line in stub.derived.items():
            if name not in known:
                if there is not None:
                    self._lacks(source, f"{stub.api}.{name}")
                source.add(stub.api, line)

    def _arguments(self, source: Source, name: str) -> None:
        """Add to the docstring of a class what it does not say of the arguments."""
        stubs = [stub for stub in self._expected.stubs.values() if stub.api == name]
        said = {argument: text for stub in stubs for argument, text in stub.said.items()}
        text = source.body(name)[0]
        known = arguments(ast.literal_eval(text.value) if isinstance(text, ast.Expr) else "")
        entries = [
            textwrap.fill(f"{a}: {said[a]}", WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 12)
            for a in said
            if a not in known
        ]
        if entries:
            old = ast.get_source_segment(source.text, text) or ""
            above, _, below = source.text.rpartition(old)  # the module may begin with the same text
            start = old.removesuffix('"""').rstrip() + "\n\n    Args:" * (not known)
            source.text = above + "\n".join([start, *entries, '    """']) + below

    # ── models ──

    def _model(self, name: str, code: str) -> None:
        source = self._open(f"models/{snake(name)}", _START.format(text=f"The model {name} of the contract."))
        if name in self._house.shared:
            module = f"portal_client.models.{snake(name)}"
            if f" as {name}\n" not in source.text:
                self._lacks(source, name)
                source.text += f"\nfrom {module} import {name} as {name}\n"
            source = Source(self._root / f"{module.replace('.', '/')}.py")
        there = source.class_named(name)
        if there is None:
            self._lacks(source, name)
            source.text += f"\n\n{code}"
            source.complete_imports(self._origins)
        else:
            self._compare(source, there, code, name)

    # ── what differs ──

    def _compare(self, source: Source, there: ast.ClassDef | ast.FunctionDef, code: str, what: str) -> None:
        (wanted,) = [node for node in ast.parse(code).body if isinstance(node, type(there))]
        here, promised = outline(there, source.constants), outline(wanted, {})
        lines = [f"- {line.strip()}" for line in here if line not in promised]
        lines += [f"+ {line.strip()}" for line in promised if line not in here]
        if lines:
            self._differs(source, there, what, lines)

    def _differs(self, source: Source, node: ast.stmt, what: str, lines: Sequence[str]) -> None:
        place = self._place(source.path, node.lineno)
        self.edits.append("\n    ".join([f"{place}: {what} differs from the contract", *lines]))

    def _surplus(self) -> None:
        """Note the operations and models that the contract does not have."""
        stubs = self._expected.stubs
        for path in sorted((self._folder / "api").glob("*_api.py")):
            source = Source(path)
            for node in [node for node in source.tree.body if isinstance(node, ast.ClassDef)]:
                if node.name not in self._expected.tags:
                    self._remove(path, node.lineno, f"{node.name}, and its name in __init__.py")
                    continue
                for name, stub in source.stubs(node.name).items():
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
        source = self._open(f"{folder}/__init__")
        nodes = list(ast.walk(source.tree))
        (origins,) = [node for node in nodes if isinstance(node, ast.Dict)]
        there: dict[str, str] = ast.literal_eval(origins)
        typed = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        names = {f"{self._house.package}.{folder}.{module}": name for module, name in wanted.items()}
        missing = sorted(names.keys() - (there.keys() & typed))
        for module in missing:
            self._lacks(source, names[module])
        if missing:
            text = ast.get_docstring(source.tree)
            lines = sorted({**there, **names}.items())
            source.text = TEMPLATES.get_template("lazy.py.j2").render(text=text, names=lines)


def _function(stub: Stub) -> ast.FunctionDef:
    (function,) = ast.parse(textwrap.dedent(stub.source)).body
    assert isinstance(function, ast.FunctionDef)
    return function


def main(given: Optional[Sequence[str]] = None) -> int:
    """Write what is missing, print what differs, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contract", type=Path)
    parser.add_argument("--check", action="store_true", help="only print what is missing and what differs")
    options = parser.parse_args(given)
    path: Path = options.contract
    if path.name not in HOUSES:
        parser.error(f"{path.name} is no contract of a package here; there are {', '.join(HOUSES)}")
    root, house = path.resolve().parents[1], HOUSES[path.name]
    if not (root / house.package).is_dir():
        parser.error(f"{path} is in no checkout: {root / house.package} is not there")
    try:
        expected = Expected(placed(json.loads(path.read_text("utf-8"))), house.package, house.options)
        found = Declarations(root, house, expected)
    except IncompleteError as error:
        parser.error(str(error))
    for line in (*found.missing, *found.edits):
        print(line, flush=True)
    if options.check:
        return bool(found.missing or found.edits)
    written = [source for source in found.sources if source.changed]
    for source in written:
        source.path.write_text(source.text, "utf-8")
    if written:
        _run(root, "-m", "ruff", "check", "--quiet", "--select=I", "--fix", *(str(s.path) for s in written))
        _run(root, "-m", "ruff", "format", "--quiet", *(str(s.path) for s in written))
    if found.missing and not found.edits:  # the pages of what differs would be wrong
        _run(root, "tools/pages.py")
    return bool(found.edits)


def _run(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, *arguments], cwd=root, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
