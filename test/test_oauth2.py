"""Tokens for a password and for refresh tokens, under a clock moved by hand; seen from both servers."""

from __future__ import annotations

import copy
import enum
import gc
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from portal_client import (
    ApiClient,
    ApiTimeoutError,
    ApiValueError,
    AuthenticationError,
    Configuration,
    EnvToken,
    FileToken,
    Hooks,
    SessionsApi,
    UnauthorizedException,
)
from portal_client.auth import OAuth2Password
from portal_client.exceptions import ApiException
from portal_client.request import Caller, HTTPRequest, Origin
from portal_client.rest import RESTResponse
from portal_client.timeouts import Deadline, Timeouts
from portal_client.transport.exchange import Exchange
from support.clients import client_of, failing, shown
from support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    PRIVATE,
    SCOPE,
    USERNAME,
    HandClock,
    SignedIn,
    basic,
    form,
    granted,
    refused,
    signed_in,
    source_for,
    together,
    waiting,
    when,
)
from support.scripted import Connection, Received, playing, reply

MANY = 100


def read(s: SignedIn) -> str:
    return s.api.get_session("s1").id


# ── the password ──


def test_nothing_is_fetched_before_the_first_call() -> None:
    with signed_in(granted()) as s:
        assert (s.identity.connections, s.service.connections) == (0, 0)
        read(s)
        read(s)

    (request,) = s.identity.requests
    assert (request.method, request.target) == ("POST", "/oauth2/v1/token")
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Authorization"] is None
    assert request.headers["X-Request-ID"] not in (None, s.service.requests[0].headers["X-Request-ID"])
    assert form(request) == {
        "grant_type": "password",
        "scope": SCOPE,
        "username": USERNAME,
        "password": PASSWORD,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    assert s.shown == ["Bearer access-1"] * 2


def test_the_scope_is_that_of_openid_unless_another_is_given() -> None:
    with playing(granted()) as identity:
        OAuth2Password(f"{identity.host}/token", "u", "p", "c", "s")()

    assert form(identity.requests[0])["scope"] == "openid offline_access"


def test_an_operation_without_security_fetches_nothing() -> None:
    with signed_in(granted()) as s:
        s.api.subscribe_to_session("s1")

    assert (s.identity.connections, s.shown) == (0, [None])


class Endpoint:
    """A token endpoint without a network: it sends what it is told, and keeps what came."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.requests: list[Received] = []

    def send(self, request: Any) -> Any:
        message = Message()
        for name, value in request.headers.items():
            message[name] = value
        if request.credential is not None:
            message[request.credential.key] = request.credential.resolve()
        self.requests.append(Received(request.method, request.target, message, request.body))
        body = json.dumps(self.answers.pop(0)).encode()
        return RESTResponse(200, "OK", HTTPHeaderDict(), body, Exchange(Deadline(request.timeouts)))

    def caller(self, clock: HandClock) -> Caller:
        call = HTTPRequest(
            operation="op",
            method="GET",
            origin=Origin("http", "localhost", 80),
            target="/",
            headers={},
            body=None,
            credential=None,
            request_id="r1",
            timeouts=Timeouts(),
            retries=None,
            rate_limit_retries=2,
            idempotent=True,
            max_response_size=1000,
            hooks=(),
        )
        return Caller(call, Deadline(Timeouts(), clock.now), self.send, clock.sleep)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.fault("Property tests", "Any user name, password and client arrive at the token endpoint")
@given(TEXT, TEXT, TEXT, TEXT)
def test_each_text_arrives_as_it_was_given(username: str, password: str, client: str, secret: str) -> None:
    clock = HandClock()
    endpoint = Endpoint({"access_token": "a", "refresh_token": password}, {"access_token": "b"})
    source = OAuth2Password("https://localhost/t", username, password, client, secret, now=clock.now)

    assert source.token(endpoint.caller(clock)) == "a"
    assert source.token(endpoint.caller(clock), refused="a") == "b"

    first, second = endpoint.requests
    sent = form(first)
    assert (sent["username"], sent["password"]) == (username, password)
    assert (sent["client_id"], sent["client_secret"]) == basic(second) == (client, secret)
    assert form(second)["refresh_token"] == password


# ── how long a token is kept ──


@pytest.mark.parametrize(
    ("expires_in", "kept"),
    [
        (3600, 3540),
        (None, 3540),
        ("3600", 3540),
        (" 7200 ", 7140),
        (3600.5, 3540.5),
        (86400, 86340),
        (121, 61),
        (120, 60),
        (90, 45),
        (60, 30),
        (2, 1),
        (1, 1),
        (0, 1),
        (-5, 1),
        (-(10**9), 1),
        (10**12, 10**12 - 60),
        (10**400, 3540),
        ("soon", 3540),
        ("", 3540),
        (True, 3540),
        ([], 3540),
        ({}, 3540),
        (float("nan"), 3540),
    ],
)
def test_a_token_is_kept_until_shortly_before_it_expires(expires_in: Any, kept: float) -> None:
    with signed_in(granted(1, expires_in=expires_in), granted(2)) as s:
        read(s)
        s.clock.time += kept - 0.01
        read(s)
        assert len(s.identity.requests) == 1
        s.clock.time += 0.01
        read(s)

    assert s.shown == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


def test_a_token_without_an_end_is_kept() -> None:
    endless = b'{"access_token": "access-1", "expires_in": Infinity}'
    with signed_in(reply(endless)) as s:
        read(s)
        s.clock.time += 1e12
        read(s)

    assert (len(s.identity.requests), s.shown) == (1, ["Bearer access-1"] * 2)


@pytest.mark.parametrize(("leeway", "kept"), [(0, 3600), (600, 3000), (10**6, 1800)])
def test_the_leeway_is_settable(leeway: float, kept: float) -> None:
    with signed_in(granted(1), granted(2), source={"leeway": leeway}) as s:
        read(s)
        s.clock.time += kept - 0.01
        read(s)
        s.clock.time += 0.01
        read(s)

    assert len(s.identity.requests) == 2


def test_a_token_that_is_born_expired_is_not_fetched_for_each_call() -> None:
    with signed_in(granted(expires_in=0)) as s:
        for _ in range(50):
            read(s)

    assert (len(s.identity.requests), len(s.service.requests)) == (1, 50)


def test_a_token_that_expires_between_two_attempts_is_not_asked_for_again() -> None:
    """The call goes on with the token that it began with; the next one has a new one."""
    with signed_in(granted(1), granted(2), service=(reply({}, status=503, Retry_After="50"), reply())) as s:
        s.clock.time += 1
        read(s)
        s.clock.time += 3500
        read(s)

    assert s.shown == ["Bearer access-1"] * 2 + ["Bearer access-2"]


# ── the refresh token ──


def test_the_next_token_is_had_for_the_refresh_token() -> None:
    with signed_in(granted(1), granted(2), granted(3)) as s:
        for _ in range(3):
            read(s)
            s.clock.time += 3540

    first, second, third = s.identity.requests
    assert "refresh_token" not in form(first)
    for number, request in enumerate((second, third), 1):
        assert form(request) == {
            "grant_type": "refresh_token",
            "scope": SCOPE,
            "refresh_token": f"refresh-{number}",
        }
        assert basic(request) == (CLIENT_ID, CLIENT_SECRET)
        assert request.headers["Accept"] == "application/json"
    assert s.shown == [f"Bearer access-{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("absent", [None, "", 5, ["refresh-1"]])
def test_without_a_refresh_token_the_password_is_used_again(absent: Any) -> None:
    with signed_in(granted(1, refresh_token=absent), granted(2)) as s:
        read(s)
        s.clock.time += 3540
        read(s)

    assert s.grants == ["password", "password"]
    assert s.shown == ["Bearer access-1", "Bearer access-2"]


def test_a_refresh_token_that_is_not_replaced_stays_good() -> None:
    with signed_in(granted(1), granted(2, refresh_token=None), granted(3)) as s:
        for _ in range(3):
            read(s)
            s.clock.time += 3540

    assert s.grants == ["password", "refresh_token", "refresh_token"]
    assert form(s.identity.requests[2])["refresh_token"] == "refresh-1"


@pytest.mark.fault(
    "Tokens", "A refresh that is refused falls back to the password, one that fails for now does not"
)
@pytest.mark.parametrize(
    "refusal",
    [
        refused("invalid_grant", "The refresh token is invalid or expired."),
        refused("invalid_grant"),
        reply({"error": "invalid_grant"}, status=400),
        reply({"error_description": "refresh token is invalid or expired"}, status=400),
        refused("unauthorized_client"),
        refused("invalid_client", status=401),
        reply(b"", status=400),
        reply(b"<html>", status=403, Content_Type="text/html"),
        reply([], status=400),
        reply(b"", status=499),
    ],
)
def test_a_refused_refresh_falls_back_to_the_password(refusal: bytes) -> None:
    with signed_in(granted(1), refusal, granted(2), granted(3)) as s:
        for _ in range(3):
            read(s)
            s.clock.time += 3540

    assert s.grants == ["password", "refresh_token", "password", "refresh_token"]
    assert form(s.identity.requests[3])["refresh_token"] == "refresh-2"
    assert s.shown == [f"Bearer access-{number}" for number in (1, 2, 3)]


def test_a_token_is_granted_by_a_2xx_alone() -> None:
    grant = {"access_token": "access-1"}
    with signed_in(reply(grant, status=300), reply(grant, status=299)) as s:
        error = failing(lambda: read(s))
        read(s)

    assert (type(error), error.status) == (AuthenticationError, 300)
    assert s.shown == ["Bearer access-1"]


def test_a_refresh_token_that_was_refused_is_not_tried_again() -> None:
    with signed_in(granted(1), refused(), refused("server_error", status=500), granted(2)) as s:
        read(s)
        s.clock.time += 3540
        failing(lambda: read(s))
        read(s)

    assert s.grants == ["password", "refresh_token", "password", "password"]


@pytest.mark.fault(
    "Tokens", "A refresh that is refused falls back to the password, one that fails for now does not"
)
def test_a_refresh_that_fails_for_now_is_tried_again() -> None:
    with signed_in(granted(1), refused("server_error", status=500), granted(2)) as s:
        read(s)
        s.clock.time += 3540
        error = failing(lambda: read(s))
        read(s)

    assert isinstance(error, AuthenticationError)
    assert error.status == 500
    assert s.grants == ["password", "refresh_token", "refresh_token"]
    assert s.shown == ["Bearer access-1", "Bearer access-2"]


# ── 401 in the middle ──


@pytest.mark.fault("Tokens", "A token that the service refuses is replaced once")
@pytest.mark.parametrize("form_of_call", ["get_session", "get_session_with_http_info"])
def test_a_refused_token_is_replaced_once(form_of_call: str) -> None:
    service = (reply(), reply({}, status=401), reply())
    with signed_in(granted(1), granted(2), service=service) as s:
        read(s)
        getattr(s.api, form_of_call)("s1")
        read(s)

    assert s.grants == ["password", "refresh_token"]
    assert s.shown == ["Bearer access-1", "Bearer access-1", "Bearer access-2", "Bearer access-2"]


@pytest.mark.fault("Tokens", "A token that the service refuses is replaced once")
def test_a_prompt_goes_again_after_401_only() -> None:
    with signed_in(granted(1), granted(2), service=(reply({}, status=401), reply())) as s:
        s.api.create_session("a1", "hello", files=[b"figures"])

    first, second = s.service.requests
    assert first.body == second.body != b""
    assert s.shown == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.fault("Tokens", "A token that the service refuses is replaced once")
def test_a_service_that_refuses_each_token_is_asked_twice() -> None:
    with signed_in(granted(1), granted(2), service=(reply({}, status=401),)) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, UnauthorizedException)
    assert s.grants == ["password", "refresh_token"]
    assert s.shown == ["Bearer access-1", "Bearer access-2"]


def test_the_same_token_is_not_shown_again() -> None:
    with signed_in(granted(1), granted(1), service=(reply({}, status=401),)) as s:
        assert isinstance(failing(lambda: read(s)), UnauthorizedException)

    assert (s.grants, s.shown) == (["password", "refresh_token"], ["Bearer access-1"])


@pytest.mark.fault("Tokens", "Where no other token can be had the 401 is what the caller gets")
def test_the_401_is_raised_where_no_new_token_can_be_had() -> None:
    service = (reply({"detail": "expired"}, status=401), reply())
    with signed_in(granted(1), refused(), refused(), granted(2), service=service) as s:
        error = failing(lambda: read(s))
        read(s)

    assert isinstance(error, UnauthorizedException)
    assert error.data == {"detail": "expired"}
    assert s.grants == ["password", "refresh_token", "password"]
    # The token may be good for other operations, so it is not thrown away.
    assert s.shown == ["Bearer access-1", "Bearer access-1"]


def test_without_retries_a_401_is_final() -> None:
    with signed_in(granted(1), granted(2), service=(reply({}, status=401),), retries=False) as s:
        failing(lambda: read(s))

    assert (s.grants, s.shown) == (["password"], ["Bearer access-1"])


def test_an_unread_401_does_not_keep_the_connection_from_the_token() -> None:
    """Both are on one host, and the pool holds a single connection."""
    expired = reply({}, status=401)
    with playing(granted(1), expired, granted(2), reply()) as server:
        source = source_for(server.host)
        with client_of(server.host, access_token=source, connection_pool_maxsize=1, timeout=5) as client:
            response = SessionsApi(client).get_session_without_preload_content("s1")
            assert (response.status, response.read()) == (200, reply().partition(b"\r\n\r\n")[2])

    assert [r.method for r in server.requests] == ["POST", "GET", "POST", "GET"]


# ── any number of threads ──


@pytest.mark.fault("Tokens", "Of any number of threads one fetches, the others share what comes of it")
def test_many_threads_fetch_one_token() -> None:
    with signed_in(when(lambda: waiting(s.source) == MANY - 1, granted(1)), granted(2)) as s:
        outcomes = together(MANY, lambda: read(s))

    assert outcomes == ["s1"] * MANY
    assert s.grants == ["password"]
    assert s.shown == ["Bearer access-1"] * MANY


@pytest.mark.fault("Tokens", "Of any number of threads one fetches, the others share what comes of it")
def test_many_threads_refresh_once() -> None:
    with signed_in(granted(1), when(lambda: waiting(s.source) == MANY - 1, granted(2)), granted(3)) as s:
        read(s)
        s.clock.time += 3540
        outcomes = together(MANY, lambda: read(s))

    assert outcomes == ["s1"] * MANY
    assert s.grants == ["password", "refresh_token"]
    assert s.shown == ["Bearer access-1"] + ["Bearer access-2"] * MANY


def revoked(connection: Connection, request: Received) -> None:
    """A service that no longer takes the first token."""
    connection.send(reply(status=401 if request.headers["Authorization"] == "Bearer access-1" else 200))


@pytest.mark.fault("Tokens", "Of any number of threads one fetches, the others share what comes of it")
def test_many_threads_with_a_refused_token_fetch_one() -> None:
    with signed_in(granted(1), granted(2), granted(3), service=(reply(), revoked)) as s:
        read(s)
        outcomes = together(MANY, lambda: read(s))

    assert outcomes == ["s1"] * MANY
    assert s.grants == ["password", "refresh_token"]
    assert s.shown.count("Bearer access-2") == MANY
    assert set(s.shown) == {"Bearer access-1", "Bearer access-2"}


def test_a_late_401_does_not_cost_another_token() -> None:
    """Who learns after the others that a token is refused takes the one that they have fetched."""
    known = threading.Event()

    def slow(connection: Connection, request: Received) -> None:
        known.wait(20)
        connection.send(reply({}, status=401))

    with signed_in(granted(1), granted(2), granted(3), service=(slow, revoked)) as s:
        late_one = threading.Thread(target=lambda: read(s))
        late_one.start()
        while not s.service.requests:
            time.sleep(0.002)
        read(s)
        known.set()
        late_one.join(20)

    assert s.grants == ["password", "refresh_token"]
    assert s.shown.count("Bearer access-2") == 2


@pytest.mark.fault("Tokens", "A refused password is tried once for all who wait")
def test_a_refused_password_is_tried_once_for_all_who_wait() -> None:
    """A server may lock the account after some refusals."""
    with signed_in(when(lambda: waiting(s.source) == MANY - 1, refused()), granted(1)) as s:
        outcomes = together(MANY, lambda: read(s))
        read(s)

    assert [(type(o), o.status, o.data) for o in outcomes] == [
        (AuthenticationError, 400, {"error": "invalid_grant"})
    ] * MANY
    assert len({id(o) for o in outcomes}) == MANY  # each has its own traceback
    # The next call begins anew.
    assert s.grants == ["password", "password"]
    assert s.shown == ["Bearer access-1"]


@pytest.mark.fault("Tokens", "Of any number of threads one fetches, the others share what comes of it")
def test_many_threads_ask_an_endpoint_that_is_down_once() -> None:
    with signed_in(when(lambda: waiting(s.source) == MANY - 1, None), granted(), retries=False) as s:
        outcomes = together(MANY, lambda: read(s))
        assert (len(s.identity.requests), s.service.connections) == (1, 0)
        read(s)

    assert {(type(o), o.status, o.request_sent) for o in outcomes} == {(AuthenticationError, 0, False)}


@pytest.mark.fault(
    "Tokens", "Who waits for another's fetch does so within its own deadline, and takes over what is given up"
)
def test_a_fetch_that_ends_with_its_own_call_is_taken_over() -> None:
    """A call in a hurry must not fail those that have time."""
    asked = threading.Event()

    def hangs(connection: Connection, request: Received) -> bool:
        asked.set()
        return s.identity.hang(connection, request)

    with signed_in(hangs, granted(1)) as s:
        hurried: list[Any] = []
        s.client.rest_client.now = time.monotonic  # type: ignore[assignment]

        def hurry() -> None:
            hurried.append(failing(lambda: s.api.get_session("s1", _request_timeout=0.5)))

        first = threading.Thread(target=hurry)
        first.start()
        asked.wait(20)
        assert s.api.get_session("s1", _request_timeout=30).id == "s1"
        first.join(20)

    assert [type(error) for error in hurried] == [ApiTimeoutError]
    assert s.grants == ["password", "password"]
    assert s.shown == ["Bearer access-1"]


@pytest.mark.fault(
    "Tokens", "Who waits for another's fetch does so within its own deadline, and takes over what is given up"
)
def test_who_waits_does_so_within_the_time_of_the_call() -> None:
    done = threading.Event()
    with signed_in(when(done.is_set, granted(1))) as s:
        s.client.rest_client.now = time.monotonic  # type: ignore[assignment]
        leader = threading.Thread(target=lambda: read(s))
        leader.start()
        while s.source._fetch_under_way is None:
            time.sleep(0.002)
        error = failing(lambda: s.api.get_session("s1", _request_timeout=0.2))
        done.set()
        leader.join(20)

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is False
    assert error.request_id not in (None, s.identity.requests[0].headers["X-Request-ID"])
    assert "get_session, GET" in str(error.reason)
    assert "0.2 s for the call are not enough for a token: another thread" in str(error.reason)
    assert (s.grants, s.shown) == (["password"], ["Bearer access-1"])


@pytest.mark.fault("Tokens", "Ctrl-C within a fetch leaves nothing locked")
def test_an_interrupted_fetch_leaves_nothing_locked() -> None:
    class Interrupt(Hooks):
        armed = True

        def on_request(self, attempt: Any) -> None:
            if attempt.operation == "fetch_token" and self.armed:
                self.armed = False
                raise KeyboardInterrupt

    with signed_in(granted(1), hooks=[Interrupt()]) as s:
        with pytest.raises(KeyboardInterrupt):
            read(s)
        read(s)

    assert (s.grants, s.shown) == (["password"], ["Bearer access-1"])


def test_a_hook_that_needs_the_token_being_fetched_does_not_wait_for_itself() -> None:
    class Nosy(Hooks):
        def on_request(self, attempt: Any) -> None:
            if attempt.operation == "fetch_token":
                errors.append(failing(lambda: read(s)))

    errors: list[ApiException] = []
    with signed_in(granted(1), hooks=[Nosy()]) as s:
        assert read(s) == "s1"

    (error,) = errors

    assert isinstance(error, AuthenticationError)
    assert "takes part in fetching it" in str(error)
    assert (s.identity.connections, s.service.connections) == (1, 1)


def test_clients_share_a_source() -> None:
    with signed_in(granted(1)) as s, client_of(s.service.host, access_token=s.source) as other:
        read(s)
        SessionsApi(other).get_session("s1")
        SessionsApi(s.client.with_options(timeout=5)).get_session("s1")

    assert (s.grants, s.shown) == (["password"], ["Bearer access-1"] * 3)


FORK = """
import os, signal, sys, threading, time, warnings
from portal_client import ApiClient, Configuration, OAuth2Password, SessionsApi

how, identity, service, asked = sys.argv[1:]
source = OAuth2Password(identity + "/token", "u", "p", "c", "s")
client = ApiClient(Configuration(service, access_token=source))
api = SessionsApi(client)
if how == "fetched":
    api.get_session("before")
elif how == "fetching":
    thread = threading.Thread(target=lambda: api.get_session("before"))
    thread.start()
    while not os.path.exists(asked):
        time.sleep(0.002)
else:
    source._lock.acquire()  # as another thread of the parent might hold it
warnings.simplefilter("ignore")  # 3.12 warns of a fork beside threads
child = os.fork()
signal.alarm(10)  # what hangs is killed
if child == 0:
    try:
        answer = api.get_session("child").id
    except BaseException as error:
        sys.stderr.write(repr(error))
        os._exit(1)
    os._exit(0 if answer == "s1" else 2)
status = os.waitpid(child, 0)[1]
if how == "locked":
    source._lock.release()
if how == "fetching":
    thread.join()
assert status == 0, status
assert api.get_session("parent").id == "s1"
client.close()
"""


@pytest.mark.fault("Tokens", "After a fork parent and child both have tokens, though one was being fetched")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("how", ["fetched", "fetching", "locked"])
def test_parent_and_child_both_have_tokens(how: str, tmp_path: Path) -> None:
    child_has_called = threading.Event()
    asked = tmp_path / "asked"

    def waits(connection: Connection, request: Received) -> None:
        asked.touch()
        child_has_called.wait(20)
        connection.send(granted(1))

    def noted(connection: Connection, request: Received) -> None:
        if request.target == "/sessions/child":
            child_has_called.set()
        connection.send(reply())

    first = waits if how == "fetching" else granted(1)
    with playing(first, granted(2)) as identity, playing(noted) as service:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", FORK, how, identity.host, service.host, str(asked)],
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert {r.target for r in service.requests} >= {"/sessions/child", "/sessions/parent"}
    # A token is inherited; a fetch under way is not.
    assert len(identity.requests) == (1 if how == "fetched" else 2)


# ── copies and other processes ──


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_same_source(copied: Any) -> None:
    with signed_in(granted(1)) as s, ApiClient(copied(s.client.configuration)) as other:
        read(s)
        SessionsApi(other).get_session("s1")

    assert (s.grants, s.shown) == (["password"], ["Bearer access-1"] * 2)


def test_references_survive_a_journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST_PASSWORD", PASSWORD)
    (tmp_path / "secret").write_text(CLIENT_SECRET, encoding="utf-8")
    references = {
        "username": EnvToken("PORTAL_TEST_USER"),
        "password": EnvToken("PORTAL_TEST_PASSWORD"),
        "client_id": EnvToken("PORTAL_TEST_CLIENT"),
        "client_secret": FileToken(tmp_path / "secret"),
    }
    monkeypatch.setenv("PORTAL_TEST_USER", USERNAME)
    monkeypatch.setenv("PORTAL_TEST_CLIENT", CLIENT_ID)
    with playing(granted(1)) as identity, playing(reply()) as service:
        source = source_for(identity.host, **references)
        with ApiClient(Configuration(service.host, access_token=source)) as client:
            SessionsApi(client).get_session("s1")
            packed = pickle.dumps(client)
        with pickle.loads(packed) as again:
            SessionsApi(again).get_session("s1")

    first, second = map(form, identity.requests)
    assert first == second
    assert (first["password"], first["client_secret"]) == (PASSWORD, CLIENT_SECRET)
    for private in (*PRIVATE, USERNAME, CLIENT_ID):
        assert private.encode() not in packed


@pytest.mark.parametrize("name", ["username", "password", "client_id", "client_secret"])
def test_a_text_does_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST", "given")
    references = {n: EnvToken("PORTAL_TEST") for n in ("username", "password", "client_id", "client_secret")}
    with signed_in(granted(), source={**references, name: PASSWORD}) as s:
        read(s)
        packed = pickle.dumps(s.client)
        with pickle.loads(packed) as again:
            error = failing(lambda: SessionsApi(again).get_session("s1"))

    assert isinstance(error, AuthenticationError)
    assert f"{name} was given as a literal" in str(error)
    assert not any(private.encode() in packed for private in PRIVATE)
    assert len(s.identity.requests) == 1


# ── references ──


def boom() -> str:
    raise RuntimeError(PASSWORD)


def test_a_scope_that_is_no_text_is_refused_at_once() -> None:
    with pytest.raises(ApiValueError, match=r"^scope holds a lone surrogate"):
        OAuth2Password("https://example.com/token", "ann", PASSWORD, "id", "secret", scope="a\udc80")


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (EnvToken("PORTAL_NO_SUCH"), "the environment variable PORTAL_NO_SUCH is missing"),
        (boom, "password: boom raised RuntimeError"),
        (lambda: None, "returned NoneType, not str"),
        (lambda: "", "password is no text that can be sent"),
        (lambda: f"{PASSWORD}\udc80", "password is no text that can be sent"),
    ],
)
def test_a_reference_that_leads_nowhere(reference: Any, why: str) -> None:
    with signed_in(granted(), source={"password": reference}) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert why in str(error)
    assert (s.identity.connections, s.service.connections) == (0, 0)


class Given(str, enum.Enum):
    """Texts that are called otherwise: str() of one is Given.USER."""

    USER = "ann"
    PASSWORD = "s3cret"


def test_texts_of_an_enumeration_are_their_values() -> None:
    source = {"username": Given.USER, "password": lambda: Given.PASSWORD, "scope": Given.USER}
    with signed_in(granted(), source=source) as s:
        read(s)

    sent = form(s.identity.requests[0])
    assert (sent["username"], sent["password"], sent["scope"]) == ("ann", "s3cret", "ann")


@pytest.mark.parametrize("granted_as", ["Bearer access-1", " access-1\r\n", "\ufeffaccess-1"])
def test_a_token_that_is_granted_with_something_around_it(granted_as: str) -> None:
    with signed_in(granted(access_token=granted_as)) as s:
        read(s)
        read(s)

    assert shown(s.service) == ["Bearer access-1"] * 2
    assert len(s.identity.requests) == 1


def test_the_scheme_of_the_endpoint_in_capitals() -> None:
    with playing(granted(1)) as identity:
        assert source_for(f"HTTP{identity.host[4:]}")() == "access-1"


def test_a_reference_is_read_for_each_password_grant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST_PASSWORD", "old")
    with signed_in(refused(), granted(1), source={"password": EnvToken("PORTAL_TEST_PASSWORD")}) as s:
        failing(lambda: read(s))
        monkeypatch.setenv("PORTAL_TEST_PASSWORD", "new")
        read(s)

    assert [form(request)["password"] for request in s.identity.requests] == ["old", "new"]


@pytest.mark.parametrize("name", ["username", "password", "client_id", "client_secret"])
@pytest.mark.parametrize("value", ["", None, 5, b"bytes", "half \udc80 a pair"])
def test_an_argument_that_cannot_be_used(name: str, value: Any) -> None:
    with pytest.raises(ApiValueError, match=f"{name} must be") as info:
        source_for("http://localhost", **{name: value})

    assert "half" not in str(info.value)
    assert str(info.value).endswith("not empty" if isinstance(value, str) else type(value).__name__)


# ── outside of a client ──


def test_a_source_can_be_called_by_itself() -> None:
    clock = HandClock()
    with playing(granted(1), granted(2)) as identity:
        source = source_for(identity.host, now=clock.now)
        assert [source(), source()] == ["access-1", "access-1"]
        assert repr(source()) == "'access-1'"  # who asks for it sees it
        clock.time += 3540
        assert source() == "access-2"

    assert [form(request)["grant_type"] for request in identity.requests] == ["password", "refresh_token"]


@pytest.mark.parametrize("name", ["username", "client_secret"])
def test_an_error_of_a_source_that_is_called_by_itself_says_that_nothing_was_sent(name: str) -> None:
    with playing() as identity, pytest.raises(AuthenticationError, match=f"{name}: boom raised") as caught:
        source_for(identity.host, **{name: boom})()

    assert (caught.value.status, caught.value.request_sent, caught.value.safe_to_repeat) == (0, False, True)
    assert identity.connections == 0


def test_a_source_that_is_called_by_itself_leaves_no_connection_open() -> None:
    closed = threading.Event()

    def watched(connection: Connection, request: Received) -> bool:
        connection.send(granted(1))
        if connection.sock.recv(1) == b"":
            closed.set()
        return False

    with playing(watched) as identity:
        source = source_for(identity.host)
        gc.disable()  # which would close it, too
        try:
            assert source() == "access-1"
        finally:
            gc.enable()
        assert closed.wait(5)


def test_a_configuration_says_how_the_endpoint_is_reached_then() -> None:
    with playing(granted(1)) as proxy:
        configuration = Configuration(proxy=proxy.host)
        source = source_for("http://somewhere.test", configuration=configuration, allow_http=True)
        assert source() == "access-1"

    assert proxy.requests[0].target == "http://somewhere.test/oauth2/v1/token"


def test_a_configuration_says_how_often_and_how_long_then() -> None:
    with playing(reply({}, status=429)) as identity:
        source = source_for(identity.host, configuration=Configuration(retries=False))
        assert failing(source).status == 429
    assert len(identity.requests) == 1

    with playing(lambda connection, request: identity.hang(connection, request)) as identity:
        source = source_for(identity.host, configuration=Configuration(timeout=0.2))
        error = failing(source)
    assert isinstance(error, ApiTimeoutError)
    url = f"{identity.host}/oauth2/v1/token"
    assert error.reason == (
        f"fetch_token, POST {url}: the 0.2 s for the call are not enough for a token: "
        f"no response from {url} (nothing was sent)"
    )


def test_a_configuration_says_who_is_told_then() -> None:
    class Told(Hooks):
        def on_request(self, attempt: Any) -> None:
            told.append(attempt.operation)

    told: list[str] = []
    with playing(granted(1)) as identity:
        assert source_for(identity.host, configuration=Configuration(hooks=[Told()]))() == "access-1"

    assert told == ["fetch_token"]


# ── nothing is shown ──


@pytest.mark.fault("Secrets", "No repr, str or vars() shows a secret")
def test_repr_names_the_endpoint_alone() -> None:
    with signed_in(granted(), source={"token_url": "https://example.test/token?key=s3cret"}) as s:
        assert repr(s.source) == "OAuth2Password('https://example.test/token')"
        assert not any(private in f"{vars(s.source)}" for private in PRIVATE)
