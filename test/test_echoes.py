"""Echoes of a secret: in each way in which a server may write it, in linear time."""

from __future__ import annotations

import html
import json
import time
import tracemalloc
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client.echoes import echoes
from portal_client.text import masked, occurring

SECRET = 'S3cret-"tök/en+🔑'


def each(text: str, template: str) -> str:
    return "".join(template.format(ord(character), character) for character in text)


WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, all escaped": lambda text: "".join(
        f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H")
    ),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "a header's repr": lambda text: repr({"a": json.dumps(text)[1:-1]})[7:-2],
    "decimal": lambda text: each(text, "&#{0};"),
    "padded decimal": lambda text: each(text, "&#000{0};"),
    "without semicolons": lambda text: each(text, "&#{0:07}"),
    "hexadecimal": lambda text: each(text, "&#x{0:x};"),
    "upper hexadecimal": lambda text: each(text, "&#X{0:06X};"),
    "HTML": html.escape,
    "HTML in HTML": lambda text: html.escape(each(text, "&#{0};")),
    "a URL": lambda text: quote(text, safe=""),
    "a lower URL": lambda text: quote(text, safe="").swapcase().swapcase().replace("%C3%B6", "%c3%b6"),
    "a form": quote_plus,
    "a URL, all escaped": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "a URL in a URL": lambda text: quote(quote(text, safe="")),
    "Base64": lambda text: b64encode(text.encode()).decode(),
    "Base64 without padding": lambda text: b64encode(text.encode()).decode().rstrip("="),
    "Base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "Base64 in a URL": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
    "Base64 in JSON": lambda text: b64encode(text.encode()).decode().replace("/", "\\/"),
}


@pytest.mark.fault(
    "Secrets", "A credential that the server repeats stands in no text, reason or pickle of an error"
)
@pytest.mark.parametrize(
    "secret", [SECRET, "SECRET-TOKEN-1", "p ss\\w=rd", "a%53bcdef&amp;", r"C:\new\u0041\x"]
)
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_secret_is_masked_in_each_writing(writing: str, secret: str) -> None:
    written = WRITINGS[writing](secret)

    assert masked(f"before ({written}) after", [secret]) == "before (***) after"
    assert masked(f'{{"a": "{written}"}}\n{written}', [secret]) == '{"a": "***"}\n***'
    assert occurring(f"before ({written}) after", ["another one", secret]) == (secret,)


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_short_secret_is_masked_as_a_word_in_each_writing(writing: str) -> None:
    assert masked(f"no ({WRITINGS[writing]('pw')})", ["pw"]) == "no (***)"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.data())
def test_each_character_may_be_written_in_its_own_way(secret: str, data: st.DataObject) -> None:
    ways = (r"\u{0:04x}", r"\\u{0:04X}", "&#{0};", "&#x{0:x};", "%{0:02x}", "%{0:02X}", r"\x{0:02x}")
    written = "".join(each(character, data.draw(st.sampled_from(ways))) for character in secret)

    assert masked(f"a ({written})", [secret]) == "a (***)"
    assert masked(f"a ({secret})", [secret]) == "a (***)"


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("behind", ["", "a", "ab", "abc"])
def test_a_secret_within_base64_is_masked(before: str, behind: str) -> None:
    code = b64encode(f"{before}SECRET-TOKEN-1{behind}".encode()).decode()
    shown = masked(f"Basic {code}.", ["SECRET-TOKEN-1"])

    assert shown.startswith("Basic ")
    assert "***" in shown
    assert len(shown) < len(code) - 5


@pytest.mark.parametrize(
    "text",
    [
        "100% of &amp; users \\o/ at C:\\new, &nosuch; &#xffffff; &#9999999; %zz \\u12",
        "the SECRET and the TOKEN, U0VDUkVU",
        "",
    ],
)
def test_what_is_no_echo_stays(text: str) -> None:
    assert masked(text, ["SECRET-TOKEN-1", "pw"]) == text
    assert occurring(text, ["SECRET-TOKEN-1", "pw"]) == ()


@pytest.mark.parametrize("around", ["%AB{}", "&#83{}", "\\u00{}", "\\\\{}\\"])
def test_a_secret_that_seems_to_continue_an_escape_is_masked(around: str) -> None:
    assert masked(around.format("4567890ab"), ["4567890ab"]) == around.format("***")


@pytest.mark.parametrize("written", ["SECRET-TOKEN-1", r"\u0053ECRET-TOKEN-1", "&#83;ECRET-TOKEN-1"])
def test_a_secret_between_two_pieces_is_masked(written: str) -> None:
    for before in range(256 * 1024 - len(written) - 1, 256 * 1024 + 2, 5):
        text = f"{'-' * before}{written}{'-' * 300_000}"
        assert masked(text, ["SECRET-TOKEN-1"]) == f"{'-' * before}***{'-' * 300_000}"


@pytest.mark.parametrize(
    "unit",
    [
        *("\\", "%25", "&amp;", "&#0", "&#x0", "%", "&", "=", "a", "S"),
        "SECRET-TOKEN-",
        "\\u0053x",
        "&#83;",
        "U0VD",
    ],
)
def test_time_grows_with_the_text_only(unit: str) -> None:
    began = time.process_time()
    for _ in echoes(unit * (500_000 // len(unit)), ["SECRET-TOKEN-1", "pw", f"{'S' * 2000}T"]):
        pass

    assert time.process_time() - began < 5


@pytest.mark.fault("Secrets", "To look for a credential takes no more memory in a long response")
@pytest.mark.parametrize("unit", ["%53", "\\u0053x"])
def test_memory_does_not_grow_with_the_text(unit: str) -> None:
    assert peak(unit * 400_000) < 1.2 * peak(unit * 200_000)


def peak(text: str) -> int:
    tracemalloc.start()
    try:
        assert occurring(text, ["SECRET-TOKEN-1"]) == ()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
