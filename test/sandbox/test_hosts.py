"""Hosts: the names that are accepted, on every route; a refused request has no effect."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox import hosts

from .conftest import Caller, Start

OWN = [
    "localhost",
    "LOCALHOST:8000",
    "localhost.",
    "box.localhost:1",
    "127.0.0.1",
    "127.0.0.1:8000",
    "10.1.2.3",
    "0.0.0.0:8000",
    "[::1]",
    "[::1]:8000",
    "[::ffff:127.0.0.1]:8000",
    "[fe80::1%25eth0]:8000",
]
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "evil.example.",
    "localhost.evil.example",
    "localhostevil",
    "evillocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "evil@127.0.0.1",
    "127.0.0.1@evil.example",
    "localhost:8000@evil.example",
    "localhost:8000:8000",
    "localhost, evil.example",
    "2130706433",
    "0x7f000001",
    "127.1",
    "[::1",
    "::1",
    "[127.0.0.1]",
    "[localhost]",
    ":8000",
    "",
]
ROUTES = [
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui-bundle.js"),
    ("GET", "/openapi.json"),
    ("GET", "/sessions/grouped"),
    ("POST", "/sessions"),
    ("GET", "/sessions/session_id_example/subscribe"),
    ("GET", "/nowhere"),
    ("OPTIONS", "/sessions"),
    ("GET", "/candela/docs"),
    ("GET", "/candela/openapi.json"),
    ("GET", "/candela/sessions/list"),
    ("GET", "/candela/session/stop"),
    ("POST", "/candela/oauth2/v1/token"),
]


@pytest.fixture(scope="module")
def demo() -> Iterator[Caller]:
    with portal_sandbox.running(demo_data=True) as box, Caller(box.host, "any") as caller:
        yield caller


@pytest.mark.parametrize("host", OWN)
def test_a_name_of_this_machine_and_an_address_pass(demo: Caller, host: str) -> None:
    assert hosts.is_own(host)
    headers = {**demo.http.headers, "Host": host}
    assert demo.call("GET", "/sessions/grouped", headers=headers).status == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_another_name_is_refused(demo: Caller, host: str) -> None:
    assert not hosts.is_own(host)
    response = demo.call("GET", "/sessions/grouped", headers={**demo.http.headers, "Host": host})
    assert response.status == 403
    assert "--allow-host" in response.json()["detail"]
    assert "evil" not in response.data.decode()
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_it_is_refused_on_every_route(demo: Caller, method: str, path: str) -> None:
    response = demo.call(method, path, headers={**demo.http.headers, "Host": "evil.example"})

    assert response.status == 403
    assert response.json().keys() == {"detail"}


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:8000", "http://localhost.evil.example"]
)
def test_a_page_of_another_name_is_refused(demo: Caller, origin: str) -> None:
    assert demo.call("GET", "/docs", headers={"Origin": origin}).status == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "null", "moz-extension://a"])
def test_a_page_of_this_machine_or_without_a_name_passes(demo: Caller, origin: str) -> None:
    assert demo.call("GET", "/docs", headers={"Origin": origin}).status == 200


def test_a_prompt_under_another_name_is_not_taken(start: Start) -> None:
    caller = start(tokens={"dev-token": "ann"})
    fields = [("agent_id", "echo"), ("text_prompt", "hello")]

    refused = caller.call(
        "POST", "/sessions", fields=fields, headers={**caller.http.headers, "Host": "evil.example"}
    )

    assert refused.status == 403
    assert caller.get("/sessions", agent_id="echo") == {"sessions": []}


@pytest.mark.parametrize(
    "head",
    [
        "GET /sessions/grouped HTTP/1.0",  # without a Host
        "GET http://evil.example/sessions/grouped HTTP/1.1\r\nHost: evil.example",
        "GET http://localhost/sessions/grouped HTTP/1.1\r\nHost: evil.example",
        "GET /sessions/grouped HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost",
        "GET /sessions/grouped HTTP/1.1\r\nHost: evil.example\r\nForwarded: host=localhost",
    ],
)
def test_other_forms_of_a_request_are_refused(demo: Caller, head: str) -> None:
    assert demo.status(head) == 403


@pytest.mark.parametrize(
    "head",
    [
        "GET /sessions/grouped HTTP/1.1",
        "GET /sessions/grouped HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
    ],
)
def test_none_or_two_hosts_are_no_request(demo: Caller, head: str) -> None:
    assert demo.status(head) == 400


def test_allowed_hosts_pass(start: Start) -> None:
    caller = start(allowed_hosts=["Portal.test", "sandbox"])

    def status(**headers: str) -> int:
        return caller.call("GET", "/sessions/grouped", headers={**caller.http.headers, **headers}).status

    assert [status(Host=host) for host in ("portal.test:8000", "SANDBOX", "localhost")] == [200] * 3
    assert status(Host="a.sandbox") == status(Host="other") == 403
    assert status(Host="sandbox", Origin="http://sandbox:8000") == 200
    assert (
        caller.call("GET", "/", headers={"Host": "sandbox", "Accept": "text/html"}).status == 403
    )  # the page stays local


def test_beyond_this_machine_any_name_passes_unless_some_are_allowed(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    any_name, some = start(host="0.0.0.0"), start(host="0.0.0.0", allowed_hosts=["sandbox"])

    def status(caller: Caller, host: str) -> int:
        headers = {**caller.http.headers, "Host": host}
        return caller.call("GET", "/sessions/grouped", headers=headers).status

    assert status(any_name, "sandbox:8000") == status(any_name, "other") == 200
    assert (status(some, "sandbox:8000"), status(some, "other"), status(some, "10.1.2.3")) == (200, 403, 200)
    assert any_name.host.startswith("http://127.0.0.1:")
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert warnings[0].startswith("The sandbox listens on 0.0.0.0: other machines in the network")


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        ("sandbox", "allowed_hosts must be a list such as"),
        ([1], 'each of allowed_hosts must be a name such as "sandbox"'),
        (["http://sandbox"], "'http://sandbox' is not the name of a host, without scheme and port"),
        (["sandbox:8000"], "'sandbox:8000' is not the name of a host, without scheme and port"),
        ([""], "'' is not the name of a host"),
        (["*"], r"'\*' is not the name of a host"),
    ],
)
def test_allowed_hosts_are_names(allowed: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message), portal_sandbox.running(allowed_hosts=allowed):
        pass
