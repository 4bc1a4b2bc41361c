"""The public names, and their error where the extra is not installed."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import portal_sandbox


@pytest.mark.parametrize("name", portal_sandbox.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(portal_sandbox, name) is not None
    assert name in dir(portal_sandbox)


@pytest.mark.parametrize(
    "library",
    [
        "fastapi",
        "fastapi_offline",
        "filelock",
        "jinja2",
        "mimeparse",
        "python_multipart",
        "sqlalchemy",
        "uvicorn",
    ],
)
def test_a_missing_library_names_the_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(vars(portal_sandbox), "running", raising=False)

    with pytest.raises(ImportError, match=rf'needs {library}: pip install "portal-client\[sandbox\]"'):
        portal_sandbox.running()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        portal_sandbox.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("library", "fixed"),
    [
        ("filelock", (3, 20, 3)),  # a lock's file is emptied through a link
        ("python-multipart", (0, 0, 31)),  # forms that take for ever
        ("starlette", (0, 49, 1)),  # a Range header that takes for ever; a file that blocks the server
        ("h11", (0, 16)),  # chunks that end in anything
    ],
)
def test_no_library_is_older_than_the_fix_of_what_we_use(library: str, fixed: tuple[int, ...]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    lines = "\n".join(project["optional-dependencies"]["sandbox"])

    found = re.search(rf"^{library}>=([\d.]+)$", lines, re.MULTILINE)

    assert found is not None
    assert tuple(map(int, found[1].split("."))) >= fixed
