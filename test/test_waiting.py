"""Sessions that are run, continued and waited for: what the caller gets, and what the server received."""

from __future__ import annotations

import io
import logging
import math
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from portal_client import (
    ApiClient,
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiTimeoutError,
    ApiValueError,
    AuthenticationError,
    Configuration,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    Session,
    SessionFailed,
    SessionProgress,
    SessionsApi,
    UnauthorizedException,
    UnprocessableEntityException,
    WaitTimeout,
    reading,
)
from portal_client.files import BLOCK
from portal_client.waiting import holds
from support.chain import chain
from support.clients import (
    TOKEN,
    Calling,
    Clock,
    calling,
    client_of,
    closes,
    drips,
    failing,
    interrupt,
    late,
)
from support.scripted import SESSION, Answer, Connection, Received, content, reply

STARTED = reply({"session_id": "s1"})
ROOT = Path(__file__).parents[1]


def message(text: str, role: str = "user") -> dict[str, Any]:
    agent = None if role == "user" else {"id": "a1", "name": "Echo", "icon": "e"}
    return {"text": text, "role": role, "agent": agent}


def state(status: str, *texts: str, updated: int = 6) -> dict[str, Any]:
    """A session in which user and assistant have said these texts in turn."""
    said = [message(text, ("user", "assistant")[n % 2]) for n, text in enumerate(texts or ("Hello",))]
    return {**SESSION, "status": status, "messages": said, "updated_at": f"2026-01-02T03:04:{updated:02}Z"}


RUNNING = reply(state("Running"))
READY = reply(state("Ready", "Hello", "Hi"))
#: The session before the prompts of these tests.
BEFORE = reply(state("Ready", "Hello", "Hi"))
AGAIN = reply(state("Ready", "Hello", "Hi", "Again", "Hi again", updated=9))


def run(c: Calling, **more: Any) -> Session:
    return c.api.run_session("a1", "Hello", **{"progress": False, **more})


def go_on(c: Calling, prompt: str = "Again", **more: Any) -> Session:
    return c.api.continue_session("s1", prompt, **{"progress": False, **more})


def wait(c: Calling, **more: Any) -> Session:
    return c.api.wait_for_session("s1", **{"progress": False, **more})


def asked(c: Calling) -> list[str]:
    return [f"{request.method} {request.target}" for request in c.server.requests]


POST, PUT, GET = "POST /sessions/async", "PUT /sessions/s1/async", "GET /sessions/s1"


# ── what is sent, and what comes back ──


def test_run_starts_one_session_and_returns_it_when_it_is_ready() -> None:
    with calling(STARTED, RUNNING, RUNNING, READY) as c:
        session = run(c, files=[("a.txt", b"one")])

    assert asked(c) == [POST, GET, GET, GET]
    assert [content(part) for part in c.server.requests[0].parts] == [b"a1", b"Hello", b"one"]
    assert (session.status, session.messages[-1].text) == ("Ready", "Hi")
    assert c.clock.slept[0] == pytest.approx(0.1)
    assert len(c.clock.slept) == 2


def test_continue_looks_at_the_session_and_then_adds_one_prompt() -> None:
    running = reply(state("Running", "Hello", "Hi", "Again"))
    with calling(BEFORE, STARTED, running, AGAIN) as c:
        session = go_on(c, files=[("a.txt", b"one")])

    assert asked(c) == [GET, PUT, GET, GET]
    assert [content(part) for part in c.server.requests[1].parts] == [b"Again", b"one"]
    assert session.messages[-1].text == "Hi again"


def test_wait_reads_until_the_session_is_ready() -> None:
    with calling(RUNNING, READY) as c:
        assert wait(c).status == "Ready"

    assert asked(c) == [GET, GET]


def test_a_session_that_is_done_is_returned_at_once() -> None:
    with calling(reply(state("Flushed", "Hello", "Hi"))) as c:
        assert wait(c).status == "Flushed"

    assert asked(c) == [GET]
    assert c.clock.slept == []


def test_a_status_of_a_newer_service_goes_on() -> None:
    with calling(STARTED, reply(state("Pondering")), READY) as c:
        assert run(c).status == "Ready"


def test_the_options_are_those_of_each_request() -> None:
    with calling(BEFORE, STARTED, AGAIN) as c:
        form = "application/x-www-form-urlencoded"
        go_on(c, _headers={"X-Team": "research"}, _content_type=form)

    assert [request.headers["X-Team"] for request in c.server.requests] == ["research"] * 3
    assert [request.headers["Content-Type"] for request in c.server.requests] == [None, form, None]
    assert len({*c.ids}) == 3


# ── what does not end the wait, and what does ──


@pytest.mark.fault("Waiting", "A lost connection, 429, 5xx or a silent server does not end a wait")
@pytest.mark.parametrize(
    "failure",
    [closes, reply({}, status=500), reply({}, status=503), reply({}, status=429), b"garbage\r\n\r\n"],
    ids=["closed", "500", "503", "429", "garbage"],
)
def test_what_may_pass_does_not_end_the_wait(failure: Answer) -> None:
    with calling(STARTED, RUNNING, *[failure] * 6, READY) as c:
        assert run(c).status == "Ready"

    assert asked(c) == [POST, *[GET] * 8]


@pytest.mark.fault("Waiting", "A lost connection, 429, 5xx or a silent server does not end a wait")
def test_a_read_has_a_limit_of_its_own() -> None:
    with calling(STARTED, late(RUNNING), late(RUNNING), READY) as c:
        began = time.monotonic()
        assert run(c, _request_timeout=0.2).status == "Ready"

    assert 0.4 <= time.monotonic() - began < 2
    assert asked(c) == [POST, GET, GET, GET]


@pytest.mark.fault("Waiting", "A lost connection, 429, 5xx or a silent server does not end a wait")
def test_a_read_that_drips_has_a_limit_of_its_own() -> None:
    with calling(drips(READY[:-200], READY[-200:]), READY) as c:
        began = time.monotonic()
        assert wait(c, _request_timeout=0.2).status == "Ready"

    assert 0.2 <= time.monotonic() - began < 2
    assert asked(c) == [GET, GET]


def test_a_read_that_is_silent_for_a_minute_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reading._READ_SECONDS == 60
    monkeypatch.setattr(reading, "_READ_SECONDS", 0.1)
    with calling(late(READY), READY) as c:
        began = time.monotonic()
        assert wait(c).status == "Ready"

    assert time.monotonic() - began < 2
    assert asked(c) == [GET, GET]


@pytest.mark.fault("Waiting", "The end of a wait names the session, which goes on")
def test_a_read_does_not_outlast_the_deadline() -> None:
    with calling(RUNNING, late(READY)) as c:
        began = time.monotonic()
        error = failing(lambda: wait(c, timeout=0.3))

    assert time.monotonic() - began < 2
    assert isinstance(error, WaitTimeout)
    assert error.session is not None
    assert isinstance(error.__cause__, ApiTimeoutError)


def test_the_next_read_is_not_before_the_time_that_the_service_names() -> None:
    with calling(RUNNING, reply({}, status=503, Retry_After="120"), READY) as c:
        wait(c)

    assert c.clock.slept[-1] == 120


@pytest.mark.fault("Waiting", "A refusal ends a wait at once, and tells that the prompt was sent")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, UnauthorizedException),
        (403, ForbiddenException),
        (422, UnprocessableEntityException),
    ],
)
def test_a_refusal_ends_the_wait_at_once(status: int, kind: type[ApiException]) -> None:
    with calling(STARTED, RUNNING, reply({}, status=status), READY) as c:
        error = failing(lambda: run(c))

    assert type(error) is kind
    assert asked(c) == [POST, GET, GET]
    # To send the prompt again would start a second session.
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert 'api.wait_for_session("s1")' in error.__notes__[0]
    assert pickle.loads(pickle.dumps(error)).__notes__ == error.__notes__


MISSING = reply({"detail": "Session not found"}, status=404)


@pytest.mark.fault("Waiting", "A machine of the service that lags behind does not end a wait")
def test_a_session_that_was_just_started_may_be_missing_for_a_moment() -> None:
    with calling(STARTED, MISSING, RUNNING, MISSING, READY) as c:
        session = run(c)

    assert session.status == "Ready"
    assert asked(c) == [POST, GET, GET, GET, GET]


def test_a_session_that_stays_missing_is_not_waited_for() -> None:
    with calling(STARTED, RUNNING, MISSING) as c:
        error = failing(lambda: run(c))

    assert isinstance(error, NotFoundException)
    assert 5 <= sum(c.clock.slept) <= 10
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert 'api.wait_for_session("s1")' in error.__notes__[0]


@pytest.mark.fault("Waiting", "A refusal ends a wait at once, and tells that the prompt was sent")
def test_a_token_that_cannot_be_had_later_does_not_deny_the_prompt() -> None:
    tokens = iter([TOKEN])
    with calling(STARTED, RUNNING, access_token=lambda: next(tokens)) as c:
        error = failing(lambda: run(c))

    assert isinstance(error, AuthenticationError)
    assert asked(c) == [POST]
    assert (error.request_sent, error.safe_to_repeat) == (True, False)


def test_a_session_that_is_not_there_is_said_at_once() -> None:
    with calling(reply({"detail": "Session not found"}, status=404)) as c:
        error = failing(lambda: wait(c))

    assert isinstance(error, NotFoundException)
    assert error.safe_to_repeat
    assert not hasattr(error, "__notes__")
    assert asked(c) == [GET]


def test_a_token_that_has_expired_meanwhile_is_renewed() -> None:
    tokens = iter(["one", "two", "three", "four"])
    with calling(STARTED, reply({}, status=401), READY, access_token=lambda: next(tokens)) as c:
        assert run(c).status == "Ready"

    assert asked(c) == [POST, GET, GET]


def test_a_prompt_that_is_refused_is_not_sent_again() -> None:
    with calling(BEFORE, reply({"detail": "running"}, status=409)) as c:
        error = failing(lambda: go_on(c))

    assert isinstance(error, ConflictException)
    assert error.safe_to_repeat
    assert asked(c) == [GET, PUT]


def test_a_prompt_whose_reply_is_lost_is_not_sent_again() -> None:
    with calling(closes) as c:
        error = failing(lambda: run(c))

    assert type(error) is ApiConnectionError
    assert error.request_sent
    assert asked(c) == [POST]


@pytest.mark.parametrize("session_id", ["", ".."])
def test_an_id_that_cannot_be_used_is_the_fault_of_the_response(session_id: str) -> None:
    with calling(reply({"session_id": session_id}), READY) as c:
        error = failing(lambda: run(c))

    assert isinstance(error, ApiResponseError)
    assert error.request_sent
    assert asked(c) == [POST]


def test_a_session_that_cannot_be_read_is_sent_no_prompt() -> None:
    with calling(reply({}, status=500)) as c:
        error = failing(lambda: go_on(c))

    assert error.safe_to_repeat
    assert asked(c) == [GET]


# ── a state from before the prompt ──


@pytest.mark.fault("Waiting", "A state from before the prompt is never taken for the answer to it")
@pytest.mark.parametrize("old", ["Ready", "Flushed", "Error"])
def test_a_state_from_before_the_prompt_is_not_the_result(old: str) -> None:
    stale = reply(state(old, "Hello", "Hi"))
    with calling(stale, STARTED, stale, stale, AGAIN) as c:
        session = go_on(c)

    assert session.messages[-1].text == "Hi again"
    assert asked(c) == [GET, PUT, GET, GET, GET]


@pytest.mark.fault("Waiting", "A state from before the prompt is never taken for the answer to it")
def test_the_same_prompt_as_before_is_another_one() -> None:
    twice = reply(state("Ready", "Hello", "Hi", "Hello", "Hi again", updated=9))
    with calling(BEFORE, STARTED, BEFORE, twice) as c:
        session = go_on(c, "Hello")

    assert session.messages[-1].text == "Hi again"


def test_the_prompt_of_somebody_else_is_not_ones_own() -> None:
    theirs = reply(state("Ready", "Hello", "Hi", "Theirs", "To them", updated=8))
    both = reply(state("Ready", "Hello", "Hi", "Theirs", "To them", "Again", "To me", updated=9))
    with calling(BEFORE, STARTED, theirs, both) as c:
        assert go_on(c).messages[-1].text == "To me"


def test_an_error_of_before_is_not_the_error_of_this_prompt() -> None:
    failed = reply(state("Error", "Hello", "Sorry"))
    with calling(failed, STARTED, failed, reply(state("Error", "Hello", "Sorry", "Again", "No"))) as c:
        error = failing(lambda: go_on(c))

    assert isinstance(error, SessionFailed)
    assert "No" in str(error)
    assert len(c.server.requests) == 4


@pytest.mark.parametrize(
    ("sent", "kept"), [("a\r\nb", "a\nb"), ("a\nb", "a\r\nb"), ("a\rb", "a\nb"), (" a \n", "a")]
)
def test_a_prompt_is_known_by_its_lines(sent: str, kept: str) -> None:
    before = Session.from_dict(state("Ready", "Hello", "Hi"))

    assert holds(Session.from_dict(state("Ready", "Hello", "Hi", kept, "Yes")), sent, before)
    assert not holds(before, sent, before)


def test_what_the_agent_says_is_no_prompt() -> None:
    before = Session.from_dict(state("Running", "Hello"))

    assert not holds(Session.from_dict(state("Ready", "Hello", "Again")), "Again", before)


def test_a_session_whose_messages_were_left_out_since_may_hold_the_prompt() -> None:
    before = Session.from_dict(state("Ready", "Hello", "Hi", "Again", "Hi", updated=6))

    assert holds(Session.from_dict(state("Ready", "Again", "Yes", updated=9)), "Again", before)
    # An older state holds fewer messages, too.
    assert not holds(Session.from_dict(state("Ready", "Hello", "Hi", "Again", updated=5)), "Again", before)


# ── an agent that fails ──


def test_an_agent_that_fails_is_raised_with_its_session() -> None:
    with calling(STARTED, RUNNING, reply(state("Error", "Hello", "No data\x1b[2J"))) as c:
        error = failing(lambda: run(c))

    assert isinstance(error, SessionFailed)
    assert (error.session_id, error.session.id, error.session.status) == ("s1", "s1", "Error")
    assert str(error).splitlines()[0] == 'the agent failed in session "s1": No data\\x1b[2J'
    assert (error.status, error.request_sent, error.safe_to_repeat) == (200, True, False)
    assert error.request_id == c.ids[-1]
    kept = pickle.loads(pickle.dumps(error))
    assert (kept.session_id, kept.session) == ("s1", error.session)


def test_an_agent_that_fails_without_a_word_is_not_given_the_users() -> None:
    with calling(reply(state("Error", "my prompt"))) as c:
        error = failing(lambda: wait(c))

    assert str(error).splitlines()[0] == 'the agent failed in session "s1": it has said nothing'
    assert "my prompt" not in str(error)


@pytest.mark.fault("Secrets", "An agent that repeats the token puts it into no error and no pickle")
def test_the_last_words_hold_no_token() -> None:
    with calling(reply(state("Error", "Hello", f"refused {TOKEN}"))) as c:
        error = failing(lambda: wait(c))

    assert isinstance(error, SessionFailed)
    assert error.session.messages[-1].text == f"refused {TOKEN}"
    assert "refused ***" in str(error)
    assert TOKEN not in f"{error} {error!r}"
    assert TOKEN.encode() not in pickle.dumps(chain(error))


# ── the deadline ──


@pytest.mark.fault("Waiting", "The end of a wait names the session, which goes on")
@pytest.mark.parametrize("call", [run, wait])
def test_the_end_of_the_wait_names_the_session(call: Callable[..., Session]) -> None:
    answers = [STARTED, RUNNING] if call is run else [RUNNING]
    with calling(*answers) as c:
        error = failing(lambda: call(c, timeout=60))

    assert type(error) is WaitTimeout
    assert isinstance(error, TimeoutError)
    assert error.session_id == "s1"
    assert error.session is not None
    assert error.session.status == "Running"
    assert str(error).startswith(
        "the 60 s for the session are over (last seen Running). It goes on; to wait for it again: "
        'api.wait_for_session("s1")'
    )
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert 55 < sum(c.clock.slept) <= 60
    assert 15 < len(c.server.requests) < 60
    again = pickle.loads(pickle.dumps(error))
    assert (again.session_id, again.session, str(again)) == ("s1", error.session, str(error))


def test_the_end_of_a_wait_in_which_nothing_could_be_read_says_why() -> None:
    with calling(STARTED, reply({}, status=503, Retry_After="40"), retries=False) as c:
        error = failing(lambda: run(c, timeout=60))  # so that the last read has 20 seconds

    assert isinstance(error, WaitTimeout)
    assert (error.session_id, error.session) == ("s1", None)
    assert "(not read yet, the last read failed: Reason)" in str(error)
    assert isinstance(error.__cause__, ApiException)
    assert error.__cause__.status == 503


@pytest.mark.fault("Waiting", "The end of a wait names the session, which goes on")
def test_a_prompt_that_is_not_there_at_the_end_was_not_answered() -> None:
    with calling(BEFORE, STARTED, BEFORE) as c:
        error = failing(lambda: go_on(c, timeout=5))

    assert isinstance(error, WaitTimeout)
    assert error.__notes__ == ["The state that was read last does not hold the prompt."]
    assert asked(c)[:3] == [GET, PUT, GET]


def test_the_time_may_be_over_while_the_prompt_is_sent() -> None:
    with calling(late(STARTED)) as c:
        began = time.monotonic()
        error = failing(lambda: run(c, timeout=0.2))

    assert type(error) is ApiTimeoutError  # there is no session to wait for
    assert 0.2 <= time.monotonic() - began < 2
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert asked(c) == [POST]


def test_the_time_may_be_over_before_the_prompt_is_sent() -> None:
    with calling(reply({}, status=503, Retry_After="1")) as c:
        error = failing(lambda: go_on(c, timeout=0.5))

    assert error.safe_to_repeat
    assert {*asked(c)} == {GET}


def test_there_is_one_deadline_for_sending_and_waiting() -> None:
    refused = reply({}, status=429, Retry_After="40")
    with calling(refused, STARTED, RUNNING) as c:
        error = failing(lambda: run(c, timeout=60))

    assert isinstance(error, WaitTimeout)
    assert c.clock.slept[0] == 40
    assert sum(c.clock.slept) <= 60


def test_without_a_timeout_the_wait_is_an_hour_and_inf_is_no_limit() -> None:
    with calling(RUNNING) as c:
        failing(lambda: wait(c))
    with calling(*[RUNNING] * 9, READY) as endless:
        endless.client.rest_client.sleep = lambda seconds: endless.clock.sleep(3600)
        assert wait(endless, timeout=math.inf).status == "Ready"

    assert 3590 < sum(c.clock.slept) <= 3600
    assert sum(endless.clock.slept) > 5 * 3600


# ── arguments ──


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5", (1, 2)])
@pytest.mark.parametrize("call", [run, go_on, wait])
def test_a_timeout_that_cannot_be_used_is_named(call: Callable[..., Session], timeout: Any) -> None:
    with calling(READY) as c, pytest.raises(ApiValueError, match=r"^timeout "):
        call(c, timeout=timeout)

    assert c.server.requests == []


@pytest.mark.parametrize("progress", [None, 1, "bar"])
@pytest.mark.parametrize("call", [run, go_on, wait])
def test_a_progress_that_cannot_be_used_is_named(call: Callable[..., Session], progress: Any) -> None:
    with calling(READY) as c, pytest.raises(ApiValueError, match=r"^progress must be True, False or a call"):
        call(c, progress=progress)

    assert c.server.requests == []


@pytest.mark.parametrize(
    ("call", "more", "kind", "named"),
    [
        (run, {"files": ["/no/such/file"]}, FileNotFoundError, "/no/such/file"),
        (go_on, {"files": ["/no/such/file"]}, FileNotFoundError, "/no/such/file"),
        (go_on, {"prompt": 5}, ValidationError, "text_prompt"),
        (go_on, {"_request_timeout": 0}, ValueError, "timeout"),
        (run, {"_request_timeout": -1}, ValueError, "timeout"),
        (wait, {"_request_timeout": "x"}, ValueError, "timeout"),
        (go_on, {"_content_type": "text/plain"}, ApiValueError, "_content_type"),
        (go_on, {"_headers": {"X-Team": 1.5}}, ApiValueError, "X-Team"),
        (wait, {"nonsense": 1}, ValidationError, "nonsense"),
        (run, {"nonsense": 1}, ValidationError, "nonsense"),
        (go_on, {"nonsense": 1}, ValidationError, "nonsense"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_sent(
    call: Callable[..., Session], more: dict[str, Any], kind: type[Exception], named: str
) -> None:
    with calling(BEFORE) as c, pytest.raises(kind, match=named):
        call(c, **more)

    assert c.server.requests == []


# ── Ctrl-C ──


def interrupts(then: Answer = b"") -> Answer:
    """Press Ctrl-C while the client waits for a response."""

    def press(connection: Connection, request: Received) -> bool:
        interrupt()
        connection.sock.settimeout(5)
        connection.sock.recv(1)  # until the client hangs up
        return False

    return press


@pytest.mark.fault("Waiting", "Ctrl-C leaves the id of the session on standard error")
@pytest.mark.parametrize("call", [run, go_on, wait])
def test_ctrl_c_leaves_the_id(call: Callable[..., Session], capsys: pytest.CaptureFixture[str]) -> None:
    answers = {run: [STARTED], go_on: [BEFORE, STARTED], wait: []}[call]
    with calling(*answers, interrupts()) as c, pytest.raises(KeyboardInterrupt):
        call(c)

    said = 'Interrupted. The session goes on; to wait for it again: api.wait_for_session("s1")\n'
    assert capsys.readouterr() == ("", said)
    assert len(c.server.requests) == len(answers) + 1


def test_ctrl_c_counts_as_soon_as_the_prompt_is_sent(compiled: list[Any]) -> None:
    """Pydantic may drop one that comes while it compiles a validator."""
    at_start: list[int] = []

    def start(connection: Connection, request: Received) -> None:
        at_start.append(len(compiled))
        connection.send(STARTED)

    with calling(start, RUNNING, READY) as c:
        run(c)

    assert at_start == [len(compiled)]


@pytest.mark.parametrize(
    ("call", "answers", "hint"),
    [
        (run, [], 'api.get_sessions("a1") lists the sessions'),
        (go_on, [BEFORE], 'api.get_session("s1") tells'),
    ],
)
def test_ctrl_c_while_a_prompt_is_sent_says_that_it_may_have_arrived(
    call: Callable[..., Session],
    answers: list[Answer],
    hint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with calling(*answers, interrupts()) as c, pytest.raises(KeyboardInterrupt):
        call(c)

    assert capsys.readouterr().err == f"Interrupted. The prompt may have arrived: {hint}.\n"


def test_ctrl_c_before_a_byte_was_written_says_that_the_prompt_was_not_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def token() -> str:
        raise KeyboardInterrupt

    with calling(STARTED, access_token=token) as c, pytest.raises(KeyboardInterrupt):
        run(c)
    with calling(interrupts()) as other, pytest.raises(KeyboardInterrupt):
        go_on(other)  # while the session is read

    assert capsys.readouterr().err == "Interrupted. The prompt was not sent.\n" * 2
    assert c.server.requests == []


def test_ctrl_c_between_two_attempts_does_not_forget_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    with calling(reply({}, status=429, Retry_After="1")) as c:
        c.client.rest_client.sleep = sleep
        with pytest.raises(KeyboardInterrupt):
            run(c)

    assert "may have arrived" in capsys.readouterr().err


def test_ctrl_c_passes_where_nothing_can_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = io.StringIO()
    closed.close()
    for stderr in (None, closed):
        monkeypatch.setattr(sys, "stderr", stderr)
        with calling(interrupts()) as c, pytest.raises(KeyboardInterrupt):
            wait(c)
    assert capsys.readouterr().out == ""


# ── progress ──


def test_a_callable_is_given_each_state() -> None:
    seen: list[SessionProgress] = []
    with calling(STARTED, RUNNING, RUNNING, READY) as c:
        run(c, progress=seen.append, files=[("a.txt", bytes(BLOCK * 2))])

    sending = [value for value in seen if value.phase == "sending"]
    body = int(c.server.requests[0].headers["Content-Length"])
    assert sending[0].sent == 0
    assert sending[-1].sent == body
    assert {value.total for value in sending} == {body}
    assert len(sending) >= 4
    rest = [(v.phase, v.session_id, v.status, v.messages) for v in seen[len(sending) :]]
    assert rest == [
        ("waiting", "s1", None, 0),
        ("waiting", "s1", "Running", 1),
        ("waiting", "s1", "Running", 1),
        ("done", "s1", "Ready", 2),
    ]
    times = [value.elapsed for value in seen]
    assert times == sorted(times)
    assert str(seen[-1]).startswith("Session s1: Ready, 2 messages, ")


def restarts(sent: list[int]) -> list[list[int]]:
    """The counts of each attempt."""
    starts = [n for n, count in enumerate(sent) if count == 0]
    return [sent[a:b] for a, b in zip(starts, [*starts[1:], len(sent)], strict=True)]


@pytest.mark.fault("Waiting", "The progress of an upload counts nothing twice when it is repeated")
@pytest.mark.parametrize("first", [429, 401])
def test_an_upload_that_is_repeated_is_counted_anew(first: int) -> None:
    seen: list[SessionProgress] = []
    tokens = iter(["one", "two", "three", "four"])
    refusal = reply({}, status=first, Retry_After="0")
    with calling(refusal, STARTED, READY, access_token=lambda: next(tokens)) as c:
        run(c, progress=seen.append, files=[("a.txt", bytes(BLOCK * 3))])

    once, twice = restarts([value.sent for value in seen if value.phase == "sending"])
    body = int(c.server.requests[0].headers["Content-Length"])
    assert once == twice == sorted({*once})
    assert once[-1] == body


def test_an_upload_after_a_refused_connection_is_counted_once() -> None:
    seen: list[SessionProgress] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clock = Clock()
    with client_of(f"http://127.0.0.1:{port}", clock) as client:
        error = failing(lambda: SessionsApi(client).run_session("a1", "Hello", progress=seen.append))

    assert not error.request_sent
    assert len(clock.slept) == 3
    assert seen == []


def test_the_bytes_of_a_stream_of_unknown_length_are_counted() -> None:
    class Pipe(io.RawIOBase):
        left = 3

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            if size == 0:
                return b""
            self.left -= 1
            return bytes(1000) if self.left >= 0 else b""

    seen: list[SessionProgress] = []
    with calling(STARTED, READY) as c:
        run(c, progress=seen.append, files=[("a.txt", Pipe())])

    sent = [value.sent for value in seen if value.phase == "sending"]
    assert {value.total for value in seen} == {None}
    assert sent[-1] == len(c.server.requests[0].body)
    assert str(seen[0]) == "Sending the prompt: 0 bytes, 0 s"


@pytest.mark.fault("Waiting", "A progress callable that raises is logged, and the call goes on")
def test_a_callable_that_raises_does_not_end_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def fail(value: SessionProgress) -> None:
        raise RuntimeError("no display")

    with calling(STARTED, READY) as c:
        assert run(c, progress=fail).status == "Ready"

    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "RuntimeError: no display" in caplog.text
    assert asked(c) == [POST, GET]


def test_a_callable_that_is_interrupted_ends_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(value: SessionProgress) -> None:
        if value.phase == "waiting":
            raise KeyboardInterrupt

    with calling(STARTED, READY) as c, pytest.raises(KeyboardInterrupt):
        run(c, progress=fail)

    assert 'api.wait_for_session("s1")' in capsys.readouterr().err


def test_lines_are_logged_in_a_job(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portal_client")
    with calling(STARTED, RUNNING, READY) as c:
        run(c, progress=True)

    lines = [record.getMessage() for record in caplog.records if record.module == "progress"]
    size = int(c.server.requests[0].headers["Content-Length"])
    assert lines == [
        f"Sending the prompt: 0 of {size} bytes, 0 s",
        "Session s1: started, 0 s",
        "Session s1: Ready, 2 messages, 0 s",
    ]


def test_what_a_service_says_of_a_session_is_printable() -> None:
    value = SessionProgress("waiting", "s\x1b1", status="Run\nning")

    assert str(value) == "Session s\\x1b1: Run\\nning, 0 messages, 0 s"


# ── a server that restarts ──


class Box:
    """A sandbox in a process of its own, on the same port and file after each start."""

    def __init__(self, folder: Path, latency: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self._folder = folder
        self._options = ["--port", str(self.port), "--db", "box.sqlite", "--token", TOKEN]
        self._options += ["--latency", latency]
        self.client = ApiClient(Configuration(f"http://127.0.0.1:{self.port}", access_token=TOKEN))
        self.api = SessionsApi(self.client)
        self.start()

    def start(self) -> None:
        with (self._folder / "box.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal_sandbox", *self._options],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
        for _ in range(400):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError((self._folder / "box.log").read_text("utf-8"))

    def end(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *failure: object) -> None:
        self.end()
        self.client.close()


def outlasting(box: Box, session_id: str) -> Session:
    """What a wait returns whose server is killed once the session was seen, and started a second later."""
    restarted: list[threading.Thread] = []

    def restart() -> None:
        box.end()
        time.sleep(1)
        box.start()

    def see(value: SessionProgress) -> None:
        if value.status == "Running" and not restarted:
            restarted.append(threading.Thread(target=restart))
            restarted[0].start()

    try:
        return box.api.wait_for_session(session_id, timeout=60, progress=see)
    finally:
        assert len(restarted) == 1
        restarted[0].join(60)


@pytest.mark.slow
@pytest.mark.fault("Waiting", "A wait outlasts a server that is killed and started again")
def test_a_wait_outlasts_a_server_that_restarts(tmp_path: Path) -> None:
    pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with Box(tmp_path, "0") as box, Box(tmp_path, "6s") as other:
        session_id = other.api.create_async_session("echo", "Take your time").session_id
        session = outlasting(box, session_id)

        assert session.status == "Ready"
        assert [said.text for said in session.messages] == ["Take your time"] * 2
        assert [each.id for each in box.api.get_sessions("echo").sessions] == [session_id]


@pytest.mark.slow
@pytest.mark.fault("Waiting", "A wait outlasts a server that is killed and started again")
def test_an_agent_that_was_killed_with_its_server_has_failed(tmp_path: Path) -> None:
    pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with Box(tmp_path, "30s") as box:
        session_id = box.api.create_async_session("echo", "Take your time").session_id
        error = failing(lambda: outlasting(box, session_id))

        assert isinstance(error, SessionFailed)
        assert error.session.id == session_id
        assert box.api.get_session(session_id) == error.session
