"""The page at `/`: its document, and the clients that may open it."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi import Request

import portal_sandbox
from portal_sandbox.assets import FOLDER
from portal_sandbox.page import readers

from .conftest import Caller, Start
from .pages import HTML, document, key, link, words

HOSTILE = "</p></div></details><script>hacked()</script><img src=x onerror=hacked()>&lt;b&gt;{{ 7 * 7 }}\"'"


def test_the_document_holds_no_data(start: Start) -> None:
    caller = start(agents={HOSTILE: lambda conversation, files: HOSTILE}, tokens={"secret": HOSTILE})
    caller.create(HOSTILE, HOSTILE, [("secret name", b"", "text/plain")])

    text = caller.call("GET", "/", headers=HTML).data.decode()

    assert "hacked" not in text
    assert "secret" not in text


def test_the_three_lines_run(start: Start, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    caller = start(tokens={"secret": "ann"})
    monkeypatch.setenv("BEARER_TOKEN", "secret")

    shown = document(caller)

    assert shown.pre is not None
    code = shown.pre.get_text()
    assert len(code.splitlines()) == 3
    exec(code, {})
    assert capsys.readouterr().out == "Hello\n"


def test_it_loads_only_its_own_scripts_and_style(caller: Caller) -> None:
    response = caller.call("GET", "/", headers=HTML)
    shown = BeautifulSoup(response.data.decode(), "html.parser")

    linked = [str(tag[name]) for tag in shown.find_all() for name in ("href", "src") if tag.has_attr(name)]
    assert {each for each in linked if not each.startswith("#")} == {
        *("docs", "candela/docs", "openapi.json", "favicon.ico"),
        *("page/assets/page.css", "page/assets/main.js"),
    }
    for each in linked:
        if not each.startswith("#"):
            assert caller.call("GET", f"/{each}").status == 200
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert not shown.find_all(style=True)  # which the policy would leave without effect
    assert not any(name.startswith("on") for tag in shown.find_all() for name in tag.attrs)
    assert [tag.get_text() for tag in shown.find_all(["script", "style"])] == [""]
    assert {name: response.headers[name] for name in SAFE} == SAFE
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

ASSETS = [each.name for each in (FOLDER / "page").iterdir() if each.name != "page.html"]


@pytest.mark.parametrize("name", ASSETS)
def test_each_script_is_small_and_reaches_nothing_outside(caller: Caller, name: str) -> None:
    response = caller.call("GET", f"/page/assets/{name}")
    text = response.data.decode()

    kind = "text/css" if name.endswith(".css") else "text/javascript"
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert len(text.splitlines()) <= 300
    assert not re.search(
        r"https?:|//\w+\.|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text
    )
    assert not re.search(r"@import|url\(", text) or name.endswith(".js")


def test_each_script_imports_only_the_others(caller: Caller) -> None:
    texts = {name: (FOLDER / "page" / name).read_text("utf-8") for name in ASSETS}

    imported = {each for text in texts.values() for each in re.findall(r'from "\./([\w.]+)"', text)}

    assert imported == {name for name in ASSETS if name.endswith(".js")} - {"main.js"}
    assert sum(len(re.findall(r"^import ", text, re.MULTILINE)) for text in texts.values()) == sum(
        len(re.findall(r'^import .* from "\./', text, re.MULTILINE)) for text in texts.values()
    )


@pytest.mark.parametrize("name", ["page.html", "nothing.js", "..%2fdocs.html", "%2e%2e%2fpage.py"])
def test_no_other_file_is_served(caller: Caller, name: str) -> None:
    assert caller.call("GET", f"/page/assets/{name}").status == 404


def test_its_outline_is_one_that_can_be_heard(caller: Caller) -> None:
    shown = document(caller)

    headings = [(tag.name, words(tag.get_text())) for tag in shown.find_all(["h1", "h2", "h3"])]
    assert headings == [
        ("h1", "Portal sandbox"),
        ("h2", "Portal"),
        ("h2", "Candela"),
        ("h2", "Try an agent"),
        ("h2", "Sessions"),
        ("h2", "Connect"),
    ]
    assert shown.html is not None
    assert shown.html["lang"] == "en"
    assert [each["alt"] for each in shown.find_all("img")] == [""]
    assert len(shown.find_all("main")) == len(shown.find_all("header")) == 1
    assert all(each.has_attr("aria-label") for each in shown.find_all("nav"))
    labels = {str(each["for"]) for each in shown.select("label[for]")}
    for control in shown.select("select, textarea, input"):
        assert control.find_parent("label") or control["id"] in labels
    identifiers = [str(each["id"]) for each in shown.select("[id]")]
    assert len(identifiers) == len({*identifiers})
    for name in ("aria-labelledby", "aria-describedby"):
        assert {str(each[name]) for each in shown.select(f"[{name}]")} <= {*identifiers}


def test_a_head_request_is_answered_without_the_page(caller: Caller) -> None:
    response = caller.call("HEAD", "/", headers=HTML)

    assert (response.status, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 1_000


def test_the_icon_is_there_for_pages_that_name_none(caller: Caller) -> None:
    response = caller.call("GET", "/favicon.ico")

    assert (response.status, response.headers["Content-Type"]) == (200, "image/svg+xml")
    assert response.data.startswith(b"<svg ")


def test_nothing_of_it_is_in_the_contract() -> None:
    paths = portal_sandbox.create_app(tokens={"secret": "ann"}).openapi()["paths"]

    assert "/favicon.ico" not in paths
    assert not any(path.startswith("/page") for path in paths)


# ── who gets to see it ──


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "box.localhost:8000",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]:8000",
        "0.0.0.0:8000",
    ],
)
def test_it_is_shown_by_localhost_and_by_address(caller: Caller, host: str) -> None:
    assert caller.call("GET", "/", headers={**HTML, "Host": host}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.5"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Server": "example.org"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Client-IP": "127.0.0.1"},
        {"CF-Connecting-IP": "203.0.113.5"},
        {"CF-Ray": "230b030023ae2822-SJC"},
        {"True-Client-IP": "203.0.113.5"},
        {"Fly-Client-IP": "203.0.113.5"},
        {"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"},
        {"X-Envoy-External-Address": "203.0.113.5"},
        {"Max-Forwards": "9"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
def test_it_is_not_shown_to_a_proxy_or_to_a_script(caller: Caller, headers: dict[str, str]) -> None:
    caller.create("private")

    response = caller.call("GET", "/", headers={**HTML, **headers})

    assert response.status == 403
    text = response.data.decode()
    assert text.startswith("This page shows the sessions of all users, so it is only for a browser on the")
    assert "private" not in text
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_it_is_not_shown_to_http_1_0(caller: Caller) -> None:
    """The version of HTTP that nginx uses by default."""
    assert caller.status("GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/html") == 403
    assert caller.status("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html") == 200


def test_it_is_shown_to_a_browser(caller: Caller) -> None:
    opened = {
        "Host": "localhost:8000",
        "Connection": "keep-alive",
        "Cache-Control": "max-age=0",
        "sec-ch-ua": '"Chromium";v="140"',
        "sec-ch-ua-mobile": "?0",
        "Upgrade-Insecure-Requests": "1",
        "User-Agent": "Mozilla/5.0",
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "Accept-Language": "en",
        "Sec-Fetch-Site": "none",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-User": "?1",
        "Sec-Fetch-Dest": "document",
        "DNT": "1",
        "Sec-GPC": "1",
        "Priority": "u=0, i",
        "Cookie": "a=b",
        "Referer": "http://localhost:8000/docs",
    }
    for headers in (opened, {"User-Agent": "curl/8", "Accept": "text/html"}):
        assert caller.call("GET", "/", headers=headers).status == 200


@pytest.mark.parametrize(
    ("client", "local"),
    [
        (("127.0.0.1", 50_000), True),
        (("127.1.2.3", 50_000), True),
        (("::1", 50_000), True),
        (("::ffff:127.0.0.1", 50_000), True),
        (("203.0.113.5", 50_000), False),
        (("::ffff:203.0.113.5", 50_000), False),
        (("fe80::1%eth0", 50_000), False),
        (("localhost", 50_000), False),
        (None, False),
    ],
)
def test_it_is_shown_to_whoever_sits_at_the_machine(client: tuple[str, int] | None, local: bool) -> None:
    headers = [(b"host", b"127.0.0.1:8000")]

    assert readers.is_local(Request({"type": "http", "client": client, "headers": headers})) is local


# ── who gets to see its data ──

DATA = ["events/sessions", "entries/sessions/x", "texts/sessions/1", "files/1"]


def _responded(caller: Caller, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """The status of a response and its beginning; that of the feed has no end."""
    response = caller.call("GET", path, headers=headers, preload_content=False)
    try:
        return response.status, response.read1()
    finally:
        response.close()


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "box.example"},
        {"Host": "localhost.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_its_data_is_not_for_another_site_or_a_proxy(
    caller: Caller, path: str, headers: dict[str, str]
) -> None:
    assert _responded(caller, link(caller, path), headers)[0] == 403


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize("query", ["", "?key=", "?key=guessed", "?key=%C3%BC%00"])
def test_its_data_is_not_for_who_has_not_read_the_page(caller: Caller, path: str, query: str) -> None:
    status, begin = _responded(caller, f"/page/{path}{query}")

    assert status == 403
    assert begin.startswith(b'{"detail":"Only the page itself, opened on this machine, can read this')


def test_http_1_0_gets_no_data(caller: Caller) -> None:
    path = link(caller, "entries/sessions/x")

    assert caller.status(f"GET {path} HTTP/1.0\r\nHost: localhost") == 403
    assert caller.status(f"GET {path} HTTP/1.1\r\nHost: localhost") == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", DATA)
def test_nothing_is_changed_by_its_own_routes(caller: Caller, path: str, method: str) -> None:
    assert caller.call(method, link(caller, path)).status == 405


def test_the_key_is_that_of_the_database(start: Start, tmp_path: Any) -> None:
    shared = tmp_path / "box.sqlite"
    one, two, other = start(db=shared), start(db=shared), start()

    assert key(one) == key(one) == key(two)
    assert len(key(one)) == 64
    assert key(other) != key(one)
    assert two.call("GET", link(one, "entries/sessions/x")).status == 404
    assert other.call("GET", link(one, "entries/sessions/x")).status == 403
