"""Tokens for the password in the settings."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from finbourne_candela.extensions.api_configuration import ApiConfiguration
from finbourne_candela.extensions.proxy_config import ProxyConfig
from finbourne_candela.extensions.refreshing_token import RefreshingToken
from portal_client.exceptions import ApiValueError, AuthenticationError
from support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    PRIVATE,
    USERNAME,
    HandClock,
    basic,
    form,
    granted,
    refused,
)
from support.scripted import playing, reply

SCOPE = "openid client groups offline_access"


def settings(host: str, **changes: Any) -> ApiConfiguration:
    given = {
        "token_url": f"{host}/oauth2/v1/token",
        "username": USERNAME,
        "password": PASSWORD,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    return ApiConfiguration(**{**given, **changes})


def token_of(host: str, clock: HandClock, **options: Any) -> RefreshingToken:
    token = RefreshingToken(settings(host), **options)
    token._now = clock.now
    return token


def test_it_can_be_used_as_a_text() -> None:
    clock = HandClock()
    with playing(granted(1), granted(2)) as identity:
        token = token_of(identity.host, clock)
        assert identity.connections == 0
        assert f"Bearer {token}" == "Bearer " + token == "Bearer access-1"
        clock.time += 3539
        assert str(token) == "access-1"
        clock.time += 1
        assert token == "access-2"
        assert (token() == token.data, token.startswith("access")) == (True, True)

    first, second = identity.requests
    assert form(first) == {
        "grant_type": "password",
        "scope": SCOPE,
        "username": USERNAME,
        "password": PASSWORD,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    assert form(second) == {"grant_type": "refresh_token", "scope": SCOPE, "refresh_token": "refresh-1"}
    assert basic(second) == (CLIENT_ID, CLIENT_SECRET)


def test_the_time_before_it_expires_is_settable() -> None:
    clock = HandClock()
    with playing(granted(1), granted(2)) as identity:
        token = token_of(identity.host, clock, expiry_offset=600)
        assert token == "access-1"
        clock.time += 3000
        assert token == "access-2"


def test_each_response_can_be_looked_at() -> None:
    seen: list[tuple[int, Any]] = []
    with playing(granted(1)) as identity:
        token = token_of(
            identity.host,
            HandClock(),
            id_provider_response_handler=lambda r: seen.append((r.status_code, r.json()["token_type"])),
        )
        str(token)

    assert seen == [(200, "Bearer")]


def test_it_goes_through_the_proxy_of_the_settings() -> None:
    with playing(granted(1)) as proxy:
        given = settings("https://identity.test", proxy_config=ProxyConfig(proxy.host, "ann", "word"))
        with pytest.raises(AuthenticationError):
            str(RefreshingToken(given))

    request = proxy.requests[0]
    assert (request.method, request.target) == ("CONNECT", "identity.test:443")
    assert request.headers["Proxy-Authorization"] == "Basic YW5uOndvcmQ="


def test_a_failure_does_not_block_the_next_use() -> None:
    with playing(refused("invalid_grant", "Wrong."), granted(1)) as identity:
        token = token_of(identity.host, HandClock())
        with pytest.raises(AuthenticationError, match="invalid_grant: Wrong") as info:
            str(token)
        assert str(token) == "access-1"

    assert isinstance(info.value, ValueError)
    assert info.value.status == 400


def test_settings_are_needed() -> None:
    with pytest.raises(ApiValueError, match="settings are missing:\n  password: the argument password"):
        RefreshingToken(settings("https://identity.test", password=None))


def test_asking_whether_it_is_there_fetches_nothing() -> None:
    with playing(granted()) as identity:
        assert token_of(identity.host, HandClock())

    assert identity.connections == 0


def test_it_hides() -> None:
    with playing(granted(1), reply()) as identity:
        token = token_of(identity.host, HandClock())
        str(token)
        token._now = lambda: 0.0
        packed = pickle.dumps(RefreshingToken(settings(identity.host)))

    assert repr(token) == f"RefreshingToken('{identity.host}/oauth2/v1/token')"
    for private in PRIVATE:
        assert private not in f"{vars(token)}"
        assert private.encode() not in packed
    with pytest.raises(AuthenticationError, match="was given as a literal"):
        str(pickle.loads(packed))
