"""Scripts, notebooks and folders as they are read."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import pytest

from portal_client.migrate.review import review
from portal_client.migrate.script import Script, Unreadable, files, read

IMPORT = "from portal_client import SessionsApi\n"
WRONG = 'SessionsApi().get_session("..")\n'


def notebook(path: Path, *cells: Any, **more: Any) -> Script:
    """A notebook of cells of code, or of dicts that say more of them."""
    made = [cell if isinstance(cell, dict) else {"cell_type": "code", "source": cell} for cell in cells]
    path.write_text(json.dumps({"cells": made, "nbformat": 4, **more}), "utf-8")
    return read(str(path))


def places(source: Script) -> list[str]:
    return [str(each.place).removeprefix(f"{source.name}:") for each in review(source)]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.ipynb"


# ── scripts ──


@pytest.mark.parametrize(
    "data",
    [
        (IMPORT + WRONG).encode(),
        (IMPORT + WRONG).encode("utf-8-sig"),
        (IMPORT + WRONG).replace("\n", "\r\n").encode(),
        b"# coding: latin-1\nNAME = '\xe9'; " + (IMPORT + WRONG).encode(),
    ],
)
def test_each_encoding_and_line_end(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_bytes(data)

    assert places(read(str(path)))[0].endswith(":27")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("print('a'\n", ":1:6: '(' was never closed"),
        ("x = 1\nprint 'a'\n", ":2:1: Missing parentheses"),
        ("x = (\n" * 300, ":"),
        ("a\0b", ":"),
    ],
)
def test_what_is_no_python_is_named_with_its_line(text: str, where: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(text, "utf-8")

    with pytest.raises(Unreadable) as raised:
        read(str(path))
    assert f"{path}{where}" in str(raised.value)


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_bytes(b"x = '\xff'\n")

    with pytest.raises(Unreadable, match=r"script\.py:1:\d+: (\(unicode error\) 'utf-8' codec|Non-UTF-8)"):
        read(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"no\.py: No such file"):
        read(str(tmp_path / "no.py"))


def test_a_script_that_is_nested_too_deeply_is_named(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(IMPORT + "x = " + " + ".join(["1"] * 900), "utf-8")

    with pytest.raises(Unreadable, match="nested too deeply"):
        review(read(str(path)))


def test_nothing_of_a_script_runs(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(f"{IMPORT}open({str(tmp_path / 'ran')!r}, 'w')\nimport mine\n{WRONG}", "utf-8")
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", "utf-8")

    assert places(read(str(path))) == ["4:27"]
    assert not (tmp_path / "ran").exists()


# ── folders ──


def test_folders_are_searched_without_what_is_installed_in_them(tmp_path: Path) -> None:
    kept = ["b/c.py", "b/d.ipynb", "a.py"]
    others = ["b/notes.txt", ".hidden/a.py", "env/lib/a.py", "b/__pycache__/a.py", "site-packages/a.py"]
    for name in [*kept, *others, "env/pyvenv.cfg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = [os.path.relpath(path, tmp_path) for path in files([str(tmp_path)])]
    assert found == ["a.py", "b/c.py", "b/d.ipynb"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "again").symlink_to(tmp_path)

    assert list(files([str(tmp_path)])) == [str(tmp_path / "a.py")]


# ── notebooks ──


def test_cells_are_one_script_with_places_of_their_own(book: Path) -> None:
    text = {"cell_type": "markdown", "source": "# A notebook"}
    source = notebook(book, IMPORT, text, ["api = SessionsApi()\n", "\n", 'api.get_session("..")'])

    assert places(source) == ["cell 3:3:17"]
    assert review(source)[0].to_dict()["cell"] == 3


def test_lines_of_ipython_are_passed_over(book: Path) -> None:
    cell = (
        "%matplotlib inline\n"
        "!pip install 'portal-client\n"
        "?SessionsApi\n"
        "SessionsApi??\n"
        "files = !ls *.py\n"
        "before, after = %sx ls\n"
        "if files:\n"
        "    %cd ..\n"
        f"{WRONG}"
    )

    assert places(notebook(book, IMPORT, cell)) == ["cell 2:9:27"]


def test_what_looks_like_ipython_within_a_text_stays(book: Path) -> None:
    source = notebook(book, f'{IMPORT}TEXT = """\n%matplotlib\n!ls\n"""\nx = 7 \\\n%4\n!ls\n{WRONG}')

    assert places(source) == ["cell 1:9:27"]
    assert [ast.unparse(node) for node in source.modules[0].body][1] == "TEXT = '\\n%matplotlib\\n!ls\\n'"


def test_cells_of_other_languages_are_passed_over(book: Path) -> None:
    source = notebook(book, IMPORT, "%%bash\nls | wc -l", "\n%%html\n<b>", f"%%time\n{WRONG}")

    assert places(source) == ["cell 4:2:27"]


def test_a_cell_may_await(book: Path) -> None:
    code = "from finbourne_candela import SessionsApi\nawait SessionsApi().list_sessions()"

    assert places(notebook(book, code))[0] == "cell 1:2:1"


def test_what_is_wrong_in_a_cell_is_named(book: Path) -> None:
    with pytest.raises(Unreadable, match=r"book.ipynb:cell 2:2:\d+: invalid syntax"):
        notebook(book, IMPORT, "x = 1\nx ==== 2")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": [{}]}', '{"cells": 1}', "\xff"])
def test_what_is_no_notebook_is_named(text: str, book: Path) -> None:
    book.write_text(text, "latin-1")

    with pytest.raises(Unreadable, match=r"book.ipynb: it is no notebook"):
        read(str(book))
