"""Repeated secrets: where a text holds one, as it is or as a URL, JSON, HTML or Base64 writes it."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html.entities import html5
from json import dumps
from typing import NamedTuple
from urllib.parse import quote, quote_plus

#: A secret of so many characters is found anywhere, a shorter one only as a whole word: one letter masked
#: everywhere would spoil the text, and show what is hidden.
_UNMISTAKABLE = 8

#: A character as JSON or Python, a URL, or HTML writes it, once or more, as in JSON within JSON.
_WRITTEN = re.compile(
    r"""\\+(?: u(?:0000)?([0-9a-f]{4}) | x([0-9a-f]{2}) | (["'/bfnrt]) | )
    | % (?:25)* ([0-9a-f]{2})
    | & (?:amp;)* (?: \#x0*([0-9a-f]{1,6});? | \#0*([0-9]{1,7});? | ([a-z]{2,8};) )""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_SHORT, _DECIMAL, _NAMED = 3, 6, 7
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

#: The length of the pieces in which a text is read, so that memory does not grow with it.
_PIECE = 256 * 1024
#: The most characters in which one is expected to be written.
_MAX_WRITTEN_LENGTH = 64

_WORD = re.compile(r"(?<!\w)(?<!\w['’-])"), re.compile(r"(?!\w)(?!['’-]\w)")
_BASE64_WORD = re.compile(r"(?<![\w+/])"), re.compile(r"(?![\w+/])")


class _Form(NamedTuple):
    """A text to look for; in Base64 the characters beside it may hold bits of it and of its neighbours."""

    secret: str
    text: str
    base64: bool = False
    before: int = 0
    behind: int = 0


def echoes(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the secret of each occurrence in the text, some of them twice."""
    secrets = [secret for secret in secrets if len(secret) <= len(text)]
    forms = [form for secret in secrets for form in _forms(secret)]
    beyond = _MAX_WRITTEN_LENGTH * max(map(len, secrets), default=0)
    step = max(_PIECE, beyond)
    for start in range(0, len(text), step):
        piece = text[start : start + step + beyond]
        read = _read(piece)
        for begin, end, secret in _found(piece, forms):
            yield start + begin, start + end, secret
        if read != piece:
            for begin, end, secret in _as_written(piece, [*_found(read, forms)]):
                yield start + begin, start + end, secret


def _forms(secret: str) -> Iterator[_Form]:
    # A URL is read as bytes, JSON as halves of surrogate pairs, and a header as Latin-1.
    urls = quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")
    in_header = secret.encode("utf-8", "replace").decode("latin-1")
    for text in {secret, in_header, *map(_read, (secret, *urls, dumps(secret)[1:-1]))}:
        yield _Form(secret, text)
    data = secret.encode("utf-8", "replace")
    if len(secret) < _UNMISTAKABLE:
        yield _Form(secret, b64encode(data).decode().rstrip("="), True)
        return
    for shift in range(3):  # where it begins within three bytes that become four characters
        code = b64encode(bytes(shift) + data).decode().rstrip("=")
        behind = int((shift + len(data)) % 3 > 0)
        yield _Form(secret, code[shift + bool(shift) : len(code) - behind], True, int(shift > 0), behind)


def _found(text: str, forms: list[_Form]) -> Iterator[tuple[int, int, str]]:
    code = text.replace("-", "+").replace("_", "/")
    for form in forms:
        within, (before, behind) = (code, _BASE64_WORD) if form.base64 else (text, _WORD)
        begin = within.find(form.text)
        while begin >= 0:
            end = begin + len(form.text)
            if len(form.secret) >= _UNMISTAKABLE or (
                before.match(within, begin) and behind.match(within, end)
            ):
                last = end + form.behind
                if form.base64:
                    last += within.startswith("=", last) + within.startswith("==", last)
                yield max(begin - form.before, 0), last, form.secret
            begin = within.find(form.text, end)


def _read(text: str) -> str:
    """Return the text with escaped characters decoded."""
    return _WRITTEN.sub(_character, text)


def _character(written: re.Match[str]) -> str:
    kind = written.lastindex
    if kind is None:
        return "\\"
    code = written[kind]
    if kind == _SHORT:
        return _CONTROLS.get(code, code)
    if kind == _NAMED:
        return html5.get(code, written[0])
    number = int(code, 10 if kind == _DECIMAL else 16)
    return chr(number) if number <= sys.maxunicode else written[0]


def _as_written(text: str, found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield the places in the text of what was found in the decoded text."""
    writings = _WRITTEN.finditer(text) if found else iter(())
    writing = next(writings, None)
    more = 0
    places: dict[int, int] = {}
    for place in sorted({place for begin, end, _ in found for place in (begin, end)}):
        while writing is not None and writing.start() - more < place:
            more += len(writing[0]) - len(_character(writing))
            writing = next(writings, None)
        places[place] = place + more
    for begin, end, secret in found:
        yield places[begin], places[end], secret
