"""The scripts to read: files, notebooks, folders of them, and the standard input."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Union

from portal_client.migrate.finding import Place

_PASSED_OVER = {"__pycache__", "node_modules", "site-packages"}
#: Cell magics whose cell is Python.
_PYTHON = {"time", "timeit", "capture", "prun"}
#: A line of IPython's own: a magic, a command of the shell, a question for help.
_MAGIC = re.compile(r"(\s*)([\w.,\s]+=\s*)?(?:[%!?].*|[\w.]+\?{1,2}\s*)")


class Unreadable(Exception):
    """A file that cannot be read; the text says where and why."""


class Script(NamedTuple):
    """A script by its name, with its modules: one for each cell of a notebook."""

    name: str
    modules: list[ast.Module]

    def place(self, node: ast.AST) -> Place:
        """Return where a node of a module stands."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return Place(self.name, getattr(node, "cell", 0), line, column + 1)


def files(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files that are meant; those of folders without what is hidden or installed there."""
    for path in paths:
        yield from sorted(_below(path)) if path != "-" and os.path.isdir(path) else [path]


def _below(folder: str) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names:
            folders[:], names = [], []
        folders[:] = [each for each in folders if not each.startswith(".") and each not in _PASSED_OVER]
        yield from (os.path.join(here, name) for name in names if name.endswith((".py", ".ipynb")))


def read(path: str) -> Script:
    """Read a file, `-` for the standard input.

    Raises Unreadable, which names the file, and the line of what is no Python.
    """
    name = "<stdin>" if path == "-" else path
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror or error}") from None
    return _notebook(name, data) if path.endswith(".ipynb") else Script(name, [parsed(name, data)])


def parsed(name: str, text: Union[str, bytes], cell: int = 0) -> ast.Module:
    """Return a module by its text. Raises Unreadable, which names the line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes are not ours to tell
            tree = ast.parse(text)
    except SyntaxError as error:
        place = Place(name, cell, error.lineno or 1, max(error.offset or 1, 1))
        raise Unreadable(f"{place}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{Place(name, cell, 1, 1)}: {error or 'it is nested too deeply'}") from None
    for node in ast.walk(tree) if cell else ():
        node.cell = cell  # type: ignore[attr-defined]
    return tree


def _notebook(name: str, data: bytes) -> Script:
    try:
        cells: list[Any] = json.loads(data)["cells"]
        codes = {n: "".join(c["source"]) for n, c in enumerate(cells, 1) if c["cell_type"] == "code"}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable(f"{name}: it is no notebook of Jupyter 4 or newer") from None
    return Script(name, [_cell(name, code, number) for number, code in codes.items()])


def _cell(name: str, code: str, number: int) -> ast.Module:
    """Read the code of a cell; lines of IPython's own become statements that do nothing."""
    if (found := re.match(r"\s*%%(\w+).*", code)) is not None:
        code = "\n" * found[0].count("\n") + code[found.end() :] if found[1] in _PYTHON else ""
    lines = code.split("\n")
    while True:
        try:
            return parsed(name, "\n".join(lines), number)
        except Unreadable as unreadable:
            # Only a line at which Python stumbles: such a line within a text is none.
            at = getattr(unreadable.__cause__, "lineno", None) or 0
            magic = _MAGIC.fullmatch(lines[at - 1]) if 0 < at <= len(lines) else None
            if magic is None:
                raise
            lines[at - 1] = f"{magic[1]}{magic[2]}None" if magic[2] else f"{magic[1]}pass"
