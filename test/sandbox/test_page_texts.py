"""Texts on the page: nothing in them is unseen, and long ones say how much is missing."""

import pytest

from portal_sandbox.page import texts
from portal_sandbox.page.texts import Text


def _shown(runs: Text) -> str:
    return "".join(run if isinstance(run, str) else f"[{run[0]}]" for run in runs)


def test_what_cannot_be_seen_is_shown_as_a_code_point() -> None:
    assert texts.visible("ab\u202edc\u202c \u2066x\u2069") == [
        *("ab", ("U+202E", "RIGHT-TO-LEFT OVERRIDE"), "dc", ("U+202C", "POP DIRECTIONAL FORMATTING"), " "),
        *(("U+2066", "LEFT-TO-RIGHT ISOLATE"), "x", ("U+2069", "POP DIRECTIONAL ISOLATE")),
    ]
    assert _shown(texts.visible("a\x00b\x1bc\x85d\ufeffe\u200d\U0001f469")) == (
        "a[U+0000]b[U+001B]c[U+0085]d[U+FEFF]e[U+200D]\U0001f469"
    )
    assert texts.visible("\x00") == [("U+0000", "control")]
    assert texts.visible("\ud800") == [("U+D800", "control")]  # or it could not be sent
    assert texts.visible("]^\\-\u200b") == ["]^\\-", ("U+200B", "ZERO WIDTH SPACE")]
    assert texts.visible("") == []


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
    before, (code, name), after = texts.visible(f"a{unseen}b")

    assert (before, code, after) == ("a", f"U+{ord(unseen):04X}", "b")
    assert name


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
    assert texts.visible(text) == [text]


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
    assert _shown(texts.visible(text)).count("[U+") == codes


def test_long_texts_are_cut_and_say_by_how_much() -> None:
    assert texts.shortened("x" * texts.MAX_TEXT) == (["x" * texts.MAX_TEXT], 0)
    assert texts.shortened("x" * (texts.MAX_TEXT + 1)) == (["x" * texts.MAX_TEXT], 1)
    assert texts.shortened("x" * 1_000_000) == (["x" * texts.MAX_TEXT], 1_000_000 - texts.MAX_TEXT)
    assert texts.shortened("  one\n\ttwo\r\nthree\rfour") == (["  one\n\ttwo\nthree\nfour"], 0)


def test_a_preview_is_the_beginning_on_one_line() -> None:
    assert texts.preview("first\n\n prompt") == ["first prompt"]
    assert texts.preview("x" * 500) == ["x" * texts.MAX_PREVIEW + "…"]
    assert texts.name("y" * 600) == ["y" * texts.MAX_NAME + "…"]
    assert texts.plain("a\u202eb") == "aU+202Eb"


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
    assert texts.size(size) == text
