"""The last calls of a client: what is kept of them, what never is, and for how long."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal_client import ApiValueError, Configuration
from portal_client.flight_recorder import RecordedCall
from support.clients import PROMPT, TOKEN, Calling, calling, closes, failing
from support.identity import granted, signed_in
from support.scripted import reply


def recorded(c: Calling) -> list[RecordedCall]:
    """The calls of a client."""
    return list(c.client.configuration.recorded_calls())


@pytest.mark.fault("Observability", "A flight recorder keeps the last calls, without content and secrets")
def test_the_last_calls_are_kept_without_their_content() -> None:
    answers = [
        reply({}, status=503),
        reply(),
        closes,
        reply({"detail": PROMPT}, status=422, X_Request_ID="of-server"),
    ]
    with calling(*answers, flight_recorder=2) as c:
        c.api.get_session("s0", _query={"key": "the-value"})
        failing(lambda: c.api.create_session("a1", PROMPT, files=("name.txt", b"bytes of a file")))
        assert [(call.operation, call.status, call.error) for call in recorded(c)] == [
            ("get_session", 200, None),
            ("create_session", None, "ApiConnectionError"),
        ]
        failing(lambda: c.api.create_session("a1", PROMPT, _headers={"X-Key": "secret-header"}))
        report = c.client.configuration.to_debug_report()

    lost, refused = recorded(c)
    assert (lost.method, len(lost.attempt_seconds), lost.received) == ("POST", 1, 0)
    assert lost.sent > len(PROMPT)
    assert (refused.status, refused.error) == (422, "UnprocessableEntityException")
    assert refused.request_ids == (c.ids[3], "of-server")
    assert report.splitlines()[8:] == ["Last calls:", str(lost), str(refused)]
    for private in (TOKEN, PROMPT, "the-value", "secret-header", "bytes of a file", "name.txt"):
        assert private not in report


def test_a_call_is_kept_with_its_times_and_all_its_bytes() -> None:
    before = datetime.now(UTC)
    with calling(reply({}, status=503), reply(), flight_recorder=5) as c:
        c.api.get_session("s1")

    (call,) = recorded(c)
    assert len(call.attempt_seconds) == 2
    assert call.seconds >= sum(call.attempt_seconds) + c.clock.slept[0] - 0.001
    assert abs(call.began - before) < timedelta(seconds=call.seconds + 5)
    assert call.received == len(reply({}, status=503)) + len(reply())
    assert call.request_ids == (c.ids[0],)
    assert str(call) == (
        f"{call.began.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z get_session GET 200 "
        f"in {call.seconds:.3f} s, attempts: {call.attempt_seconds[0]:.3f}, {call.attempt_seconds[1]:.3f} s, "
        f"{call.sent} bytes sent, {call.received} received, request id {c.ids[0]}"
    )


def test_a_stream_is_kept_when_it_has_ended() -> None:
    whole = reply(2 * (reply().partition(b"\r\n\r\n")[2] + b"\n"), Content_Type="application/x-ndjson")
    with calling(whole, flight_recorder=5) as c, c.api.subscribe_to_session_stream("s1") as events:
        next(events)
        assert recorded(c) == []
        next(events)
        assert list(events) == []

    (call,) = recorded(c)
    assert (call.operation, call.received) == ("subscribe_to_session_stream", len(whole))


def test_what_a_server_calls_a_request_cannot_break_a_line() -> None:
    with calling(reply({}, status=404, X_Request_ID=f"\x85{300 * 'x'}"), flight_recorder=1) as c:
        failing(lambda: c.api.get_session("s1"))

    (call,) = recorded(c)
    assert call.request_ids[1].startswith(r"\x85xxx")
    assert len(call.request_ids[1]) < 110


def test_requests_for_tokens_are_kept_too() -> None:
    with signed_in(granted(), flight_recorder=5) as s:
        s.api.get_session("s1")
        calls = s.client.configuration.recorded_calls()
        report = s.client.configuration.to_debug_report()

    assert [call.operation for call in calls] == ["fetch_token", "get_session"]
    assert "access-1" not in report


def test_derived_clients_share_the_recorder_and_copies_of_a_configuration_do_not() -> None:
    with calling(reply(), flight_recorder=5) as c:
        derived = c.client.with_options(retries=0)
        derived.configuration.flight_recorder = 5
        type(c.api)(c.client.with_options(retries=0)).get_session("s1")
        own = c.client.configuration

        assert len(own.recorded_calls()) == 1
        assert len(derived.configuration.recorded_calls()) == 0
        assert len(copy.deepcopy(own).recorded_calls()) == 0
        own.access_token = None
        again = pickle.loads(pickle.dumps(own))
        assert (again.flight_recorder, again.recorded_calls()) == (5, ())


def test_another_number_keeps_the_latest_calls() -> None:
    with calling(reply(), flight_recorder=3) as c:
        for name in ("s1", "s2", "s3", "s4"):
            c.api.get_session(name)
        first = recorded(c)
        c.client.configuration.flight_recorder = 2
        assert recorded(c) == first[1:]
        c.client.configuration.flight_recorder = 0

    assert len(first) == 3
    assert recorded(c) == []
    assert "Last calls" not in c.client.configuration.to_debug_report()


@pytest.mark.parametrize("value", [-1, True, 2.0, "3", None])
def test_a_wrong_number_is_refused(value: Any) -> None:
    with pytest.raises(ApiValueError, match="flight_recorder must be an int of at least 0"):
        Configuration(flight_recorder=value)
