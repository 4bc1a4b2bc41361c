"""The proxy as a value."""

from __future__ import annotations

import pickle
from base64 import b64decode
from typing import Any

import pytest

from finbourne_candela.extensions.proxy_config import ProxyConfig
from portal_client.exceptions import ApiValueError, AuthenticationError

WORD = "p@ss:w/örd →"


def test_without_a_name_there_are_no_headers() -> None:
    proxy = ProxyConfig("http://proxy.test:8080")

    assert (proxy.address, proxy.username, proxy.password, proxy.headers) == (
        "http://proxy.test:8080",
        None,
        None,
        {},
    )
    assert proxy.format_proxy_schema() == {"http": proxy.address, "https": proxy.address}


def test_name_and_password_are_encoded() -> None:
    proxy = ProxyConfig("https://proxy.test:8080", "ann@home", WORD)

    (name, value), *others = proxy.headers.items()
    assert (name, others) == ("proxy-authorization", [])
    assert value.startswith("Basic ")
    assert b64decode(value[6:]).decode() == f"ann@home:{WORD}"
    url = "https://ann%40home:p%40ss%3Aw%2F%C3%B6rd%20%E2%86%92@proxy.test:8080"
    assert proxy.format_proxy_schema() == {"http": url, "https": url}


def test_a_name_alone_has_an_empty_password() -> None:
    assert b64decode(ProxyConfig("http://p.test", "ann").headers["proxy-authorization"][6:]) == b"ann:"


def test_an_address_may_hold_name_and_password() -> None:
    proxy = ProxyConfig("http://ann%40home:p%3Aw@proxy.test:8080")

    assert (proxy.address, proxy.username, proxy.password) == ("http://proxy.test:8080", "ann@home", "p:w")


def test_those_that_are_given_beat_those_in_the_address() -> None:
    proxy = ProxyConfig("http://ann:old@proxy.test", "bob", "new")

    assert (proxy.username, proxy.password) == ("bob", "new")
    assert "old" not in str(proxy.format_proxy_schema())


@pytest.mark.parametrize("address", ["proxy.test:8080", "", "ftp://p.test", "http://", "http://[", None, 5])
def test_an_address_that_is_none(address: Any) -> None:
    with pytest.raises(ApiValueError, match="the proxy's address must be a URL such as http://"):
        ProxyConfig(address)


def test_nothing_shows_the_password() -> None:
    proxy = ProxyConfig("http://ann:s3cret@proxy.test")

    assert repr(proxy) == "ProxyConfig('http://proxy.test')"
    assert "s3cret" not in f"{vars(proxy)} {proxy}"
    packed = pickle.dumps(proxy)
    assert b"s3cret" not in packed
    with pytest.raises(AuthenticationError, match="username was given as a literal"):
        pickle.loads(packed).headers  # noqa: B018
