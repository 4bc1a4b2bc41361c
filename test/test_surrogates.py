"""Halves of surrogate pairs: what is no character becomes U+FFFD, and nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client.surrogates import without_halves


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'"a \ud83d b"', rb'"a \ufffd b"'),
        (rb'"\uD83D"', rb'"\ufffd"'),
        (rb'"\ude00"', rb'"\ufffd"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ud83d\u0041"', rb'"\ufffd\u0041"'),
        (rb'"\ud83d\n"', rb'"\ufffd\n"'),
        (b'"\xed\xa0\xbd"', '"\ufffd"'.encode()),
        (b'"\xed\xa0\xbd\xed\xb8\x80"', '"\U0001f600"'.encode()),
        ('"\ud83d"', '"\ufffd"'.encode()),
    ],
)
def test_a_half_becomes_the_replacement(text: bytes | str, expected: bytes) -> None:
    assert without_halves(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        rb'"\ud83d\ude00"',
        rb'"\\ud83d"',
        rb'"\\\ud83d\ude00"',
        rb'"\u0041"',
        "é".encode(),
        b"\xff",
        rb'"\ud83"',
        b"\\",
    ],
)
def test_all_else_stays(text: bytes) -> None:
    assert without_halves(text) is None


@given(st.text(st.one_of(st.characters(), st.characters(categories=["Cs"]), st.just("\\"))))
def test_what_comes_out_can_be_written(text: str) -> None:
    document = json.dumps(text)
    whole = json.loads(without_halves(document) or document)

    assert whole == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
