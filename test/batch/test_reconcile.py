"""An agent's sessions are read as a stream, and only a whole list counts."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from typing import Any

import pytest

from portal_client import ApiConnectionError, ApiException, ApiResponseError, ForbiddenException, SessionsApi
from portal_client.batch.item import likeness
from portal_client.batch.reconcile import date_of, parser, read, server_date
from support.clients import calling
from support.scripted import SESSION, Answer, Connection, Received, reply

#: The clock of the server.
DATE, AT = "Tue, 06 May 2031 07:08:09 GMT", 1935817689

WANTED = {likeness("a1", "one")}


def session(id: str, *texts: tuple[str, str]) -> dict[str, Any]:
    return SESSION | {
        "id": id,
        "messages": [{"role": role, "text": text, "agent": None} for role, text in texts],
    }


def test_those_wanted_are_kept() -> None:
    sessions = [
        session("s1", ("user", "two"), ("user", "one")),
        session("s2", ("assistant", "Welcome"), ("user", "one"), ("assistant", "one")),
        session("s3"),
        session("s4", ("user", "one\r\n")),
    ]
    with calling(reply({"sessions": sessions}, Date=DATE)) as c:
        before = time.monotonic()
        reading = read(c.api, "a1", WANTED)

    assert before <= reading.began <= time.monotonic()
    (found,) = reading.found.values()
    assert [each.session_id for each in found] == ["s2", "s4"]
    assert reading.date == AT
    assert [request.target for request in c.server.requests] == ["/sessions?agent_id=a1"]


def test_others_are_kept_that_may_have_been_made_since() -> None:
    times = {
        "s1": "2031-05-06T07:08:08Z",
        "s2": "2031-05-06T07:08:09Z",
        "s3": "2031-05-06T07:08:10",
        "s4": "?",
    }
    sessions = [session(id, ("user", "two")) | {"created_at": at} for id, at in times.items()]
    sessions += [session("s5", ("user", "one")), session("s6") | {"created_at": times["s2"]}]
    with calling(reply({"sessions": sessions})) as c:
        reading = read(c.api, "a1", WANTED, AT)

    assert [each.session_id for each in reading.others] == ["s2", "s3", "s4", "s6"]


def test_an_empty_list_is_a_list() -> None:
    with calling(reply({"sessions": []})) as c:
        assert read(c.api, "a1", WANTED).found == {}


def cut(connection: Connection, request: Received) -> bool:
    whole = reply({"sessions": [session("s1", ("user", "two"))] * 3})
    connection.send(whole[:-10])
    return False


@pytest.mark.parametrize(
    "answer",
    [
        reply({}),
        reply([]),
        reply({"sessions": None}),
        reply({"sessions": {"item": {}}}),
        reply({"detail": "x" * 200_000}),
        reply(b'{"sessions": [{"messages": []}'),
        reply(b"", Content_Type="text/html"),
        reply({"sessions": [5]}),
        reply({"sessions": [{"id": "s1"}]}),
        reply(b'{"sessions": [{"messages": [], "size": 1e99999999999999999999}]}'),
        cut,
    ],
)
def test_what_is_no_whole_list_says_nothing(answer: Answer) -> None:
    with calling(answer) as c, pytest.raises(ApiException) as caught:
        read(c.api, "a1", WANTED)

    error = caught.value
    cause = error.__cause__
    assert cause is not None
    assert cause.__traceback__ is None  # its frames hold what was read
    if answer is cut:
        assert isinstance(error, ApiConnectionError)
        assert (error.status, error.reason) == (
            0,
            f"get_sessions: the list broke off: {type(cause).__name__}",
        )
    else:
        why = f"get_sessions: this is no list of sessions: {type(cause).__name__}"
        assert isinstance(error, ApiResponseError)
        assert (error.status, error.reason) == (200, why)


def test_a_refusal_is_raised() -> None:
    with calling(reply({}, status=403, Retry_After="7")) as c, pytest.raises(ForbiddenException) as caught:
        read(c.api, "a1", WANTED)

    error = caught.value
    assert (error.status, error.reason, error.retry_after) == (403, "get_sessions: Reason", 7)


def test_a_list_larger_than_the_limit_of_a_body_takes_little_memory() -> None:
    one = json.dumps(session("s1", ("user", "two"), ("assistant", "x" * 1000)))
    body = b'{"sessions": [' + ",".join([one] * 4_000).encode() + b"]}"
    with calling(reply(body), max_response_size=1000) as c:
        tracemalloc.start()
        try:
            read(c.api, "a1", WANTED)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert len(body) > 4 * 2**20
    assert peak < 2**20


def test_the_date_of_any_response() -> None:
    with calling(reply({}, status=404, Date=DATE)) as c:
        assert server_date(c.api) == AT

    assert [(request.method, request.target) for request in c.server.requests] == [("GET", "/")]
    for headers in (None, {}, {"Date": "yesterday"}):
        assert date_of(headers) is None


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the process cannot be set here")
def test_the_date_does_not_depend_on_where_the_client_is(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "America/New_York")
            time.tzset()
            assert date_of({"date": "Tue, 06 May 2031 07:08:09 -0000"}) == AT
            assert date_of({"date": "Tue, 06 May 2031 09:08:09 +0200"}) == AT
    finally:
        time.tzset()


def test_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ijson", None)
    with pytest.raises(ImportError) as caught:
        parser()

    needed = 'a batch needs ijson, to find what became of lost prompts: pip install "portal-client[batch]"'
    assert str(caught.value) == needed
    assert caught.value.name == "ijson"


def test_an_error_does_not_hold_the_body() -> None:
    with calling(reply({"detail": "private"}, status=500)) as c:
        client = c.client.with_options(retries=False)
        with pytest.raises(ApiException) as caught:
            read(SessionsApi(client), "a1", WANTED)

    assert "private" not in str(caught.value)
