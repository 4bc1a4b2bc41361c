"""What an error tells of its call: what was tried, how often and how long, and nothing that is private."""

from __future__ import annotations

import pickle
import shlex
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from portal_client import ApiException, Call, EnvToken, SessionsApi
from portal_client.exceptions import AuthenticationError
from portal_client.operation import URLENCODED
from support.chain import chain
from support.clients import PROMPT, TOKEN, Calling, calling, closes, failing, late, resets
from support.scripted import Connection, Received, playing, reply

#: What must not be seen: each of these is sent by `everything`.
PRIVATE = [TOKEN, PROMPT, "file-that", "cookie-that", "header-that", "default-that", "key-that", "agent-that"]


def told(error: ApiException) -> Call:
    """What an error tells of its call; it comes out of a pickle as it was."""
    assert error.call is not None
    assert pickle.loads(pickle.dumps(error)).call == error.call
    return error.call


# ── the figures ──


@pytest.mark.fault("Observability", "An error tells operation, method, URL, attempts, seconds and bytes")
def test_a_call_is_told_with_its_attempts() -> None:
    refused = reply({}, status=503, Retry_After="2")
    with calling(closes, refused, reply({}, status=404)) as c:
        call = told(failing(lambda: c.api.get_session("s 1")))

    assert call[:4] == ("get_session", "GET", f"{c.server.host}/sessions/s%201", 3)
    assert len(c.server.requests) == len(call.attempt_seconds) == 3
    assert c.clock.slept[-1] == 2
    assert call.seconds >= sum(call.attempt_seconds) + sum(c.clock.slept)
    assert all(0 < seconds < 2 for seconds in call.attempt_seconds)
    assert call.received == len(refused) + len(reply({}, status=404))
    assert call.sent == 3 * (
        len("GET /sessions/s%201 HTTP/1.1\r\n\r\n")
        + sum(len(f"{name}: {value}\r\n") for name, value in c.server.requests[0].headers.items())
    )


def test_a_call_prints_as_lines_for_people() -> None:
    with calling(closes, reply({}, status=404)) as c:
        call = told(failing(lambda: c.api.get_session("s 1")))

    what, figures, command = str(call).splitlines()
    one, other = call.attempt_seconds
    assert what == f"get_session, GET {c.server.host}/sessions/s%201"
    assert figures == (
        f"failed in {call.seconds:.3f} s, attempts: {one:.3f}, {other:.3f} s, "
        f"{call.sent} bytes sent, {call.received} received"
    )
    assert command == call.curl
    assert f"{call}" == str(call)
    assert repr(call).startswith("Call(operation='get_session', method='GET', ")


@pytest.mark.fault("Observability", "Each way in which a call can fail tells of the call")
@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (closes, {}),
        (resets, {}),
        (late(reply()), {"_request_timeout": 0.2}),
        (reply({}, status=500), {}),
        (reply({}, status=422), {}),
        (reply(b"<html>"), {}),
        (reply(b"no gzip", Content_Encoding="gzip"), {}),
        (reply(b" " * 5000), {}),
        (reply({}, status=302, Location="ftp://nowhere/"), {}),
    ],
    ids=["closed", "reset", "late", "500", "422", "odd", "gzip", "large", "redirect"],
)
@pytest.mark.parametrize("form", ["create_session", "create_session_with_http_info"])
def test_each_failure_tells_of_its_call(answer: Any, options: dict[str, Any], form: str) -> None:
    with calling(answer, max_response_size=4000) as c:
        call = told(failing(lambda: getattr(c.api, form)("a1", PROMPT, **options)))

    assert call[:4] == ("create_session", "POST", f"{c.server.host}/sessions", 1)
    assert call.sent > len(PROMPT)
    assert len(c.server.requests) == 1


@pytest.mark.fault("Observability", "A call without connection or token tells that nothing was sent")
def test_a_call_that_sent_nothing_tells_so() -> None:
    with playing(reply()) as server:
        host = server.host
    with calling(reply()) as c:
        c.client.configuration.host = host
        refused = told(failing(lambda: c.api.create_session("a1", PROMPT)))
        c.client.configuration.access_token = EnvToken("NO_SUCH_TOKEN")
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert (refused.attempts, refused.sent, refused.received) == (4, 0, 0)
    assert isinstance(error, AuthenticationError)
    assert told(error).attempts == 1
    assert (told(error).sent, c.server.connections) == (0, 0)


def test_the_call_is_what_was_asked_for_not_where_it_was_led() -> None:
    with calling(reply({}, status=302, Location="/elsewhere"), reply({}, status=404)) as c:
        call = told(failing(lambda: c.api.get_session("s1")))

    assert (call.url, call.attempts) == (f"{c.server.host}/sessions/s1", 2)
    assert f"{c.server.host}/sessions/s1" in call.curl


def test_an_error_before_anything_is_tried_tells_of_no_call() -> None:
    with calling(reply()) as c:
        c.client.set_default_header("X-Key", "key-that")
        again = SessionsApi(pickle.loads(pickle.dumps(c.client)))
        error = failing(lambda: again.get_session("s1"))

    assert (error.call, c.server.connections) == (None, 0)


# ── the command ──

CALLS: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "get": (lambda c, **o: c.api.get_session("s 1", **o), ["/sessions/s%201"]),
    "query": (lambda c, **o: c.api.get_sessions("agent-that", **o), ["/sessions?agent_id=..."]),
    "form": (
        lambda c, **o: c.api.create_session("agent-that", PROMPT, [("file-that", b"file-that")], **o),
        ["-X", "POST", "/sessions", "-F", "agent_id=...", "-F", "text_prompt=...", "-F", "files=@..."],
    ),
    "encoded": (
        lambda c, **o: c.api.update_session("s1", f"{PROMPT}&x=y", _content_type=URLENCODED, **o),
        ["-X", "PUT", "/sessions/s1", "-d", "text_prompt=...", "-H", f"Content-Type: {URLENCODED}"],
    ),
}
AUTHS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "token": ({}, ["-H", "Authorization: Bearer $TOKEN"]),
    "header": ({"in": "header", "key": "X-Api-Key", "value": "key-that"}, ["-H", "X-Api-Key: $TOKEN"]),
    "odd header": ({"in": "header", "key": "X-$`Key", "value": "key-that"}, ["-H", "X-$`Key: $TOKEN"]),
    "cookie": ({"in": "cookie", "key": "sid", "value": "key-that"}, ["-b", "sid=$TOKEN"]),
}


def words(curl: str) -> list[str]:
    """A command as the shell reads it, but for the token."""
    return [word.replace("\\$", "$").replace("\\`", "`") for word in shlex.split(curl)]


def everything(c: Calling, call: str, auth: str) -> ApiException:
    """A failing call that carries something private in every place that there is."""
    c.client.cookie = "crumb=cookie-that"
    c.client.set_default_header("X-Default", "default-that")
    options: dict[str, Any] = {"_headers": {"X-Mine": "header-that"}}
    if AUTHS[auth][0]:
        options["_request_auth"] = AUTHS[auth][0]
    return failing(lambda: CALLS[call][0](c, **options))


@pytest.mark.fault("Observability", "The curl line has the token as $TOKEN and holds nothing that is private")
@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_as_a_command(call: str, auth: str) -> None:
    with calling(reply({}, status=404)) as c:
        error = everything(c, call, auth)

    expected = [f"{c.server.host}{word}" if word.startswith("/") else word for word in CALLS[call][1]]
    common = [
        "curl",
        "--compressed",
        "-H",
        "Accept: application/json",
        "-H",
        "X-Mine: ...",
        "-H",
        "X-Default: ...",
    ]
    common += ["-H", f"User-Agent: {c.client.user_agent}", "-H", "Cookie: ..."]
    assert sorted(words(told(error).curl)) == sorted(common + expected + AUTHS[auth][1])
    assert len(c.server.requests) == 1
    sent = f"{c.server.requests[0].target} {c.server.requests[0].headers}"
    assert "cookie-that" in sent
    for secret in PRIVATE:
        assert secret not in f"{error.call} {error.call!r} {error} {error!r} {vars(error)}"
        assert secret.encode() not in pickle.dumps(chain(error))


@pytest.mark.fault("Observability", "The curl line has the token as $TOKEN and holds nothing that is private")
def test_a_credential_in_the_query() -> None:
    auth = {"in": "query", "key": "key", "value": "key-that"}
    with calling(reply({}, status=404)) as c:
        one = told(failing(lambda: c.api.get_session("s1", _request_auth=auth)))
        two = told(failing(lambda: c.api.get_sessions("agent-that", _request_auth=auth)))

    assert words(one.curl)[1] == f"{c.server.host}/sessions/s1?key=$TOKEN"
    assert words(two.curl)[1] == f"{c.server.host}/sessions?agent_id=...&key=$TOKEN"
    assert "Authorization" not in one.curl + two.curl


def test_an_operation_without_a_token_is_told_without() -> None:
    with calling(reply({}, status=404)) as c:
        assert "TOKEN" not in told(failing(lambda: c.api.subscribe_to_session("s1"))).curl


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("call", ["get", "encoded"])
def test_the_command_is_the_call(call: str) -> None:
    """Run by a shell it sends the same request, but for what was left out."""
    with calling(reply({}, status=404)) as c:
        error = everything(c, call, "token")
        ran = subprocess.run(
            ["sh", "-c", f"{told(error).curl} --silent --noproxy '*'"],
            env={"PATH": "/usr/bin:/bin", "TOKEN": TOKEN},
            capture_output=True,
            check=True,
            timeout=20,
        )

    assert ran.stdout == b"{}"
    ours, its = c.server.requests
    assert (its.method, its.target) == (ours.method, ours.target)
    for name in ("Authorization", "User-Agent", "Accept", "Content-Type"):
        assert its.headers[name] == ours.headers[name]


# ── the request id ──


def by_target(connection: Connection, request: Received) -> None:
    named = {"X_Request_Id": "the-server's"} if "named" in request.target else {}
    connection.send(reply({}, status=404, **named) if "none" in request.target else reply(**named))


@pytest.mark.fault("Observability", "The server's request id, else ours, is on responses and on errors")
@pytest.mark.parametrize("named", [True, False])
def test_the_request_id_is_the_servers_or_ours(named: bool) -> None:
    suffix = "-named" if named else ""
    with calling(by_target) as c:
        answer = c.api.get_session_with_http_info(f"some{suffix}")
        error = failing(lambda: c.api.get_session(f"none{suffix}"))

    assert len(c.server.requests) == 2
    assert [answer.request_id, error.request_id] == (["the-server's"] * 2 if named else c.ids)
    assert pickle.loads(pickle.dumps(answer)).request_id == answer.request_id
