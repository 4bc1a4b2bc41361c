"""Imports of the testing package: no circle, small modules, and an error that names the extra."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import portal_testing
from test_imports import fresh, imported, lines, modules_in, written_in

PACKAGE = Path(portal_testing.__file__).parent
MODULES = modules_in(PACKAGE)
PATHS = sorted(PACKAGE.rglob("*.py"))

#: Has Python know no package that the extra [sandbox] brings.
WITHOUT_EXTRA = """
import importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("fastapi", "sqlalchemy", "starlette", "uvicorn", "python_multipart"):
            raise ModuleNotFoundError(f"no {name}", name=name)
sys.meta_path.insert(0, Block())
"""


def test_no_circle_of_imports() -> None:
    assert imported(MODULES["server"], PACKAGE) >= {"calls", "clock", "host"}
    TopologicalSorter({name: imported(path, PACKAGE) for name, path in MODULES.items()}).prepare()


@pytest.mark.parametrize("path", MODULES.values(), ids=[*MODULES])
def test_modules_stay_small(path: Path) -> None:
    assert lines(path) <= 300


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_module_says_what_it_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    assert re.match(r"[A-Z].+[.:]$", said.partition("\n")[0]), said


def test_checkers_and_python_see_the_same_names() -> None:
    named, wholly, table, whole = written_in(PACKAGE)

    assert named == [(module, name) for module, names in table.items() for name in names.split()]
    assert wholly == whole == []
    assert all(getattr(portal_testing, name).__name__ == name for _, name in named)


def test_a_server_without_its_extra_says_so() -> None:
    told = fresh(
        f"{WITHOUT_EXTRA}\ntry:\n    from portal_testing import serve_portal\n"
        "except ImportError as error:\n    answer = str(error)"
    )

    assert told == 'portal_sandbox needs fastapi: pip install "portal-client[sandbox]"'


def test_a_cassette_needs_no_extra(tmp_path: Path) -> None:
    path = tmp_path / "cassette.json"
    code = (
        "from portal_testing import Cassette, CassetteMismatch\n"
        f"with Cassette({str(path)!r}) as cassette:\n    answer = repr(cassette)"
    )

    assert fresh(f"{WITHOUT_EXTRA}\n{code}") == f"<Cassette records {path}, 0 exchanges>"
    assert path.read_text("utf-8") == '{\n "portal_cassette": 1,\n "exchanges": []\n}\n'
