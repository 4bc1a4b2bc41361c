"""Text of others in errors: what a terminal would obey is shown, secrets are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from portal_client.models import Message
from portal_client.text import masked, masked_data, occurring, printable, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Grüße 日本 😀", "Grüße 日本 😀"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("pay \u202e001\u202c", "pay \\u202e001\\u202c"),
        ("a\u200bb\u2028c\x7f\x9b", "a\\u200bb\\u2028c\\x7f\\x9b"),
        ("one\ntwo\tthree\r", "one\ntwo\tthree\\r"),
        ("half \ud83d", "half \\ud83d"),
        ("tag \U000e0041", "tag \\U000e0041"),
    ],
)
def test_what_is_not_seen_is_shown(text: str, shown: str) -> None:
    assert printable(text, keep="\n\t") == shown


def test_a_line_is_one_line_unless_told_otherwise() -> None:
    assert printable("one\ntwo") == "one\\ntwo"


def test_a_text_is_cut_with_a_sign() -> None:
    assert (shortened("abc", 3), shortened("abcd", 3)) == ("abc", "abc…")


SECRET = 'p&ss "w<rd/ü+1'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        escape(SECRET),
        json.dumps(SECRET)[1:-1],
        SECRET.encode().decode("latin-1"),
    ],
)
def test_a_secret_is_masked_in_each_form(form: str) -> None:
    assert masked(f"before{form}after", [SECRET]) == "before***after"
    assert occurring(f"before{form}after", ["another", SECRET]) == (SECRET,)


@pytest.mark.parametrize(
    "form", [str, quote, lambda s: json.dumps(s)[1:-1], lambda s: s.encode().decode("latin-1")]
)
@pytest.mark.parametrize("secret", ["pässwort1", "пароль123"])
def test_a_secret_of_letters_is_masked_in_each_form(secret: str, form: Callable[[str], str]) -> None:
    assert masked(f"before{form(secret)}after", [secret]) == "before***after"


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("c", "Invalid credentials, said c.", "Invalid credentials, said ***."),
        ("s", "The user's password is wrong", "The user's password is wrong"),
        ("pw", "no 'pw' here, no pwd, no re-pw", "no '***' here, no pwd, no re-pw"),
        ("grant", "invalid_grant", "invalid_grant"),
        ("", "nothing to hide", "nothing to hide"),
        ("a-long-token", "xa-long-tokenx", "x***x"),
        ("1.5", "105 is not 1.5", "105 is not ***"),
    ],
)
def test_a_short_secret_is_masked_as_a_word(secret: str, text: str, shown: str) -> None:
    assert masked(text, [secret]) == shown


def test_a_secret_within_another_leaves_no_rest() -> None:
    assert masked("token-of-ann and token-of-ann-2", ["token-of-ann", "token-of-ann-2"]) == "*** and ***"


def test_secrets_are_masked_in_data() -> None:
    data: Any = {"to token-of-ann": ["token-of-ann", 1, None, {"deep": b"is token-of-ann"}], "plain": True}

    assert masked_data(data, ["token-of-ann"]) == {
        "to ***": ["***", 1, None, {"deep": b"is ***"}],
        "plain": True,
    }
    message = masked_data(Message(role="user", text="I am token-of-ann"), ["token-of-ann"])
    assert (type(message), message.text) == (Message, "I am ***")
