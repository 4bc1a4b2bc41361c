"""The public names, and what they say where the extra is not installed."""

import sys

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
