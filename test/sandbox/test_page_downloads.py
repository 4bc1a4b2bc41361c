"""Downloads from the page: files and whole texts, which a browser saves and never shows."""

import pytest

from portal_sandbox.page.routes import _download

from .conftest import Caller
from .pages import detail, link

SAFE = {
    "Content-Type": "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _path(caller: Caller, name: str, content: bytes, content_type: str) -> str:
    session = caller.create(files=[(name, content, content_type)])
    (file,) = detail(caller, "sessions", session["id"])["said"][0]["files"]
    return str(file["path"])


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "application/pdf", "text/javascript", "x"]
)
def test_a_file_of_any_type_is_saved(caller: Caller, content_type: str) -> None:
    content = b"<script>hacked()</script>\r\n\x00\xff"
    path = _path(caller, "a b.html", content, content_type)

    response = caller.call("GET", link(caller, path))

    assert (response.status, response.data) == (200, content)
    assert {name: response.headers[name] for name in SAFE} == SAFE
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=\"a b.html\"; filename*=UTF-8''a%20b.html"
    )
    assert response.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("ü.csv", "_.csv", "%C3%BC.csv"),
        ("txt.\u202eexe", "txt._exe", "txt._exe"),
        ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
        ("C:\\x.bat", "C__x.bat", "C__x.bat"),
        ('a";x="b', "a_;x=_b", "a_%3Bx%3D_b"),
        ("a\u200b<b>.txt", "a__b_.txt", "a__b_.txt"),
        ("...", "file", "file"),
        ("x" * 900 + ".csv", "x" * 496 + ".csv", "x" * 496 + ".csv"),
    ],
)
def test_its_name_leads_nowhere_else(name: str, plain: str, encoded: str) -> None:
    disposition = _download(name)["Content-Disposition"]

    assert disposition == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def test_a_large_file_comes_whole(caller: Caller) -> None:
    content = bytes(range(256)) * 4096 * 3 + b"end"

    response = caller.call("GET", link(caller, _path(caller, "large.bin", content, "x")))

    assert response.data == content


def test_an_empty_file_is_one(caller: Caller) -> None:
    response = caller.call("GET", link(caller, _path(caller, "empty", b"", "x")))

    assert (response.status, response.data, response.headers["Content-Length"]) == (200, b"", "0")


def test_a_text_that_is_cut_can_be_saved_whole(caller: Caller) -> None:
    text = "<b>ü</b>\n" * 100_000
    session = caller.create(text)
    message = detail(caller, "sessions", session["id"])["said"][0]

    response = caller.call("GET", link(caller, message["path"]))

    assert message["more"] > 0
    assert response.data.decode() == text
    assert {name: response.headers[name] for name in SAFE} == SAFE
    assert response.headers["Content-Disposition"].startswith('attachment; filename="message-')


@pytest.mark.parametrize(
    "path", ["files/0", "files/999999", "texts/sessions/0", "texts/slots/1", "texts/objects/1"]
)
def test_what_is_not_there_is_404(caller: Caller, path: str) -> None:
    assert caller.call("GET", link(caller, path)).status == 404
