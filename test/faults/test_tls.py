"""TLS: who is trusted, who is not, and what is sent to neither; the way through a proxy."""

from __future__ import annotations

import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal_client.exceptions import ApiConnectionError, ApiValueError
from support.clients import TOKEN, authority, ca_file, calling, failing, server_tls, tunnel
from support.scripted import playing, reply


def refused(tls: ssl.SSLContext, **settings: Any) -> str:
    """Why a server was not trusted; it has not received a byte of the request."""
    with calling(reply(), tls=tls, **settings) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert isinstance(error, ApiConnectionError)
    assert (error.status, error.request_sent) == (0, False)
    assert error.call is not None
    assert error.call.sent == 0
    assert c.server.requests == []
    assert c.server.connections == 1  # it will not be better the next time
    return str(error.reason)


@pytest.mark.fault("TLS and proxies", "A certificate that has expired is refused, and nothing sent")
def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = datetime(2020, 1, 1, tzinfo=UTC)
    expired = authority().issue_cert("127.0.0.1", not_before=ended - timedelta(days=90), not_after=ended)
    expired.configure_cert(tls)

    assert "expired" in refused(tls, ssl_ca_cert=ca_file(tmp_path))


@pytest.mark.fault("TLS and proxies", "A server that speaks plain text is refused, and nothing sent to it")
def test_a_server_of_plain_text_is_refused() -> None:
    with calling(b"HTTP/1.1 200 OK\r\n\r\n") as c:
        c.client.configuration.host = c.server.host.replace("http:", "https:")
        error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=5))

    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is False
    assert not any("hello" in f"{r.target} {r.headers} {r.body!r}" for r in c.server.requests)


@pytest.mark.fault("TLS and proxies", "What a server of TLS sends to a plain client is no response")
def test_a_server_of_tls_is_no_response_to_plain_text() -> None:
    with calling(reply(), tls=server_tls(), retries=False) as c:
        c.client.configuration.host = c.server.host.replace("https:", "http:")
        error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=5))

    assert isinstance(error, ApiConnectionError)
    assert c.server.requests == []


@pytest.mark.fault("TLS and proxies", "A protocol older than TLS 1.2 is refused")
@pytest.mark.parametrize("truststore", [False, True])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_old_protocol_is_refused(truststore: bool, tmp_path: Path) -> None:
    tls = server_tls()
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1

    refused(tls, ssl_ca_cert=ca_file(tmp_path), truststore=truststore)


# ── the store of the system ──


@pytest.fixture
def trusting_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux the system's store is where OpenSSL looks, which this variable moves."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))


@pytest.mark.fault("TLS and proxies", "With truststore the system's store is asked")
@pytest.mark.usefixtures("trusting_system")
@pytest.mark.skipif(sys.platform != "linux", reason="the store cannot be moved")
def test_truststore_asks_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    truststore = pytest.importorskip("truststore")
    asked: list[str] = []
    wrap = truststore.SSLContext.wrap_socket

    def counted(context: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(options["server_hostname"])
        return wrap(context, *arguments, **options)

    monkeypatch.setattr(truststore.SSLContext, "wrap_socket", counted)
    with calling(reply(), tls=server_tls(), truststore=True) as c:
        assert c.api.get_session("s1").id == "s1"
        assert c.api.create_session("a1", "hello").id == "s1"

    assert asked == ["127.0.0.1"]
    assert len(c.server.requests) == 2


@pytest.mark.fault("TLS and proxies", "With truststore an unknown authority and a wrong name are refused")
@pytest.mark.parametrize("name", ["127.0.0.1", "other.test"])
def test_truststore_refuses(name: str, tmp_path: Path) -> None:
    pytest.importorskip("truststore")
    known: Any = {"ssl_ca_cert": ca_file(tmp_path)} if name == "other.test" else {}

    assert "certificate verify failed" in refused(server_tls(name), truststore=True, **known)


@pytest.mark.fault("TLS and proxies", "With truststore a CA file of one's own is trusted besides")
def test_truststore_takes_an_own_authority(tmp_path: Path) -> None:
    pytest.importorskip("truststore")
    with calling(reply(), tls=server_tls(), truststore=True, ssl_ca_cert=ca_file(tmp_path)) as c:
        assert c.api.get_session("s1").id == "s1"


@pytest.mark.fault("TLS and proxies", "With truststore the CA variables of the environment are not asked")
def test_truststore_beats_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("truststore")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file(tmp_path))

    assert "certificate verify failed" in refused(server_tls(), truststore=True)


@pytest.mark.fault("TLS and proxies", "Without its package truststore is an error that names the extra")
def test_truststore_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "truststore", None)
    extra = pytest.raises(ApiValueError, match=r"portal-client\[truststore\]")
    with calling(reply(), tls=server_tls(), truststore=True) as c, extra:
        c.api.create_session("a1", "hello")

    assert c.server.connections == 0


@pytest.mark.fault("TLS and proxies", "verify_ssl=False counts with truststore too")
def test_truststore_without_verification() -> None:
    warned = pytest.warns(Warning, match="Unverified HTTPS request")
    with calling(reply(), tls=server_tls("other.test"), truststore=True, verify_ssl=False) as c, warned:
        assert c.api.get_session("s1").id == "s1"


# ── proxies ──


def to_loopback(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a name be an address of this machine."""
    asked = socket.getaddrinfo

    def found(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        return asked("127.0.0.1" if host == name else host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.fault(
    "TLS and proxies", "HTTPS_PROXY tunnels: its credentials are for it, the token for the server"
)
@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_the_proxy_for_https_tunnels(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        playing(reply(), tls=server_tls("somewhere.test")) as server,
        playing(tunnel(server.port)) as proxy,
    ):
        monkeypatch.setenv(name, proxy.host.replace("://", "://user:secret@"))
        with calling(reply(), ssl_ca_cert=ca_file(tmp_path)) as c:
            c.client.configuration.host = "https://somewhere.test"
            assert c.api.create_session("a1", "hello").id == "s1"

    (connect,) = proxy.requests
    assert (connect.method, connect.target) == ("CONNECT", "somewhere.test:443")
    assert connect.headers["Proxy-Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert TOKEN not in str(connect.headers)
    (request,) = server.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Proxy-Authorization" not in request.headers


@pytest.mark.fault("TLS and proxies", "NO_PROXY is honoured for https")
def test_no_proxy_is_honoured_for_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to_loopback(monkeypatch, "somewhere.test")
    with playing(reply(), tls=server_tls("somewhere.test")) as server, playing(reply()) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.host)
        monkeypatch.setenv("NO_PROXY", ".test")
        with calling(reply(), ssl_ca_cert=ca_file(tmp_path)) as c:
            c.client.configuration.host = f"https://somewhere.test:{server.port}"
            assert c.api.get_session("s1").id == "s1"

    assert (len(server.requests), proxy.connections) == (1, 0)


@pytest.mark.fault("TLS and proxies", "A server behind a proxy is judged by its own certificate and name")
def test_a_server_behind_a_proxy_is_judged(tmp_path: Path) -> None:
    with (
        playing(reply(), tls=server_tls("other.test")) as server,
        playing(tunnel(server.port)) as proxy,
        calling(reply(), proxy=proxy.host, ssl_ca_cert=ca_file(tmp_path)) as c,
    ):
        c.client.configuration.host = "https://somewhere.test"
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert "certificate verify failed" in str(error.reason)
    assert error.request_sent is False
    assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert server.requests == []
