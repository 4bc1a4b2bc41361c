"""Where tokens come from."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import portal_client
from clients import call, shown
from portal_client import (
    ApiClient,
    ApiException,
    AuthenticationError,
    Configuration,
    EnvToken,
    FileToken,
    SessionsApi,
)
from portal_client.credential import bearer
from scripted import playing, reply

TOKEN = "tok-3141592653"


# ── where tokens come from ──


def test_a_string_is_sent_as_it_is() -> None:
    with playing(reply()) as server:
        call(server.host, TOKEN)

    assert shown(server) == [f"Bearer {TOKEN}"]


def test_an_empty_string_sends_the_scheme_alone() -> None:
    with playing(reply()) as server:
        call(server.host, "")

    assert [value and value.rstrip() for value in shown(server)] == ["Bearer"]


def test_none_sends_no_header() -> None:
    with playing(reply()) as server:
        call(server.host, None)

    assert shown(server) == [None]


def test_a_callable_is_asked_for_each_request() -> None:
    tokens = iter(["one", "two"])
    configuration = Configuration(access_token=lambda: next(tokens))
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        SessionsApi(client).get_session("s1")
        SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]
    assert next(tokens, None) is None


def test_a_variable_is_read_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        playing(reply()) as server,
        ApiClient(Configuration(server.host, access_token=EnvToken("TOK"))) as client,
    ):
        for value in ("one", " two\n"):
            monkeypatch.setenv("TOK", value)
            SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_read_for_each_request(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    path = tmp_path / "token"
    configuration = Configuration(access_token=FileToken(kind(path)))
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        for value in ("one\r\n", "\n two "):
            path.write_text(value, encoding="utf-8")
            SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


def test_a_later_token_is_taken() -> None:
    configuration = Configuration(access_token="one")
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        SessionsApi(client).get_session("s1")
        configuration.access_token = "two"
        SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


def test_an_operation_without_security_sends_no_token() -> None:
    def must_not_be_asked() -> str:
        raise AssertionError

    with playing(reply()) as server:
        for token in (TOKEN, must_not_be_asked):
            with ApiClient(Configuration(server.host, access_token=token)) as client:
                SessionsApi(client).subscribe_to_session("s1")

    assert shown(server) == [None, None]


def test_a_fixed_token_is_not_tried_again_after_401() -> None:
    with playing(reply({}, status=401)) as server, pytest.raises(ApiException):
        call(server.host, TOKEN)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("tokens", "sent"), [(["old", "new"], ["Bearer old", "Bearer new"]), (["old"] * 2, ["Bearer old"])]
)
def test_a_callable_is_asked_again_after_401(tokens: list[str], sent: list[str]) -> None:
    left = iter(tokens)
    with playing(reply({}, status=401)) as server:
        configuration = Configuration(server.host, access_token=lambda: next(left))
        with ApiClient(configuration) as client, pytest.raises(portal_client.UnauthorizedException):
            SessionsApi(client).get_session("s1")

    assert shown(server) == sent


class Kept:
    """A callable that keeps its token, as users write them."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refused: list[str] = []

    def __call__(self) -> str:
        return self.tokens[0]

    def renew(self, refused: str) -> str:
        self.refused.append(refused)
        return self.tokens[-1]


@pytest.mark.parametrize(
    ("tokens", "sent"), [(["old", "new"], ["Bearer old", "Bearer new"]), (["old"], ["Bearer old"])]
)
def test_a_callable_that_keeps_its_token_is_told_that_it_was_refused(
    tokens: list[str], sent: list[str]
) -> None:
    source = Kept(*tokens)
    with playing(reply({}, status=401)) as server:
        configuration = Configuration(server.host, access_token=source)
        with ApiClient(configuration) as client, pytest.raises(portal_client.UnauthorizedException):
            SessionsApi(client).get_session("s1")

    assert (shown(server), source.refused) == (sent, ["old"])


@pytest.mark.fault("Tokens", "Where no other token can be had the 401 is what the caller gets")
def test_a_renewal_that_fails_leaves_the_401() -> None:
    source = Kept("old")
    source.renew = boom  # type: ignore[method-assign]
    with playing(reply({}, status=401)) as server:
        configuration = Configuration(server.host, access_token=source)
        with ApiClient(configuration) as client, pytest.raises(portal_client.UnauthorizedException):
            SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer old"]


# ── tokens that cannot be used ──


def boom(*refused: str) -> str:
    raise RuntimeError(TOKEN)


@pytest.mark.fault("Tokens", "Without a token nothing is sent")
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (EnvToken("PORTAL_NO_SUCH"), "environment variable PORTAL_NO_SUCH is missing or empty"),
        (FileToken("/no/such/token"), "token file /no/such/token cannot be read: FileNotFoundError"),
        (boom, "access_token: boom raised RuntimeError"),
        (lambda: None, "answered NoneType, not str"),
        (lambda: TOKEN.encode(), "answered bytes, not str"),
        (lambda: f"{TOKEN}\n", "access_token holds a line break"),
        (lambda: f"{TOKEN}\r\nX: y", "access_token holds a line break"),
        (lambda: f"{TOKEN}→", "access_token holds the character U\\+2192"),
        (lambda: f"{TOKEN}\x00", "access_token holds the character U\\+0000"),
        (functools.partial(boom), "access_token: partial raised RuntimeError"),
        (functools.partial(lambda token: None, TOKEN), "partial answered NoneType"),
    ],
)
def test_no_token_could_be_had(source: Any, reason: str) -> None:
    with playing(reply()) as server, pytest.raises(AuthenticationError, match=reason) as info:
        call(server.host, source)

    error = info.value
    assert (error.status, error.request_sent) == (0, False)
    assert isinstance(error, ApiException)
    assert isinstance(error, ValueError)
    assert TOKEN not in str(error)
    assert server.connections == 0


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\xfa"])
def test_a_file_without_a_token(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with (
        playing(reply()) as server,
        pytest.raises(AuthenticationError, match=r"token file .*token (is|cannot)"),
    ):
        call(server.host, FileToken(path))

    assert server.connections == 0


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TOK", value)

    with pytest.raises(AuthenticationError, match="TOK is missing or empty"):
        bearer(EnvToken("TOK"))


def test_a_directory_is_no_token_file(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="cannot be read"):
        FileToken(tmp_path)()
