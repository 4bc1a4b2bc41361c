"""The access log: a line for each request, and nothing in it that is secret."""

import logging
import re
from collections.abc import Callable
from time import monotonic

import pytest

from .conftest import LIMIT, Caller, Start
from .pages import feed, key, link

Lines = Callable[[int], list[str]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Return the lines, without their times, once there are so many; each is at INFO."""
    caplog.set_level(logging.INFO, "portal_sandbox.access")

    def found(count: int) -> list[str]:
        deadline = monotonic() + LIMIT
        while True:  # a line is written once the response was sent
            records = [each for each in caplog.records if each.name == "portal_sandbox.access"]
            if len(records) >= count or monotonic() > deadline:
                break
        assert {each.levelname for each in records} <= {"INFO"}
        times = [re.fullmatch(r"(.*) \d+ ms", each.getMessage()) for each in records]
        return [time[1] for time in times if time]

    return found


def test_who_asked_for_what_and_what_came_of_it(start: Start, lines: Lines) -> None:
    caller = start(tokens={"secret": "ann"})
    caller.create()
    caller.call("GET", "/sessions/nothing?access_token=secret")
    caller.call("GET", "/sessions/grouped", headers={"Authorization": "Bearer other"})
    caller.call("DELETE", "/sessions")
    caller.call("GET", "/dashboard")
    caller.call("GET", "/dashboard", headers={"Authorization": "Bearer other"})
    caller.call("GET", "/candela/sessions/list")
    caller.call("GET", "/candela/session/stop")
    for path in ("/", "/docs", "/candela/docs", "/candela/nowhere", "/a%0Ab%1B"):
        caller.call("GET", path)
    caller.call("POST", "/candela/oauth2/v1/token", fields={"password": "secret"})
    caller.call("GET", "/sessions/grouped", headers={"Host": "evil.example"})

    assert lines(15) == [
        "ann create_session 200",
        "ann get_session 404",
        "- get_grouped_sessions 401",
        "- DELETE /sessions 405",
        "ann get_dashboard 200",
        "- get_dashboard 200",
        "ann candela.list_sessions 200",
        "ann candela.stop_session 204",
        "- root_get 200",
        "- GET /docs 200",
        "- GET /candela/docs 200",
        "- GET /candela/nowhere 404",
        "- GET /a%0Ab%1B 404",
        "- POST /candela/oauth2/v1/token 400",
        "- GET /sessions/grouped 403",
    ]


def test_what_the_page_reads_by_itself_is_no_news(
    start: Start, lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    caller = start(tokens={"secret": "ann"})
    secret = key(caller)
    with feed(caller) as events:
        events.next()
    caller.call("GET", link(caller, "entries/sessions/x"))
    caller.call("GET", "/sessions/grouped")

    assert [each for each in lines(4) if "root_get" not in each] == ["ann get_grouped_sessions 200"]
    caplog.set_level(logging.DEBUG, "portal_sandbox.access")
    caller.call("GET", link(caller, "entries/sessions/y"))
    caller.call("GET", "/sessions/grouped")
    deadline = monotonic() + LIMIT
    while "GET /page/entries/sessions/y 404" not in caplog.text and monotonic() < deadline:
        pass
    assert "GET /page/entries/sessions/y 404" in caplog.text
    assert secret not in caplog.text


def test_what_a_user_may_choose_is_escaped_and_cut(start: Start, lines: Lines) -> None:
    caller = start(tokens={"secret": "ann\n12:00:00 INFO bob\x1b[2J\u202e"})
    caller.call("GET", "/sessions/grouped")
    caller.call("GET", "/" + "x" * 5_000)
    caller.call("M" * 5_000, "/")

    user, path, method = lines(3)
    assert user == r"ann\n12:00:00 INFO bob\x1b[2J\u202e get_grouped_sessions 200"
    assert path == f"- GET /{'x' * 95}… 404"
    assert method == f"- {'M' * 100}… 405"


def test_a_response_that_was_lost_has_no_status(start: Start, lines: Lines) -> None:
    caller = start(tokens={"secret": "ann"}, chaos="lost:100%")
    with pytest.raises(Exception, match="reset"):
        caller.call("GET", "/sessions/grouped")

    assert lines(1) == ["ann get_grouped_sessions -"]


def test_it_is_off_unless_it_is_asked_for(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caller: Caller = start()
    caller.create()

    assert caplog.records == []
