"""The log: quoted text is escaped, and begins no line."""

import io
import logging
from collections.abc import Iterator

import pytest

from portal_sandbox.log import escape, escaped, log

EVIL = "\x1b]0;owned\x07\x1b[2J\r\n12:00:00 INFO all is well\u2028\u202e\u200b\x85\ud800"
SEEN = r"\x1b]0;owned\x07\x1b[2J\r\n12:00:00 INFO all is well\u2028\u202e\u200b\x85\ud800"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The output of a handler that a program has added."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("12:00:00 %(levelname)s %(message)s"))
    log.addHandler(handler)
    yield stream
    log.removeHandler(handler)


def test_what_can_be_seen_stays() -> None:
    assert escaped("naïve 価格 🦀 'a' \\ b") == "naïve 価格 🦀 'a' \\ b"


def test_an_argument_is_escaped(written: io.StringIO) -> None:
    log.error("%s %s failed", "GET", f"/{EVIL}")

    assert written.getvalue() == f"12:00:00 ERROR GET /{SEEN} failed\n"


def _cause() -> BaseException:
    try:
        try:
            raise KeyError(EVIL)
        except KeyError as error:
            raise ValueError(EVIL) from error
    except ValueError as error:
        return error


def _noted() -> BaseException:
    error = ValueError("no")
    error.add_note(EVIL)
    return error


def _group() -> BaseException:
    return ExceptionGroup(EVIL, [ValueError(EVIL), ExceptionGroup(EVIL, [KeyError(EVIL)])])


def _syntax() -> BaseException:
    return SyntaxError(EVIL, (EVIL, 1, 1, EVIL, 1, 2))


def _named() -> BaseException:
    return type(EVIL[:-1], (Exception,), {})(EVIL)  # type: ignore[no-any-return]


@pytest.mark.parametrize("make", [_cause, _noted, _group, _syntax, _named])
def test_an_exception_is_escaped_in_one_record(written: io.StringIO, make: object) -> None:
    assert callable(make)
    try:
        raise make()
    except Exception:
        log.exception("Agent %s failed", "odd")

    first, *rest = written.getvalue().split("\n")[:-1]
    assert first == "12:00:00 ERROR Agent odd failed"
    assert all(line.isprintable() for line in rest)
    assert all(line.startswith("  ") for line in rest)
    assert any("owned" in line for line in rest)


def test_a_traceback_is_read_as_ever(written: io.StringIO) -> None:
    try:
        raise _cause()
    except ValueError:
        log.exception("failed")

    lines = [line.strip() for line in written.getvalue().splitlines()]
    assert "Traceback (most recent call last):" in lines
    assert "raise KeyError(EVIL)" in lines
    assert "The above exception was the direct cause of the following exception:" in lines
    assert lines[-1] == f"ValueError: {SEEN}"


def test_it_is_a_filter_for_the_records_of_others_too() -> None:
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "one\n%s", (EVIL,), None)

    assert escape(record)
    assert escape(record)

    assert record.getMessage() == rf"one\n{SEEN}"
