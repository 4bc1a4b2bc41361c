"""What is sent to a token endpoint and how, and what its responses become; nothing private is shown."""

from __future__ import annotations

import gzip
import logging
import pickle
import ssl
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from portal_client import (
    ApiClient,
    ApiException,
    ApiTimeoutError,
    ApiValueError,
    AuthenticationError,
    Configuration,
    Hooks,
    UnauthorizedException,
)
from portal_client.auth import OAuth2Password
from portal_client.hooks import Attempt
from portal_client.token_endpoint import TokenEndpoint, TokenResponse
from support.chain import chain
from support.clients import authority, ca_file, closes, drips, failing, late, own_frames, resets, server_tls
from support.identity import PASSWORD, PRIVATE, form, granted, refused, signed_in, source_for
from support.scripted import Answer, Connection, Received, Script, playing, reply
from test_oauth2 import read

# ── 429 ──


def limited(*waits: str | None) -> list[bytes]:
    return [refused("slow_down", status=429, **({"Retry_After": w} if w is not None else {})) for w in waits]


def test_a_limit_is_waited_for_as_long_as_the_endpoint_asks() -> None:
    with signed_in(*limited("7", "0", "60"), granted(1)) as s:
        read(s)

    assert s.clock.slept == [7, 0, 60]
    assert s.grants == ["password"] * 4
    assert len({request.body for request in s.identity.requests}) == 1
    assert s.shown == ["Bearer access-1"]


def test_a_limit_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    with signed_in(*limited(date, past), granted(1)) as s:
        read(s)

    assert [pytest.approx(wait, abs=5) for wait in (30, 0)] == s.clock.slept


@pytest.mark.parametrize("wait", [None, "soon", "-3", ""])
def test_a_limit_without_a_time_is_waited_for_longer_each_time(wait: str | None) -> None:
    with signed_in(*limited(*[wait] * 5), granted(1)) as s:
        read(s)

    assert s.clock.slept == [2, 4, 8, 16, 32]
    assert len(s.identity.requests) == 6


@pytest.mark.fault(
    "Tokens", "A limit of the endpoint is waited for as it asks, five times, within the deadline"
)
def test_a_limit_is_waited_for_five_times() -> None:
    with signed_in(*limited("1")) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert (error.status, error.data) == (429, {"error": "slow_down"})
    assert (len(s.identity.requests), s.clock.slept) == (6, [1] * 5)
    assert s.service.connections == 0


@pytest.mark.fault(
    "Tokens", "A limit of the endpoint is waited for as it asks, five times, within the deadline"
)
def test_a_limit_of_more_than_a_minute_ends_the_call_at_once() -> None:
    with signed_in(*limited("61"), granted(1)) as s:
        error = failing(lambda: read(s))

    assert (error.status, error.retry_after) == (429, 61)
    assert (len(s.identity.requests), s.clock.slept) == (1, [])


@pytest.mark.fault(
    "Tokens", "A limit of the endpoint is waited for as it asks, five times, within the deadline"
)
def test_a_limit_beyond_the_deadline_ends_the_call_at_once() -> None:
    with signed_in(*limited("10"), granted(1)) as s:
        error = failing(lambda: s.api.get_session("s1", _request_timeout=10))
        s.api.get_session("s1", _request_timeout=11)

    assert isinstance(error, ApiTimeoutError)
    assert (error.status, error.request_sent) == (0, False)
    assert "the 10 s for the call are not enough for a token" in str(error.reason)
    assert "asks to wait 10 s" in str(error.reason)
    assert s.grants == ["password", "password"]


def test_without_retries_a_limit_is_final() -> None:
    with signed_in(*limited("1"), granted(1), retries=False) as s:
        assert failing(lambda: read(s)).status == 429

    assert (len(s.identity.requests), s.clock.slept) == (1, [])


def test_a_refresh_waits_too() -> None:
    with signed_in(granted(1), *limited("3"), granted(2)) as s:
        read(s)
        s.clock.time += 3540
        read(s)

    assert s.grants == ["password", "refresh_token", "refresh_token"]
    assert s.clock.slept == [3]


def test_a_refresh_that_is_limited_does_not_try_the_password() -> None:
    with signed_in(granted(1), *limited("3")) as s:
        read(s)
        s.clock.time += 3540
        assert failing(lambda: read(s)).status == 429

    assert s.grants == ["password"] + ["refresh_token"] * 6


# ── an endpoint that fails ──


@pytest.mark.fault("Tokens", "An endpoint that is not there is told, and the service not asked")
def test_an_endpoint_that_is_not_there() -> None:
    with playing(granted()) as gone:
        pass
    with signed_in(granted(), source={"token_url": f"{gone.host}/token"}) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert (error.status, error.request_sent) == (0, False)
    assert f"no token: fetch_token, POST {gone.host}/token" in str(error.reason)
    assert isinstance(error.__cause__, ApiException)
    assert len(s.clock.slept) == 3
    assert s.service.connections == 0


def test_it_is_asked_anew_by_the_next_call() -> None:
    with signed_in(closes, closes, closes, closes, granted(1)) as s:
        failing(lambda: read(s))
        read(s)

    assert (s.grants, s.shown) == (["password"] * 5, ["Bearer access-1"])


@pytest.mark.parametrize("answer", [closes, resets, reply({}, status=502), reply({}, status=503)])
def test_what_may_pass_is_tried_again(answer: Answer) -> None:
    with signed_in(answer, granted(1)) as s:
        read(s)

    assert (s.grants, s.shown) == (["password"] * 2, ["Bearer access-1"])


def test_a_token_for_a_prompt_is_tried_again_and_the_prompt_sent_once() -> None:
    with signed_in(closes, granted(1)) as s:
        s.api.create_session("a1", "hello")

    assert s.grants == ["password"] * 2
    assert [request.method for request in s.service.requests] == ["POST"]


def test_what_the_client_repeats_otherwise_is_not_for_the_endpoint() -> None:
    policy = urllib3.Retry(3, status_forcelist=[400], allowed_methods=None)
    with signed_in(refused(), closes, granted(1), retries=policy) as s:
        failing(lambda: read(s))
        assert s.grants == ["password"]
        s.client.configuration.retries = 0
        read(s)

    assert s.grants == ["password"] * 3


@pytest.mark.fault("Tokens", "A refusal of the endpoint is final")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 501])
def test_a_refusal_is_final(status: int) -> None:
    with signed_in(refused("invalid_grant", "Bad credentials.", status), granted(1)) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert isinstance(error, ValueError)
    assert (error.status, error.request_sent) == (status, False)
    assert error.data == {"error": "invalid_grant", "error_description": "Bad credentials."}
    assert error.reason == (
        f"no token: {s.identity.host}/oauth2/v1/token returned {status}: invalid_grant: Bad credentials. "
        "(application/json)"
    )
    assert (error.headers, error.body) == (None, None)
    assert (len(s.identity.requests), s.service.connections) == (1, 0)


@pytest.mark.fault("Tokens", "A response without a token that can be sent is told")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            reply(b"<html>Sign in</html>", Content_Type="text/html"),
            "200 without an access_token (text/html)",
        ),
        (reply(b"nonsense"), "200 without an access_token"),
        (reply(b""), "200 without an access_token"),
        (reply(b'"access_token"'), "200 without an access_token"),
        (reply([{"access_token": "a"}]), "200 without an access_token"),
        (reply(b"[" * 100_000), "200 without an access_token"),
        (reply(b"\xff\xfe"), "200 without an access_token"),
        (granted(access_token=None), "200 without an access_token"),
        (granted(access_token=""), "200 without an access_token"),
        (granted(access_token=5), "200 without an access_token"),
        (reply({"error": "pending"}), "200 without an access_token: pending"),
        (granted(access_token=" \n"), "200 without an access_token"),
        (granted(access_token="access-1\r\nX: y"), "200, but access_token holds a line break"),
        (granted(access_token="access-1→"), "200, but access_token holds the character U+2192"),
        (
            reply(b"<html>", status=404, Content_Type="text/html; charset=utf-8"),
            "404 (text/html; charset=utf",
        ),
    ],
)
def test_a_response_without_a_token(answer: bytes, said: str) -> None:
    with signed_in(answer) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert said in str(error.reason)
    assert error.status == (404 if "404" in said else 200)
    assert (len(s.identity.requests), s.service.connections) == (1, 0)
    hides(error)


@pytest.mark.fault("Tokens", "A response of the endpoint is bounded")
@pytest.mark.parametrize("encoded", [False, True])
def test_a_response_is_bounded(encoded: bool) -> None:
    body = b'{"access_token": "' + b"a" * (1024 * 1024) + b'"}'
    answer = reply(gzip.compress(body), Content_Encoding="gzip") if encoded else reply(body)
    with signed_in(answer) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert "larger than max_response_size" in str(error.reason)
    assert len(s.identity.requests) == 1


# ── the time for the call ──


@pytest.mark.fault("Tokens", "A slow endpoint is bounded by the deadline of the call")
@pytest.mark.parametrize(
    "slow",
    [late(granted(1)), drips(granted(1)[:-40], granted(1)[-40:], 0.1)],
    ids=["silent", "dripping"],
)
def test_a_slow_endpoint_is_bounded_by_the_call(slow: Answer) -> None:
    with signed_in(slow, granted(2)) as s:
        s.client.rest_client.now = time.monotonic  # type: ignore[assignment]
        error = failing(lambda: s.api.create_session("a1", "hello", _request_timeout=0.3))
        read(s)

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is False
    assert "create_session, POST" in str(error.reason)
    assert "the 0.3 s for the call are not enough for a token" in str(error.reason)
    assert (len(s.identity.requests), s.shown) == (2, ["Bearer access-2"])


def test_what_the_first_request_took_is_not_there_for_the_next() -> None:
    def slowly(connection: Connection, request: Received) -> bool:
        s.clock.time += 4
        connection.send(granted(1)[:-20])
        connection.sock.settimeout(1)
        with suppress(TimeoutError):
            connection.sock.recv(1)  # the client hangs up
        connection.send(granted(1)[-20:])
        return False

    with signed_in(*limited("5"), slowly) as s:
        error = failing(lambda: s.api.get_session("s1", _request_timeout=8))

    assert isinstance(error, ApiTimeoutError)
    assert "not enough for a token: " in str(error.reason)
    assert "no response from " in str(error.reason)
    assert (len(s.identity.requests), s.service.connections) == (2, 0)


def test_a_token_that_comes_too_late_after_401_leaves_the_401() -> None:
    with signed_in(granted(1), late(granted(2)), service=(reply({}, status=401),)) as s:
        s.client.rest_client.now = time.monotonic  # type: ignore[assignment]
        error = failing(lambda: s.api.get_session("s1", _request_timeout=0.4))

    assert isinstance(error, UnauthorizedException)
    assert (s.grants, s.shown) == (["password", "refresh_token"], ["Bearer access-1"])


def test_what_the_token_took_is_not_there_for_the_call() -> None:
    def slowly(connection: Connection, request: Received) -> None:
        s.clock.time += 8
        connection.send(granted(1))

    with signed_in(slowly, service=(reply({}, status=503, Retry_After="3"), reply())) as s:
        error = failing(lambda: s.api.get_session("s1", _request_timeout=10))

    assert error.status == 503
    assert len(s.service.requests) == 1


def test_a_silent_endpoint_is_bounded_by_the_limits_of_the_client() -> None:
    with signed_in(late(granted(1)), timeout=(5, 0.2)) as s:
        error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert isinstance(error.__cause__, ApiTimeoutError)
    assert (len(s.identity.requests), s.service.connections) == (1, 0)


# ── over the same transport ──


@pytest.mark.fault("Tokens", "The endpoint is reached with the client's proxy and certificates")
def test_it_goes_through_the_proxy_of_the_client() -> None:
    with (
        playing(granted(1), reply()) as proxy,
        signed_in(
            granted(),
            source={"token_url": "http://identity.test/token", "allow_http": True},
            proxy=proxy.host.replace("://", "://user:word@"),
        ) as s,
    ):
        read(s)

    token, call = proxy.requests
    assert (token.method, token.target) == ("POST", "http://identity.test/token")
    assert token.headers["Proxy-Authorization"] == call.headers["Proxy-Authorization"] != None  # noqa: E711
    assert (s.identity.connections, s.service.connections) == (0, 0)


def client_tls() -> ssl.SSLContext:
    """A server that lets nobody in without a certificate."""
    context = server_tls()
    context.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(context)
    return context


@pytest.mark.fault("Tokens", "The endpoint is reached with the client's proxy and certificates")
def test_it_is_verified_and_shown_the_certificate_of_the_client(tmp_path: Path) -> None:
    own = tmp_path / "client.pem"
    authority().issue_cert("client.test").private_key_and_cert_chain_pem.write_to_path(str(own))
    with playing(granted(1), tls=client_tls()) as identity:
        changes: dict[str, Any] = {"source": {"token_url": f"{identity.host}/token"}, "retries": False}
        with signed_in(granted(), **changes) as s:
            assert "certificate" in str(failing(lambda: read(s)))
        with signed_in(granted(), ssl_ca_cert=ca_file(tmp_path), **changes) as s:
            failing(lambda: read(s))
        assert identity.requests == []
        with signed_in(granted(), ssl_ca_cert=ca_file(tmp_path), cert_file=str(own), **changes) as s:
            read(s)

    assert len(identity.requests) == 1
    assert s.shown == ["Bearer access-1"]


def test_the_name_of_the_service_is_not_that_of_the_endpoint(tmp_path: Path) -> None:
    with playing(granted(1), granted(2), tls=server_tls("localhost")) as identity:
        where = {"token_url": f"https://localhost:{identity.port}/token"}
        with signed_in(granted(), source=where, ssl_ca_cert=ca_file(tmp_path)) as s:
            s.client.configuration.tls_server_name = "service.test"
            s.client.configuration.assert_hostname = "service.test"
            read(s)

        where = {"token_url": f"{identity.host}/token"}
        with signed_in(granted(), source=where, ssl_ca_cert=ca_file(tmp_path), retries=False) as s:
            assert "certificate" in str(failing(lambda: read(s)))
            s.client.close()
        with signed_in(granted(), source=where, ssl_ca_cert=ca_file(tmp_path)) as s:
            s.client.configuration.assert_hostname = False
            read(s)

    assert len(identity.requests) == 2


@pytest.mark.fault("Tokens", "No redirect of the endpoint is followed")
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["elsewhere", "here"])
def test_a_redirect_is_not_followed(status: int, place: str) -> None:
    with playing(granted(9)) as elsewhere:
        to = f"{elsewhere.host}/token" if place == "elsewhere" else "/token"
        with signed_in(reply({}, status=status, Location=to), granted(9)) as s:
            error = failing(lambda: read(s))

    assert isinstance(error, AuthenticationError)
    assert (error.status, error.data) == (status, None)
    assert f"returned {status}, a redirect that was not followed" in str(error.reason)
    assert (len(s.identity.requests), elsewhere.connections, s.service.connections) == (1, 0, 0)


@pytest.mark.fault("Tokens", "The service does not learn the password, nor the endpoint the call's headers")
def test_the_headers_of_the_call_do_not_go_along() -> None:
    with signed_in(granted()) as s:
        s.client.set_default_header("X-Own", "mine")
        s.client.user_agent = "robot"
        s.client.cookie = "a=1"
        s.api.get_session("s1", _headers={"X-More": "yours"})

    (request,) = s.identity.requests
    assert (request.headers["X-Own"], request.headers["X-More"], request.headers["Cookie"]) == (None,) * 3
    assert request.headers["User-Agent"] == "robot"
    assert request.headers["X-Request-ID"] != s.service.requests[0].headers["X-Request-ID"]


def test_closing_the_client_closes_its_connections_to_the_endpoint() -> None:
    closed: list[bytes] = []

    def watched(connection: Connection, request: Received) -> bool:
        connection.send(granted(1))
        closed.append(connection.sock.recv(1))
        return False

    with signed_in(watched) as s:
        read(s)
        s.client.close()
        until = time.monotonic() + 5
        while not closed and time.monotonic() < until:
            time.sleep(0.002)
        assert closed == [b""]


# ── who watches ──


def test_hooks_and_log_see_it_as_an_operation_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Attempt] = []

    class Recorder(Hooks):
        def on_response(self, attempt: Attempt) -> None:
            told.append(attempt)

    with caplog.at_level(logging.DEBUG), signed_in(granted(1), granted(2), hooks=[Recorder()]) as s:
        s.api.create_session("a1", "hello")
        s.clock.time += 3540
        read(s)

    url, sessions = f"{s.identity.host}/oauth2/v1/token", f"{s.service.host}/sessions"
    assert [(a.operation, a.method, a.url, a.status, a.final, a.prompts, dict(a.ids)) for a in told] == [
        ("fetch_token", "POST", url, 200, True, False, {}),
        ("create_session", "POST", sessions, 200, True, True, {"agent_id": "a1"}),
        ("refresh_token", "POST", url, 200, True, False, {}),
        ("get_session", "GET", f"{sessions}/s1", 200, True, False, {"session_id": "s1"}),
    ]
    sent = [request.headers["X-Request-ID"] for request in s.identity.requests]
    assert [a.request_id for a in told if a.url == url] == sent
    lines = [
        r.getMessage() for r in caplog.records if r.name == "portal_client" and r.levelno == logging.INFO
    ]
    assert [line.split(" ")[:2] for line in lines] == [
        ["fetch_token", "200"],
        ["create_session", "200"],
        ["refresh_token", "200"],
        ["get_session", "200"],
    ]
    assert not any(private in caplog.text for private in PRIVATE)


def test_each_response_can_be_looked_at() -> None:
    seen: list[tuple[int, str | None, Any]] = []

    def look(response: TokenResponse) -> None:
        seen.append((response.status_code, response.headers.get("x-own"), response.json()))
        assert response.text == response.content.decode()
        assert repr(response) == f"TokenResponse(status_code={response.status_code})"

    answers = (refused(status=429, Retry_After="1", X_Own="a"), granted(1), refused(), granted(2))
    with signed_in(*answers, source={"on_response": look}) as s:
        read(s)
        s.clock.time += 3540
        read(s)

    assert [(status, own) for status, own, _ in seen] == [(429, "a"), (200, None), (400, None), (200, None)]
    assert seen[1][2]["access_token"] == "access-1"


def test_a_page_in_another_encoding_can_be_looked_at_too() -> None:
    page = TokenResponse(503, {}, "<h1>Später</h1>".encode("latin-1"))

    assert page.text == "<h1>Sp\ufffdter</h1>"
    assert page.fields == {}


def test_who_looks_may_say_how_long_to_wait() -> None:
    """For an endpoint that says it in a header of its own."""

    def translate(response: TokenResponse) -> None:
        if "X-Rate-Limit-Reset" in response.headers:
            response.headers["Retry-After"] = response.headers["X-Rate-Limit-Reset"]

    answer = refused(status=429, X_Rate_Limit_Reset="5")
    with signed_in(answer, granted(1), source={"on_response": translate}) as s:
        read(s)

    assert s.clock.slept == [5]


def test_who_looks_and_fails_ends_the_call() -> None:
    def boom(response: TokenResponse) -> None:
        raise RuntimeError

    with signed_in(granted(1), source={"on_response": boom}) as s:
        error = failing(lambda: read(s))

    hides(error)
    assert isinstance(error, AuthenticationError)
    assert "on_response raised RuntimeError" in str(error)
    assert (len(s.identity.requests), s.service.connections) == (1, 0)


# ── outside of a client ──


def by_hand(identity: Script, **settings: Any) -> OAuth2Password:
    return source_for(identity.host, configuration=Configuration("http://service.test", **settings))


@pytest.mark.parametrize(
    ("answer", "kind", "status", "said"),
    [
        (refused(), AuthenticationError, 400, "returned 400: invalid_grant"),
        (limited("61")[0], AuthenticationError, 429, "returned 429"),
        (limited("30")[0], ApiTimeoutError, 0, "the 20 s for the call are not enough for a token"),
    ],
)
def test_whoever_asks_for_a_token_is_told_that_nothing_else_was_sent(
    answer: bytes, kind: type[ApiException], status: int, said: str
) -> None:
    with playing(answer) as identity:
        error = failing(by_hand(identity, timeout=20))

    assert isinstance(error, kind)
    assert (error.status, error.request_sent, error.safe_to_repeat) == (status, False, True)
    assert said in str(error.reason)
    assert not error.request_id
    assert len(identity.requests) == 1


def test_a_token_that_is_asked_for_is_logged_as_the_configuration_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with playing(granted(1)) as identity, caplog.at_level(logging.INFO):
        source = by_hand(identity)
        assert source.configuration is not None
        source.configuration.logger["package_logger"] = logging.getLogger("of.its.own")
        assert source() == "access-1"

    assert [(r.name, r.getMessage().split(" ")[:2]) for r in caplog.records] == [
        ("of.its.own", ["fetch_token", "200"])
    ]


# ── where it may be ──


@pytest.mark.fault("Tokens", "Over plain http a password leaves this machine only when told")
@pytest.mark.parametrize(
    "url",
    [
        "http://identity.test/token",
        "http://10.0.0.1/token",
        "http://localhost.test",
        "http://127.0.0.1.test/",
    ],
)
def test_a_password_in_clear_stays_on_this_machine(url: str) -> None:
    with pytest.raises(
        ApiValueError, match=r"token_url: http://.* in clear; use https, or say allow_http=True"
    ):
        source_for("", token_url=url)
    with pytest.raises(ApiValueError, match="in clear"):
        TokenEndpoint(url)

    source_for("", token_url=url, allow_http=True)
    source_for("", token_url=url.replace("http://", "https://"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "127.1.2.3", "box.localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert str(TokenEndpoint(f"http://{host}:8000/token?key=s3cret")) == f"http://{host}:8000/token"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.test/token",
        "ftp://example.test/token",
        "https://",
        "https:///token",
        "https://user:word@example.test/token",
        "https://example.test/token#part",
        "https://example.test:0/token",
        "https://example.test:99999/token",
        "https://example.test/to ken",
        "https://<your-domain>.example.test/token",
        "https://example.test/token\r\nX: y",
        " https://example.test/token",
        "https://exa\\mple.test/token",
        None,
        5,
        b"https://example.test/token",
    ],
)
def test_a_url_that_cannot_be_used(url: Any) -> None:
    with pytest.raises(ApiValueError, match=r"^token_url must be a URL such as https://example.com/") as info:
        source_for("", token_url=url)

    assert "word" not in str(info.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.test/token\n", "; 'https://example.test/token\\n' has white space around it"),
        ("example.test/token", "; 'example.test/token' has no scheme, such as http://"),
        ("https://example.test/to ken", ""),
    ],
)
def test_what_is_wrong_with_a_url_is_told_where_it_is_plain(url: str, why: str) -> None:
    with pytest.raises(ApiValueError) as info:
        source_for("", token_url=url)

    assert str(info.value).endswith(f"/token, without credentials or fragment{why}")


def test_middleware_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ApiValueError, match=r"^middleware must be a sequence of functions, not int$"):
        source_for("https://identity.test", middleware=5)


def test_a_query_goes_along_unseen() -> None:
    with signed_in(refused(), source={}) as s:
        s.source._endpoint = TokenEndpoint(f"{s.identity.host}/token?key=s3cret&b=%20c")
        error = failing(lambda: read(s))

    assert s.identity.requests[0].target == "/token?key=s3cret&b=%20c"
    hides(error)


# ── nothing is shown ──


def hides(error: BaseException) -> None:
    """Nothing that tools print of an error holds a secret."""
    shown = [str(error), repr(error), "".join(traceback.format_exception(error)), own_frames(error)]
    shown += [str(vars(error)), str(pickle.dumps(chain(error)))]
    for private in PRIVATE:
        assert not any(private in text for text in shown), private
        assert private not in str(getattr(error, "data", None))


def echoes(connection: Connection, request: Received) -> None:
    """A server that says in its refusal what it was sent."""
    sent = request.body.decode()
    values = " ".join(form(request).values())
    basic = request.headers["Authorization"] or ""
    connection.send(refused(f"invalid {sent}", f"{values} {basic}\x1b[31m\n{sent}", 500))


def echoes_in(head: str) -> Answer:
    """A server whose response cannot be read, and holds what it was sent."""

    def answers(connection: Connection, request: Received) -> bool:
        texts = [request.body.decode(), *form(request).values()]
        connection.send(head.format(" ".join(texts)).encode() + b"\r\n\r\n")
        return False

    return answers


UNREADABLE = [
    echoes_in("HTTP/1.1 wrong {}"),
    echoes_in("HTTP/1.1 400 Wrong\r\nno field {}"),
    echoes_in("HTTP/1.1 400 Wrong\r\nContent-Type: {}"),
    echoes_in("HTTP/1.1 200 OK\r\nContent-Length: {}"),
    echoes_in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
    echoes_in("{}"),
]


def twice(call: Callable[[], Any], s: Any) -> BaseException:
    call()
    s.clock.time += 3540
    return failing(call)


FAILING: list[tuple[Answer, ...]] = [
    (echoes,),
    (granted(1), echoes),
    (closes,),
    (granted(1), closes),
    (granted(1), refused(), echoes),
    (granted(1, access_token="access-1\nx"),),
    (granted(1), granted(2, access_token="access-2\nx")),
    (granted(1), reply(b'{"access_token": "access-1", "refresh_token": ')),
    (reply(b"access-1 " * 200_000),),
    *((unreadable,) for unreadable in UNREADABLE),
    *((granted(1), unreadable) for unreadable in UNREADABLE),
]


@pytest.mark.fault("Tokens", "No error, log or frame shows a password or a token")
@pytest.mark.parametrize("answers", FAILING)
def test_no_error_and_no_log_holds_a_secret(
    answers: tuple[Answer, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), signed_in(*answers, retries=False) as s:
        error = failing(lambda: read(s)) if len(answers) == 1 else twice(lambda: read(s), s)

    assert isinstance(error, AuthenticationError)
    assert s.identity.requests
    hides(error)
    assert not any(private in caplog.text for private in PRIVATE)
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("error", [{"code": 400}, ["invalid_grant"], 7, None, True])
def test_a_refusal_that_is_no_text_is_a_refusal(error: Any) -> None:
    with signed_in(reply({"error": error, "error_description": error}, status=400)) as s:
        refusal = failing(lambda: read(s))

    assert isinstance(refusal, AuthenticationError)
    assert (refusal.status, refusal.request_sent) == (400, False)
    assert len(s.identity.requests) == 1
    assert s.shown == []


@pytest.mark.fault("Tokens", "No error, log or frame shows a password or a token")
@pytest.mark.parametrize("answers", [(granted(1),), (granted(1), granted(2))])
def test_an_interrupted_fetch_shows_no_secret(
    answers: tuple[Answer, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the frames of the libraries count, too: who presses Ctrl-C sees them all."""

    def interrupts(*_: Any) -> None:
        raise KeyboardInterrupt

    with signed_in(*answers) as s:
        if len(answers) == 2:
            read(s)
            s.clock.time += 3540
        monkeypatch.setattr("portal_client.transport.reader.TimedReader.readinto", interrupts)
        with pytest.raises(KeyboardInterrupt) as info:
            read(s)

    trace = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    frames = [frame for frame in trace.stack if "/test/" not in frame.filename]
    assert {"urlopen", "_attempt", "post", "token"} <= {frame.name for frame in frames}
    for private in PRIVATE:
        assert not [f.name for f in frames if private in str(f.locals)]


@pytest.mark.parametrize(
    "code",
    [
        *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client"),
        *("unsupported_grant_type", "unsupported_response_type", "access_denied", "server_error"),
        "temporarily_unavailable",
    ],
)
def test_a_code_of_the_standard_is_shown_whatever_the_password(code: str) -> None:
    with signed_in(refused(code, code), source={"password": code}) as s:
        error = failing(lambda: read(s))

    assert error.data == {"error": code, "error_description": "***"}


def test_a_long_refusal_is_cut() -> None:
    with signed_in(refused("e" * 5000, "d" * 5000)) as s:
        error = failing(lambda: read(s))

    assert len(str(error)) < 1000
    assert len(error.data["error"]) <= 301


@pytest.mark.fault("Tokens", "The service does not learn the password, nor the endpoint the call's headers")
def test_the_service_that_refuses_does_not_learn_the_password() -> None:
    with signed_in(granted(1), granted(2), service=(reply({}, status=403),)) as s:
        error = failing(lambda: read(s))

    (request,) = s.service.requests
    assert PASSWORD not in request.headers.as_string()
    hides(error)


@pytest.mark.fault("Secrets", "Pickle carries no secret, and what comes out says what it lost")
def test_pickled_clients_hold_no_token() -> None:
    with signed_in(granted(1)) as s:
        read(s)
        packed = pickle.dumps(s.client)

    assert not any(private.encode() in packed for private in PRIVATE)
    assert isinstance(pickle.loads(packed), ApiClient)
