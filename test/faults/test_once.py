"""Sent once: what may not be repeated reaches the server exactly once, however the call fails."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pydantic import StrictStr
from typing_extensions import Unpack

from finbourne_candela import Configuration, SyncApiClient
from finbourne_candela import SessionsApi as CandelaSessionsApi
from portal_client.endpoint import Api, RequestOptions, endpoint
from portal_client.exceptions import ApiConnectionError, ApiException
from portal_client.models.session import Session
from support.clients import FAULTS, PROMPT, TOKEN, Calling, calling, closes, failing, resets
from support.scripted import Answer, Connection, Received, reply


class Stops(Api):
    """Operations that are not to be repeated though a method may look as if they were."""

    @endpoint("GET", "/stop", idempotent=False)
    def stop_session(self, **options: Unpack[RequestOptions]) -> Session:
        """Stop the session that runs: a second time it would be the next one."""

    @endpoint("DELETE", "/sessions/{session_id}")
    def delete_session(self, session_id: StrictStr, **options: Unpack[RequestOptions]) -> Session:
        """Delete a session: a second time it is not there."""


def candela(c: Calling) -> CandelaSessionsApi:
    """The operations of Candela over the same connections."""
    client = SyncApiClient(Configuration(c.server.host, access_token=TOKEN))
    client.rest_client = c.client.rest_client
    return CandelaSessionsApi(client)


SHORT: Any = {"_request_timeout": (1, 0.2)}
CALLS: dict[str, Callable[[Calling], Any]] = {
    "stop_session": lambda c: Stops(c.client).stop_session(**SHORT),
    "delete_session": lambda c: Stops(c.client).delete_session("s1", **SHORT),
    "Candela's stop_session": lambda c: candela(c).stop_session(**SHORT),
    "Candela's delete_session": lambda c: candela(c).delete_session("default", "s1", **SHORT),
    "create_session": lambda c: c.api.create_session("a1", PROMPT, [b"a file"], **SHORT),
    "update_session": lambda c: c.api.update_session("s1", PROMPT, [b"a file"], **SHORT),
}


@pytest.mark.fault(
    "Sent once",
    "What may not be repeated reaches the server once under every fault: stop, delete, POST and PUT",
)
@pytest.mark.parametrize("connection", ["fresh", "reused"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_what_may_not_be_repeated_is_counted_once(call: str, fault: str, connection: str) -> None:
    before = [reply()] if connection == "reused" else []
    with calling(*before, FAULTS[fault], reply()) as c:
        for _ in before:
            c.api.get_session("before")
        if (call, fault) == ("Candela's stop_session", "not JSON"):  # it promises no body
            CALLS[call](c)
            return
        error = failing(lambda: CALLS[call](c))
        assert c.api.get_session("after", _request_timeout=5).id == "s1"

    paths = [request.target for request in c.server.requests][len(before) :]
    assert len(paths) == 2
    assert paths[1] == "/sessions/after"
    assert (error.request_sent, c.clock.slept) == (True, [])
    assert error.call is not None
    assert (error.call.attempts, error.call.operation) == (1, call.rpartition(" ")[2])


def test_a_get_that_may_not_be_repeated_stays_one_behind_a_redirect() -> None:
    with calling(reply({}, status=303, Location="/stopped"), closes, reply()) as c:
        error = failing(lambda: Stops(c.client).stop_session())

    assert (error.status, error.request_sent, error.safe_to_repeat) == (0, True, False)
    assert [request.target for request in c.server.requests] == ["/stop", "/stopped"]


@pytest.mark.fault("Sent once", "A 429 with a time is a refusal: it is repeated so often, and then no more")
@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_with_a_time_is_repeated(call: str) -> None:
    refused = reply({}, status=429, Retry_After="3")
    with calling(refused, refused, closes, reply()) as c:
        error = failing(lambda: CALLS[call](c))

    assert isinstance(error, ApiConnectionError)
    assert len(c.server.requests) == 3
    assert len({request.body for request in c.server.requests}) == 1
    assert c.clock.slept == [3, 3]


def later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


TIMES: dict[str, tuple[Callable[[], str], float | None]] = {
    "0": (lambda: "0", 0),
    "seconds": (lambda: "7", 7),
    "a date": (lambda: later(30), 30),
    "a past date": (lambda: "Wed, 21 Oct 2015 07:28:00 GMT", 0),
    "a day": (lambda: "86400", None),
    "a date tomorrow": (lambda: later(86400), None),
}


@pytest.mark.fault("Sent once", "A GET waits as Retry-After says, in seconds or until a date, but not a day")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("time", TIMES)
def test_a_get_waits_as_it_is_told(time: str, status: int) -> None:
    asked, waits = TIMES[time]
    with calling(lambda connection, request: refuse(connection), reply()) as c:

        def refuse(connection: Connection) -> None:
            connection.send(reply({"detail": "later"}, status=status, Retry_After=asked()))

        if waits is None:
            error = failing(lambda: c.api.get_session("s1"))
            assert (error.status, error.data) == (status, {"detail": "later"})
        else:
            assert c.api.get_session("s1").id == "s1"

    assert len(c.server.requests) == (1 if waits is None else 2)
    assert sum(c.clock.slept) == pytest.approx(waits or 0, abs=3)


@pytest.mark.fault("Sent once", "Garbage in Retry-After is as good as none")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "value", ["soon", "", "-5", "1e3", "7 seconds", "٧", "Wed, 99 Oct", "\x00", "9" * 5000]
)
def test_garbage_in_retry_after(value: str, status: int) -> None:
    refused = b"HTTP/1.1 %d Later\r\nContent-Length: 0\r\nRetry-After: %b\r\n\r\n" % (status, value.encode())
    with calling(refused, reply()) as c:
        try:
            outcome: object = c.api.get_session("s1").id
        except ApiException as error:
            outcome = error.status

    assert outcome in ("s1", status)
    assert len(c.server.requests) == (2 if outcome == "s1" else 1)
    assert sum(c.clock.slept) < 60


@pytest.mark.fault("Sent once", "A repeated upload carries the same bytes, from where each file object stood")
@pytest.mark.parametrize("why", ["429", "401", "307"])
def test_a_repeated_upload_is_the_same(why: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"0123456789" * 50_000)
    first = {
        "429": reply({}, status=429, Retry_After="1"),
        "401": reply({}, status=401),
        "307": reply({}, status=307, Location="/elsewhere"),
    }
    tokens = iter(["old", "new"])
    with path.open("rb") as file, calling(first[why], reply(), access_token=lambda: next(tokens)) as c:
        file.seek(7)
        buffer = io.BytesIO(b"abcdef")
        buffer.seek(2)
        assert c.api.update_session("s1", PROMPT, [file, buffer, path, b"bytes"]).id == "s1"

    one, two = c.server.requests
    assert one.body == two.body
    assert b"\r\n\r\n" + path.read_bytes()[7:] + b"\r\n" in one.body
    assert b"\r\n\r\ncdef\r\n" in one.body


@pytest.mark.fault("Sent once", "A retry policy of one's own repeats what it names, and counts")
def test_an_own_policy_is_the_users_word() -> None:
    policy = urllib3.Retry(2, allowed_methods={"PUT"}, status_forcelist=[500])
    with calling(closes, reply({}, status=500), reply(), retries=policy) as c:
        assert c.api.update_session("s1", PROMPT).id == "s1"
    assert len(c.server.requests) == 3

    with calling(closes, reply(), retries=policy) as c:
        failing(lambda: c.api.get_session("s1"))
    assert len(c.server.requests) == 1


def answers_then(ends: Answer) -> Answer:
    """Respond to the first request; end the connection as the next one arrives on it."""

    def answer(connection: Connection, request: Received) -> Any:
        if request.target.endswith("first"):
            connection.send(reply())
            return True
        return ends(connection, request) if callable(ends) else None

    return answer


@pytest.mark.fault("Sent once", "A kept connection that ends as the next request arrives: a GET goes again")
@pytest.mark.parametrize("ends", [closes, resets])
@pytest.mark.parametrize("call", ["get_session", "update_session"])
def test_a_kept_connection_that_ends_as_the_next_request_arrives(call: str, ends: Answer) -> None:
    with calling(answers_then(ends), answers_then(ends), reply()) as c:
        c.api.get_session("first")
        if call == "get_session":
            assert c.api.get_session("next").id == "s1"
        else:
            error = failing(lambda: c.api.update_session("next", PROMPT))
            assert error.request_sent is True

    assert [request.target for request in c.server.requests][1:] == ["/sessions/next"] * (
        2 if call == "get_session" else 1
    )
    assert c.server.connections == (2 if call == "get_session" else 1)
