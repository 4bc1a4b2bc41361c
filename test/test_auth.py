"""Where tokens come from."""

from __future__ import annotations

import enum
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import portal_client
from portal_client import (
    ApiClient,
    ApiException,
    AuthenticationError,
    Configuration,
    EnvToken,
    FileToken,
    SessionsApi,
)
from portal_client.credential import bearer_token
from support.clients import call, shown
from support.scripted import playing, reply

TOKEN = "tok-3141592653"


# ── where tokens come from ──


def test_a_string_is_sent_as_it_is() -> None:
    with playing(reply()) as server:
        call(server.host, TOKEN)

    assert shown(server) == [f"Bearer {TOKEN}"]


class Name(str, enum.Enum):
    """A text that is called otherwise: str() of it is Name.DEV."""

    DEV = TOKEN


#: A token as people paste it, or have it in a file.
PASTED = {
    "as it is": TOKEN,
    "white space": f" \t{TOKEN}\r\n",
    "a byte order mark": f"\ufeff{TOKEN}\n",
    "a space without width": f"\u200b{TOKEN}\u00a0",
    "its scheme": f"Bearer {TOKEN}",
    "its scheme in lower case": f"bearer  {TOKEN} ",
    "its scheme twice": f"BEARER Bearer\t{TOKEN}",
    "all of it": f"\ufeff\n Bearer\u00a0\ufeff{TOKEN}\n\ufeff",
}


def literal(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return token


def asked_for(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda: token


def renewed(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return Kept("old", token)


def in_a_variable(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TOK", token)
    return EnvToken("TOK")


def in_a_file(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = folder / "token"
    path.write_bytes(token.encode())
    return FileToken(path)


SOURCES = [literal, asked_for, renewed, in_a_variable, in_a_file]


@pytest.mark.fault("Tokens", "A token is understood as it is pasted, from each source")
@pytest.mark.parametrize("kind", PASTED)
@pytest.mark.parametrize("source", SOURCES)
def test_a_token_as_it_is_pasted(
    source: Callable[..., Any], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = source(PASTED[kind], tmp_path, monkeypatch)
    with playing(reply({}, status=401) if source is renewed else reply(), reply()) as server:
        call(server.host, given, retries=None)

    assert shown(server)[-1] == f"Bearer {TOKEN}"


@pytest.mark.fault("Tokens", "A token is understood as it is pasted, from each source")
@pytest.mark.parametrize("source", [literal, asked_for, renewed])
def test_a_token_of_an_enumeration_is_its_value(
    source: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = source(Name.DEV, tmp_path, monkeypatch)
    with playing(reply({}, status=401) if source is renewed else reply(), reply()) as server:
        call(server.host, given, retries=None)

    assert shown(server)[-1] == f"Bearer {TOKEN}"


def test_a_token_that_is_that_word_alone() -> None:
    with playing(reply()) as server:
        call(server.host, "BEARER\n")

    assert shown(server) == ["Bearer BEARER"]


EMPTY = ["", "  ", "\ufeff\n", "Bearer ", "Bearer \t "]


@pytest.mark.fault("Tokens", "An empty token is none, and the error of the 401 says so")
@pytest.mark.parametrize("empty", EMPTY)
def test_an_empty_token_is_none(empty: str) -> None:
    with (
        playing(reply({}, status=401)) as server,
        pytest.raises(portal_client.UnauthorizedException, match="without a token"),
    ):
        call(server.host, empty)

    assert shown(server) == [None]


@pytest.mark.fault("Tokens", "An empty token is none, and the error of the 401 says so")
@pytest.mark.parametrize("empty", EMPTY)
def test_a_source_without_a_token_is_told_before_anything_is_sent(empty: str) -> None:
    with (
        playing(reply()) as server,
        pytest.raises(AuthenticationError, match="lambda> returned an empty token") as info,
    ):
        call(server.host, lambda: empty)

    assert (info.value.request_sent, server.connections) == (False, 0)


def test_a_renewed_token_that_is_empty_leaves_the_401() -> None:
    with playing(reply({}, status=401)) as server, pytest.raises(portal_client.UnauthorizedException):
        call(server.host, Kept("old", " "), retries=None)

    assert shown(server) == ["Bearer old"]


async def asynchronous() -> str:
    return TOKEN


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
        (lambda: None, "returned NoneType, not str\n"),
        (lambda: TOKEN.encode(), "returned bytes, not str\n"),
        (asynchronous, "asynchronous returned coroutine, not str, which is to be awaited"),
        (lambda: f"{TOKEN}\n{TOKEN}", "access_token holds a line break"),
        (lambda: f"{TOKEN}\r\nX: y", "access_token holds a line break"),
        (lambda: f"{TOKEN}→", "access_token holds the character U\\+2192"),
        (lambda: f"{TOKEN}\x00", "access_token holds the character U\\+0000"),
        (functools.partial(boom), "access_token: partial raised RuntimeError"),
        (functools.partial(lambda token: None, TOKEN), "partial returned NoneType"),
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


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\xfa", b"\xef\xbb\xbf\r\n"])
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
        bearer_token(EnvToken("TOK"))


def test_a_directory_is_no_token_file(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="cannot be read") as info:
        FileToken(tmp_path)()

    assert (info.value.request_sent, info.value.safe_to_repeat) == (False, True)


def test_a_path_that_none_can_have() -> None:
    with pytest.raises(AuthenticationError, match="cannot be read: ValueError"):
        FileToken("a\0b")()


ASKS = """
import sys
from portal_client import AuthenticationError, FileToken
try:
    print(FileToken(sys.argv[1])())
except AuthenticationError as error:
    print(error)
"""


@pytest.mark.fault("Tokens", "A token file that is a pipe or a device is refused, and does not hang")
@pytest.mark.parametrize("kind", ["a named pipe", "standard input", "a device without an end"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_token_file_that_is_no_file(tmp_path: Path, kind: str) -> None:
    named = tmp_path / "pipe"
    os.mkfifo(named)
    path = {"a named pipe": named, "standard input": "/dev/stdin"}.get(kind, "/dev/zero")
    # In a process of its own: one that hangs in open() cannot be freed from outside.
    done = subprocess.run(
        [sys.executable, "-c", ASKS, str(path)], input=TOKEN, capture_output=True, text=True, timeout=20
    )

    assert f"token file {path} cannot be read before each request: it is not a regular" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
