"""What a Content-Type says, read as RFC 9110 has it."""

from __future__ import annotations

import pytest

from portal_client.content_type import content_type


@pytest.mark.fault("The body", "Only the parameter of that name says the charset")
@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("application/json", ""),
        ("application/json;charset=utf-16", "utf-16"),
        ("application/json ;\tCHARSET=UTF-16 ; x=y", "utf-16"),
        ('application/json; charset="utf-16"', "utf-16"),
        ('application/json; charset="utf\\-16"', "utf-16"),
        ("application/json; charset=utf-8; charset=latin-1", "utf-8"),
        ("application/vnd.charset=latin-1+json; charset=utf-16", "utf-16"),
        ("application/json; x-charset=latin-1", ""),
        ('application/json; x="charset=latin-1"', ""),
        ('application/json; x=";charset=latin-1"', ""),
        ('application/json; x="a\\";charset=latin-1"', ""),
        ('application/json; x="a\\\\";charset=utf-16', "utf-16"),
        ('application/json; x =";charset=latin-1;"', ""),
        ('application/json; x=";charset=latin-1', ""),
        ("application/json; charset =latin-1", ""),
        ("application/json; charset", ""),
        ("application/json; charset=", ""),
        ('application/json; charset="', ""),
        ("charset=latin-1", ""),
    ],
)
def test_the_charset(header: str, charset: str) -> None:
    assert content_type(header).charset == charset


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("", ""),
        ("Text/Event-Stream; charset=UTF-8", "text/event-stream"),
        (" APPLICATION/X-NDJSON ", "application/x-ndjson"),
        ('text/html; x="application/json"', "text/html"),
    ],
)
def test_the_media_type(header: str, media_type: str) -> None:
    assert content_type(header).media_type == media_type


@pytest.mark.parametrize("header", ['a/b;x="' + "\\" * 60_000, "a/b" + ';"' * 30_000, "a/b;" + " " * 60_000])
def test_a_long_header_takes_no_time(header: str) -> None:
    assert content_type(header).charset == ""
