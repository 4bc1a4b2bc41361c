"""Secrets: whatever a token looks like and however a call ends, nothing that can be seen shows it."""

from __future__ import annotations

import copy
import http.client
import io
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal_client import ApiClient, ApiValueError, Configuration, EnvToken, FileToken, SessionsApi
from portal_client.exceptions import ApiException, AuthenticationError
from support.chain import chain
from support.clients import FAULTS, PROMPT, TOKEN, Calling, ca_file, calling, failing, own_frames, server_tls
from support.scripted import reply

PRIVATE = [TOKEN, PROMPT, "file-that", "cookie-that", "header-that", "default-that", "key-that"]
KEY = "key-that-nobody-may-see"


@pytest.fixture
def overheard(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], str]:
    """All that is logged, with the root at its lowest level, and all that is printed, by http.client too."""
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    caplog.set_level(1)
    for name in ("portal_client", "urllib3", "http"):
        logging.getLogger(name).setLevel(1)

    def heard() -> str:
        return "\n".join([stream.getvalue(), caplog.text, *capfd.readouterr()])

    return heard


def shown_by(error: ApiException) -> str:
    """All that can be seen of an error; the frames are those that a tool would print with their variables."""
    lines = ["".join(traceback.format_exception(error)), own_frames(error), f"{error} {error!r}"]
    return "\n".join(
        [*lines, str(vars(error)), str(error.call), *(str(pickle.dumps(each)) for each in chain(error))]
    )


def shown_by_holders(c: Calling) -> str:
    """All that can be seen of the objects that hold the token."""
    configuration = c.client.configuration
    things = [c.api, c.client, configuration, c.client.rest_client, copy.copy(configuration)]
    shown = [f"{thing} {thing!r} {vars(thing)}" for thing in things]
    shown += [str(pickle.dumps(c.client)), str(pickle.dumps(configuration))]
    return "\n".join([*shown, configuration.to_debug_report()])


def everywhere(c: Calling, auth: dict[str, str] | None = None) -> Any:
    """A call that carries something private in every place that there is."""
    c.client.cookie = "c=cookie-that"
    c.client.set_default_header("X-Default", "default-that")
    options: dict[str, Any] = {"_headers": {"X-Mine": "header-that"}, "_request_timeout": (1, 0.2)}
    if auth:
        options["_request_auth"] = auth
    return c.api.create_session("a1", PROMPT, [("name", b"file-that")], **options)


@pytest.mark.fault("Secrets", "However a call fails, nothing private is in its error, in a log or printed")
@pytest.mark.parametrize("fault", FAULTS)
def test_however_a_call_fails_nothing_private_is_seen(fault: str, overheard: Callable[[], str]) -> None:
    with calling(FAULTS[fault]) as c:
        error = failing(lambda: everywhere(c))
        seen = shown_by_holders(c) + overheard()

    sent = f"{c.server.requests[0].headers} {c.server.requests[0].body!r}"
    assert all(private in sent for private in PRIVATE if private != "key-that")
    assert "create_session" in seen
    for private in PRIVATE:
        assert private not in seen
        assert private not in f"{error} {error!r} {vars(error)} {error.call} {pickle.dumps(chain(error))!r}"
    assert TOKEN not in shown_by(error)


@pytest.mark.fault("Secrets", "However a call fails, nothing private is in its error, in a log or printed")
@pytest.mark.parametrize("place", ["header", "query", "cookie"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_credential_of_the_call_is_not_seen(
    scheme: str, place: str, overheard: Callable[[], str], tmp_path: Path
) -> None:
    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(FAULTS["closed"], reply({}, status=500), **tls) as c:
        for _ in range(2):
            error = failing(lambda: everywhere(c, {"in": place, "key": "X-Key", "value": KEY}))
            assert KEY not in f"{error} {error!r} {vars(error)} {error.call} {pickle.dumps(chain(error))!r}"
        seen = shown_by_holders(c) + overheard()

    assert [KEY in f"{request.target} {request.headers}" for request in c.server.requests] == [True, True]
    assert KEY not in seen


def literal(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return token


def asked_for(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda: token


def in_a_variable(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PORTAL_TEST_TOKEN", token)
    return EnvToken("PORTAL_TEST_TOKEN")


def in_a_file(token: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = folder / "token"
    path.write_bytes(token.encode("utf-8", "surrogateescape"))
    return FileToken(path)


#: A token as it may be given, and whether a header can carry it without white space around.
ODD = {
    "a line feed": (f"{TOKEN}\n", True),
    "a line end": (f"{TOKEN}\r\n", True),
    "a line feed within": (f"{TOKEN}\n{TOKEN}", False),
    "Polish": (f"{TOKEN}ł", False),
    "an emoji": (f"\U0001f600{TOKEN}", False),
    "half a pair": (f"{TOKEN}\udcff", False),
    "NUL": (f"{TOKEN}\x00", False),
    "Latin": (f"{TOKEN}é", True),
}


@pytest.mark.fault("Secrets", "A token that ends in a line end or is not Latin is sent or refused, not shown")
@pytest.mark.parametrize("source", [literal, asked_for, in_a_variable, in_a_file])
@pytest.mark.parametrize("kind", ODD)
def test_an_odd_token_is_not_shown(
    kind: str,
    source: Callable[..., Any],
    overheard: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, good = ODD[kind]
    if source is in_a_variable and "\x00" in token:
        token = f"{TOKEN}\x01"  # no variable holds NUL
    with calling(reply()) as c:
        if source is literal and not good:
            with pytest.raises(ApiValueError) as refused:
                c.client.configuration.access_token = token
            assert TOKEN not in f"{refused.value} {refused.value!r} {vars(refused.value)}"
            assert c.client.configuration.access_token == TOKEN
        else:
            c.client.configuration.access_token = source(token, tmp_path, monkeypatch)
            if good:
                assert c.api.get_session("s1").id == "s1"
            else:
                error = failing(lambda: c.api.get_session("s1"))
                assert isinstance(error, AuthenticationError)
                assert TOKEN not in shown_by(error)
        shown = shown_by_holders(c) if source is not asked_for else c.client.configuration.to_debug_report()
        assert TOKEN not in shown + overheard()

    assert len(c.server.requests) == (1 if good else 0)
    for request in c.server.requests:
        sent = str(request.headers["Authorization"]).encode("utf-8", "surrogateescape").decode("latin-1")
        assert TOKEN in sent


@pytest.mark.fault("Secrets", "Pickle carries no secret, and what comes out says what it lost")
def test_a_pickled_client_holds_no_token() -> None:
    with calling(reply()) as c:
        data = pickle.dumps(c.client)
        again = pickle.loads(data)
        error = failing(lambda: SessionsApi(again).get_session("s1"))

    assert TOKEN.encode() not in data
    assert isinstance(error, AuthenticationError)
    assert "access_token" in str(error.reason)
    assert c.server.connections == 0


@pytest.mark.fault("Secrets", "No repr, str or vars() shows a secret")
def test_a_client_shows_none_of_its_secrets() -> None:
    client = ApiClient(Configuration(access_token=TOKEN), "X-Key", KEY, cookie=KEY)

    assert not any(
        secret in f"{client!r} {vars(client)} {vars(client.configuration)}" for secret in (TOKEN, KEY)
    )
