"""The page at `/`: its content, its escaping, and the clients that may open it."""

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from fastapi import Request

import portal_sandbox
from portal_sandbox import page

from .conftest import Caller, Held, Start

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)

#: What a browser accepts.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def _page(caller: Caller) -> BeautifulSoup:
    response = caller.call("GET", "/", headers=HTML)
    assert response.status == 200, response.data
    return BeautifulSoup(response.data.decode(), "html.parser")


def _words(tag: Tag | None) -> str:
    assert tag is not None
    return " ".join(tag.get_text().split())


def _sessions(document: BeautifulSoup) -> dict[str, list[Tag]]:
    """The sessions under their headings."""
    sections = [section for section in document.select("main > section") if section.select(".sessions")]
    return {_words(section.h2): section.select(".sessions > li") for section in sections}


def test_sessions_are_shown_newest_first_under_their_periods(start: Start) -> None:
    clock = [NOW]
    tokens = {"one": "ann", "two": "bob"}
    with start(tokens=tokens, now=lambda: clock[0]) as ann, Caller(ann.host, "two") as bob:
        for days, caller in ((40, ann), (3, bob), (1, ann), (0, bob), (0, ann)):
            clock[0] = NOW - timedelta(days=days)
            caller.create(f"{days} days")
        document = _page(ann)

    shown = {
        period: [
            (_words(each.select_one(".preview")), _words(each.select_one(".facts"))) for each in sessions
        ]
        for period, sessions in _sessions(document).items()
    }
    assert list(shown.items()) == [
        ("Today", [("0 days", "ann · 2 messages"), ("0 days", "bob · 2 messages")]),
        ("Yesterday", [("1 days", "ann · 2 messages")]),
        ("Previous 7 days", [("3 days", "bob · 2 messages")]),
        ("October 2026", [("40 days", "ann · 2 messages")]),
    ]
    times = [_words(each) for each in document.select("summary time")]
    assert times == ["14:30 UTC", "14:30 UTC", "14:30 UTC", "2026-11-19", "2026-10-13"]
    assert document.select("summary time")[3]["datetime"] == "2026-11-19T14:30:00+00:00"
    assert _words(document.title) == "5 sessions · Portal sandbox"


def test_a_session_is_shown_with_all_that_is_known_of_it(start: Start) -> None:
    def risk_report(conversation: object, files: object) -> str:
        return "  one\n\ttwo\r\nthree\rfour"

    files = [("a b.csv", b"x" * 18_240, "text/csv"), ("ü.bin", b"1", "application/x-thing")]
    clock = [NOW]
    caller = start(agents={"risk_report": risk_report}, now=lambda: clock[0])
    session = caller.create("first\n\nprompt", "risk_report", files)
    clock[0] = NOW + timedelta(minutes=5)
    caller.update(session["id"], "more")

    ((shown,),) = _sessions(_page(caller)).values()

    assert _words(shown.select_one("summary")) == (
        "Risk report Ready 14:35 UTC first prompt sandbox-user · 4 messages · 2 files"
    )
    assert _words(shown.dl) == (
        f"Session {session['id']} Agent risk_report "
        "Created 2026-11-22 14:30:00 UTC Changed 2026-11-22 14:35:00 UTC"
    )
    messages = shown.select(".messages > li")
    assert [each["class"] for each in messages] == [["user"], ["assistant"]] * 2
    assert [_words(each.select_one(".author")) for each in messages] == ["sandbox-user", "Risk report"] * 2
    assert [each.select_one(".text").get_text() for each in messages] == [  # type: ignore[union-attr]
        "first\n\nprompt",
        "  one\n\ttwo\nthree\nfour",
        "more",
        "  one\n\ttwo\nthree\nfour",
    ]
    assert [_words(each) for each in shown.select(".files li")] == [
        "a b.csv 18.2 kB · text/csv",
        "ü.bin 1 byte · application/x-thing",
    ]
    assert messages[0].select_one(".files") is not None
    assert not shown.details.has_attr("open")  # type: ignore[union-attr]


def test_running_and_failed_sessions_are_told_apart(start: Start, held: Held) -> None:
    def bad(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    caller = start(agents={"held": held, "bad": bad})
    caller.create(agent="bad")
    caller.create_async(agent="held")

    ((running, failed),) = _sessions(_page(caller)).values()

    assert _words(running.select_one(".status.running")) == "Running"
    assert _words(running.select_one(".messages .note")) == (
        "The agent is answering; reload to see its message"
    )
    assert _words(failed.select_one(".status.error")) == "Error"
    assert _words(failed.select_one(".failed .text")) == "The agent failed: ValueError: no prices"
    assert failed.select(".note") == []


HOSTILE = "</p></div></details><script>hacked()</script><img src=x onerror=hacked()>&lt;b&gt;{{ 7 * 7 }}\"'"


def test_hostile_text_stays_text(start: Start) -> None:
    caller = start(agents={HOSTILE: lambda conversation, files: HOSTILE}, tokens={"secret": HOSTILE})
    caller.create(HOSTILE, HOSTILE, [(HOSTILE.replace('"', ""), b"", "text/<b>html")])

    document = _page(caller)

    ((shown,),) = _sessions(document).values()
    assert [_words(each) for each in shown.select(".text")] == [HOSTILE, HOSTILE]
    assert _words(shown.select_one(".author")) == HOSTILE
    assert _words(shown.select_one(".preview")) == HOSTILE
    assert _words(shown.select_one(".file")) == HOSTILE.replace('"', "")
    assert _words(document.select(".agents li")[1]) == HOSTILE
    assert document.select("script, b, details details") == []
    assert [each["src"][:18] for each in document.select("img")] == ["data:image/svg+xml"]
    assert not any(name.startswith("on") for tag in document.find_all() for name in tag.attrs)


def test_what_cannot_be_seen_is_shown_as_a_code_point(start: Start) -> None:
    caller = start(agents={"odd": lambda conversation, files: "a\x00b\x1bc\x85d\ufeffe\u200d\U0001f469"})
    caller.create("ab\u202edc\u202c \u2066x\u2069", "odd", [("txt.\u202eexe", b"", "text/plain")])

    ((shown,),) = _sessions(_page(caller)).values()

    prompt, answer = (each.get_text() for each in shown.select(".text"))
    assert prompt == "abU+202EdcU+202C U+2066xU+2069"
    assert answer == "aU+0000bU+001BcU+0085dU+FEFFeU+200D\U0001f469"
    assert _words(shown.select_one(".file")) == "txt.U+202Eexe"
    assert _words(shown.select_one(".preview")) == prompt
    assert len(shown.select(".control")) == 4 + 5 + 1 + 4
    assert shown.select(".text .control")[0]["title"] == "RIGHT-TO-LEFT OVERRIDE"


@pytest.mark.parametrize(
    "unseen",
    [
        *("\u200b", "\u200c", "\u200e", "\u200f", "\u061c", "\u2060", "\u2063", "\ufeff"),  # format
        *("\u00ad", "\u180e", "\u206a", "\ufff9", "\U0001d173"),
        *("\u2028", "\u2029", "\u00a0", "\u2003", "\u202f", "\u3000"),  # separators
        *("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\U00016fe4"),  # fillers
        *("\U000e0001", "\U000e0041", "\U000e007f"),  # tags
        *("\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef", "\u180b"),  # variation selectors
        *("\u034f", "\u17b4", "\ufffc", "\u2065", "\ufff0", "\x7f", "\x9f"),
    ],
)
def test_no_character_is_unseen(unseen: str) -> None:
    (shown,) = BeautifulSoup(page._visible(f"a{unseen}b"), "html.parser").select(".control")

    assert shown.get_text() == f"U+{ord(unseen):04X}"
    assert unseen not in page._visible(f"a{unseen}b")


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f469\u200d\U0001f680 \U0001f469\U0001f3fd\u200d\U0001f680",  # astronauts
        "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f468",  # a couple
        "\u2764\ufe0f 1\ufe0f\u20e3 \U0001f3f3\ufe0f\u200d\U0001f308",  # a heart, a key, a flag
        "Zoë said: 漢字 שלום\n\tfin",
    ],
)
def test_a_joiner_within_a_picture_stays(text: str) -> None:
    assert page._visible(text) == text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a\u200d\U0001f680", 1),
        ("\U0001f680\u200d", 1),
        ("\U0001f680\u200d\u200d\U0001f680", 2),
        ("\u2764\ufe0f\ufe0f", 1),
        ("\U0001f600\U000e0101\U000e0102", 2),
    ],
)
def test_a_joiner_that_joins_nothing_is_shown(text: str, codes: int) -> None:
    assert page._visible(text).count("U+") == codes


def test_long_texts_are_cut_and_say_by_how_much(caller: Caller) -> None:
    for length in (page.MAX_TEXT, page.MAX_TEXT + 1, page.MAX_TEXT + 23_456):
        caller.create("x" * length)

    shown = next(iter(_sessions(_page(caller)).values()))[:3]

    texts = [each.select_one(".text").get_text() for each in shown]  # type: ignore[union-attr]
    kept = "x" * page.MAX_TEXT
    assert texts == [f"{kept}… 23,456 characters more", f"{kept}… 1 character more", kept]
    assert [_words(each.select_one(".preview")) for each in shown] == ["x" * page.MAX_PREVIEW + "…"] * 3


def test_the_newest_sessions_and_messages_are_shown(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = start()
    oldest, *others = (caller.create(f"session {number}")["id"] for number in range(4))
    for number in range(3):
        caller.update(oldest, f"update {number}")
    monkeypatch.setattr(page, "MAX_SESSIONS", 3)
    monkeypatch.setattr(page, "MAX_MESSAGES", 5)

    document = _page(caller)

    (shown,) = _sessions(document).values()
    assert [each.code.get_text() for each in shown] == [oldest, *others[:0:-1]]  # type: ignore[union-attr]
    assert _words(document.select_one("main > .note")) == "The newest 3 of 4 sessions"
    assert [_words(each.select_one(".facts")) for each in shown] == [
        "sandbox-user · 8 messages",
        *["sandbox-user · 2 messages"] * 2,
    ]
    assert _words(shown[0].select_one(".note")) == "3 earlier messages not shown"
    assert [_words(each) for each in shown[0].select(".text")] == [
        "update 0",
        "update 1",
        "update 1",
        "update 2",
        "update 2",
    ]
    assert shown[1].select(".note") == []


def test_an_empty_sandbox_says_what_to_do(start: Start, tmp_path: Path) -> None:
    caller = start(agents={"risk_report": lambda conversation, files: ""})

    document = _page(caller)

    assert _words(document.title) == "0 sessions · Portal sandbox"
    assert _words(document.select_one(".empty")) == (
        "No sessions yet Run the three lines above, then reload this page."
    )
    assert document.select_one(".start details").has_attr("open")  # type: ignore[union-attr]
    assert [_words(each) for each in document.select(".agents li")] == ["echo", "risk_report"]
    assert _words(document.header.p) == f"{caller.host} · data in memory, gone when it stops"  # type: ignore[union-attr]
    assert _sessions(document) == {}

    db = tmp_path / "box.sqlite"
    assert _words(_page(start(db=db)).select_one("header code")) == str(db)


def test_the_three_lines_run(start: Start, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    caller = start(tokens={"secret": "ann"})
    monkeypatch.setenv("BEARER_TOKEN", "secret")

    document = _page(caller)

    assert b"secret" not in document.encode()
    code = document.pre.get_text()  # type: ignore[union-attr]
    assert len(code.splitlines()) == 3
    exec(code, {})
    assert capsys.readouterr().out == "Hello\n"
    document = _page(caller)
    assert not document.select_one(".start details").has_attr("open")  # type: ignore[union-attr]
    assert len(document.select(".sessions > li")) == 1


def test_it_loads_nothing_and_may_run_nothing(caller: Caller) -> None:
    response = caller.call("GET", "/", headers=HTML)
    document = BeautifulSoup(response.data.decode(), "html.parser")

    linked = [tag[name] for tag in document.find_all() for name in ("href", "src") if tag.has_attr(name)]
    assert {target for target in linked if not target.startswith("data:image/svg+xml,")} == {
        "/docs",
        "/openapi.json",
    }
    for path in ("/docs", "/openapi.json"):
        assert caller.call("GET", path).status == 200
    (style,) = re.findall(r"<style>(.*?)</style>", response.data.decode(), re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert not document.find_all(style=True)  # which the policy would leave without effect
    assert {name: response.headers[name] for name in SAFE} == SAFE
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def test_its_outline_is_one_that_can_be_heard(caller: Caller) -> None:
    caller.create()
    document = _page(caller)

    headings = [(tag.name, _words(tag)) for tag in document.find_all(["h1", "h2", "h3"])]
    assert headings[:3] == [("h1", "Portal sandbox"), ("h2", "Agents"), ("h2", "Today")]
    assert document.html["lang"] == "en"  # type: ignore[index]
    assert [each["alt"] for each in document.find_all("img")] == [""]
    assert len(document.find_all("main")) == len(document.find_all("header")) == 1
    assert document.nav["aria-label"]  # type: ignore[index]
    # A reader in another direction, or a name in one, must not turn the words around it.
    assert all(each.has_attr("dir") for each in document.select(".text, .preview"))
    assert all(each.bdi is not None for each in document.select(".author, .facts, .agent, .agents code"))


def test_a_head_request_is_answered_without_the_page(caller: Caller) -> None:
    response = caller.call("HEAD", "/", headers=HTML)

    assert (response.status, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 1_000


def test_the_icon_is_there_for_pages_that_name_none(caller: Caller) -> None:
    response = caller.call("GET", "/favicon.ico")

    assert (response.status, response.headers["Content-Type"]) == (200, "image/svg+xml")
    assert response.data.startswith(b"<svg ")


def test_the_icon_is_not_in_the_contract() -> None:
    paths = portal_sandbox.create_app(tokens={"secret": "ann"}).openapi()["paths"]

    assert "/favicon.ico" not in paths


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

    assert page.is_local(Request({"type": "http", "client": client, "headers": headers})) is local


# ── how values are written ──


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (18_240_000, "18.2 MB"),
        (1_000_000_000, "1.0 GB"),
    ],
)
def test_size(size: int, text: str) -> None:
    assert page._size(size) == text
