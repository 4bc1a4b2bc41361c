"""An error in a notebook: its reason, the one line of the user that led to it, and all that it tells."""

from __future__ import annotations

import linecache
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest

from finbourne_candela import ObjectId
from finbourne_candela.running import RunningSession
from portal_client import (
    ApiClient,
    ApiConnectionError,
    ApiException,
    Configuration,
    NotFoundException,
    SessionsApi,
)
from support.scripted import playing, reply

CELL = "def read(api):\n    return api.get_session('s1')\n\nread(api)\n"


def raised(api: Any, name: str = "/tmp/ipykernel_1/2.py") -> ApiException:
    """The error of a cell that calls the service."""
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(True), name)
    with pytest.raises(ApiException) as caught:
        exec(compile(CELL, name, "exec"), {"api": api})
    return caught.value


def test_the_reason_comes_first_and_one_line_of_the_user() -> None:
    with (
        playing(reply({"detail": "no session s1"}, 404)) as server,
        ApiClient(Configuration(server.host)) as client,
    ):
        error = raised(SessionsApi(client))

    lines: list[str] = error._render_traceback_()

    assert isinstance(error, NotFoundException)
    assert lines[0] == f"NotFoundException: {error.reason}"
    assert lines[1] == "  at line 2 of 2.py: return api.get_session('s1')"
    assert "\n".join(lines[3:]).startswith(str(error).rstrip("\n"))
    assert "portal_client" not in "\n".join(lines)
    assert lines[-1].startswith("The whole traceback: ")
    assert len(server.requests) == 1


def test_a_call_in_a_thread_shows_the_line_that_waits_for_it() -> None:
    name = "/tmp/ipykernel_1/3.py"
    cell = "with ThreadPoolExecutor() as pool:\n    pool.submit(api.get_session, 's1').result()\n"
    linecache.cache[name] = (len(cell), None, cell.splitlines(True), name)
    with (
        playing(reply({"detail": "no"}, 404)) as server,
        ApiClient(Configuration(server.host)) as client,
        pytest.raises(ApiException) as caught,
    ):
        exec(
            compile(cell, name, "exec"),
            {"api": SessionsApi(client), "ThreadPoolExecutor": ThreadPoolExecutor},
        )

    assert caught.value._render_traceback_()[1] == (
        "  at line 2 of 3.py: pool.submit(api.get_session, 's1').result()"
    )
    assert len(server.requests) == 1


def test_a_call_of_another_package_on_the_core_is_not_the_line_of_the_user() -> None:
    name = "/tmp/ipykernel_1/4.py"
    cell = "session.ask('Hello')\n"
    linecache.cache[name] = (len(cell), None, cell.splitlines(True), name)
    error = ApiException(500, "failed")
    calls = Mock(submit_prompt_to_agent=Mock(side_effect=error))
    session = RunningSession(calls, ObjectId(scope="default", identifier="x"))
    with pytest.raises(ApiException):
        exec(compile(cell, name, "exec"), {"session": session})

    assert error._render_traceback_()[1] == "  at line 1 of 4.py: session.ask('Hello')"


def test_notes_and_the_cause_are_told() -> None:
    error = ApiConnectionError(reason="refused")
    error.add_note("a note")
    error.add_note("what an agent said:\n\t\x1b[2J")
    error.__cause__ = OSError("no\x1b[31m route\nmore")

    lines = error._render_traceback_()

    assert lines[0] == "ApiConnectionError: refused"
    assert "a note" in lines
    assert "\t\\x1b[2J" in lines
    assert "Caused by OSError: no\\x1b[31m route" in lines


def test_no_credentials_are_shown() -> None:
    error = ApiException(500, "tok-123456789", body="token tok-123456789", secrets=["tok-123456789"])

    assert "tok-123456789" not in "\n".join(error._render_traceback_())


def test_an_error_that_was_not_raised() -> None:
    assert ApiException()._render_traceback_()[0] == "ApiException: (0)"


def test_the_way_to_the_whole_traceback_is_python() -> None:
    hint = ApiException()._render_traceback_()[-1].partition(": ")[2]

    compile(hint, "cell", "exec")
