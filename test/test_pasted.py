"""What was pasted with a setting is told: white space and quotes around it, and a scheme that is lacking."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela.extensions.proxy_config import ProxyConfig
from portal_client import ApiClient, ApiValueError, AuthenticationError, Configuration, FileToken, SessionsApi
from portal_client.auth import OAuth2Password
from portal_client.pasted import described_path, url_hint
from support.clients import ca_file


def _to_token_endpoint(url: str) -> object:
    return OAuth2Password(url, "ann", "s3cret", "id", "secret")


def _over_proxy(url: str) -> object:
    with ApiClient(Configuration("http://somewhere.test", proxy=url)) as client:
        return SessionsApi(client).get_session("s1")


@pytest.mark.parametrize(
    "use", [Configuration, _to_token_endpoint, _over_proxy, ProxyConfig], ids=lambda use: use.__name__
)
@pytest.mark.parametrize(
    ("around", "told"),
    [
        (" {}", "white space around it"),
        ("{} ", "white space around it"),
        ("{}\n", "white space around it"),
        ("\t{}", "white space around it"),
        ("\ufeff{}", "white space around it"),
        ('"{}"', "quotes around it"),
        ("'{}", "quotes around it"),
    ],
)
def test_what_stands_around_a_url_is_why(use: Callable[[str], object], around: str, told: str) -> None:
    value = around.format("http://localhost:8000")

    with pytest.raises(ApiValueError, match=f"such as http.*; {re.escape(repr(value))} has {told}$"):
        use(value)


@pytest.mark.parametrize(
    "use", [Configuration, _to_token_endpoint, ProxyConfig], ids=lambda use: use.__name__
)
@pytest.mark.parametrize("value", ["localhost:8000", "portal.example.com", " 127.0.0.1/api", "http:/x.test"])
def test_a_scheme_that_lacks_is_why(use: Callable[[str], object], value: str) -> None:
    with pytest.raises(ApiValueError, match=f"; {re.escape(repr(value))} has no scheme, such as http://$"):
        use(value)


@pytest.mark.parametrize(
    "value", ["", " ", "http://ho st", "ftp://h", "ann:s3cret", "http://ann:s3cret@h ", 5]
)
def test_of_anything_else_nothing_is_said(value: Any) -> None:
    with pytest.raises(ApiValueError, match=r"without credentials, query or fragment$"):
        Configuration(host=value)


@pytest.mark.parametrize(
    ("use", "value"),
    [
        (_over_proxy, " http://ann:s3cret@proxy.test"),
        (ProxyConfig, "ann:s3cret@proxy.test"),
        (_to_token_endpoint, "https://identity.test/token?key=s3cret\n"),
    ],
)
def test_a_url_that_may_hold_a_secret_is_not_shown(use: Callable[[str], object], value: str) -> None:
    with pytest.raises(
        ApiValueError, match=r"; it has (white space around it|no scheme, such as http://)$"
    ) as info:
        use(value)

    assert "s3cret" not in str(info.value)


def test_a_url_that_is_not_usable_either_way_is_not_explained() -> None:
    assert url_hint(" h", lambda _: False) == ""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("a b.pem", "a b.pem"),
        (Path("no/ca.pem"), "no/ca.pem"),
        ("ca.pem\n", r"'ca.pem\n', which has white space around it,"),
        ("'ca.pem'", "\"'ca.pem'\", which has quotes around it,"),
    ],
)
def test_a_path(path: Any, told: str) -> None:
    assert described_path(path) == told


@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file", "key_file"])
def test_the_path_of_a_certificate_is_told(setting: str, tmp_path: Path) -> None:
    given: Any = {"cert_file": ca_file(tmp_path)} if setting == "key_file" else {}
    with (
        ApiClient(Configuration("https://127.0.0.1:9", **{**given, setting: " here.pem"})) as client,
        pytest.raises(
            ApiValueError, match=f"^{setting}: ' here.pem', which has white space around it, cannot be"
        ),
    ):
        SessionsApi(client).get_session("s1")


def test_the_path_of_a_token_is_told() -> None:
    with pytest.raises(
        AuthenticationError, match="'/run/token ', which has white space around it, cannot be read"
    ):
        FileToken("/run/token ")()
