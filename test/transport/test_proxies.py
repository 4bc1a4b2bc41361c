"""Which proxy a call takes, who is excluded, what a proxy is shown, and what is said of a wrong one."""

from __future__ import annotations

import socket
import ssl
import sys
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from urllib3.util import parse_url

from finbourne_candela.extensions.api_configuration import ApiConfiguration
from finbourne_candela.extensions.proxy_config import ProxyConfig
from portal_client import Configuration, SessionsApi
from portal_client.exceptions import ApiConnectionError, ApiException, ApiTimeoutError, ApiValueError
from portal_client.request import Origin
from portal_client.transport.proxies import excluded
from support.clients import (
    TOKEN,
    authority,
    ca_file,
    call,
    calling,
    client_of,
    failing,
    own_frames,
    server_tls,
    tunnel,
)
from support.scripted import Connection, Received, Script, playing, reply
from support.socks_proxy import socks_proxy

ANN = r"CORP\ann"
WORD = "pä@ss:w/ö#rd"


@pytest.fixture
def to_loopback(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets every name and address lead to this machine; what was asked for stands in the list."""
    real, asked = socket.getaddrinfo, list[str]()

    def found(host: Any, *more: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


# ── who is excluded ──

EXCLUDED = [
    # names, and those below them
    ("http://example.com", "example.com", True),
    ("http://www.example.com", "example.com", True),
    ("http://notexample.com", "example.com", False),
    ("http://example.com.evil.test", "example.com", False),
    ("http://com", "example.com", False),
    ("http://example.com", ".example.com", True),
    ("http://www.example.com", ".example.com", True),
    ("http://notexample.com", ".example.com", False),
    ("http://www.example.com", "*.example.com", True),
    ("http://example.com", "*.example.com", False),
    ("http://www.example.com", "*example.com", False),
    ("http://www.example.com", "www.*.com", False),
    ("http://EXAMPLE.com", "Example.COM", True),
    ("http://example.com.", "example.com", True),
    ("http://example.com", "example.com.", True),
    ("http://münchen.example", "münchen.example", True),
    ("http://münchen.example", "XN--MNCHEN-3YA.example", True),
    ("http://münchen.example", ".münchen.example", True),
    ("http://www.münchen.example", "*.münchen.example", True),
    # more dots than one name has: nobody, as in curl and Go
    ("http://example.com", "..example.com", False),
    ("http://www.example.com", "..example.com", False),
    ("http://www.example.com", "*..example.com", False),
    ("http://www.example.com", "*.*.example.com", False),
    ("http://example.com", "example.com..", False),
    # all, and nothing
    ("http://example.com", "*", True),
    ("http://[fd00::5]", "*", True),
    ("http://example.com", "other.test, *", True),
    ("http://example.com", "", False),
    ("http://example.com", " , ,, . ,", False),
    # how items are separated
    ("http://example.com", "other.test,example.com", True),
    ("http://example.com", " other.test ,\texample.com ", True),
    ("http://example.com", "other.test example.com", True),
    # ports
    ("http://example.com:8080", "example.com:8080", True),
    ("http://example.com:8081", "example.com:8080", False),
    ("http://example.com", "example.com:80", True),
    ("https://example.com", "example.com:443", True),
    ("https://example.com", "example.com:80", False),
    ("http://www.example.com:8080", ".example.com:8080", True),
    ("http://example.com:8080", "example.com:port", False),
    ("http://10.1.2.3:8080", "10.1.2.3:8080", True),
    ("http://10.1.2.3:8081", "10.1.2.3:8080", False),
    ("http://[fd00::5]:8080", "[fd00::5]:8080", True),
    ("http://[fd00::5]:8081", "[fd00::5]:8080", False),
    ("http://10.1.2.3:8080", "[10.1.2.3]:8080", True),
    # a port is compared as it is written, as in Go
    ("http://example.com", "example.com:0080", False),
    ("http://example.com", "example.com:", False),
    ("http://example.com", "*:80", False),
    ("http://[fd00::5]:80", "[fd00::5]:080", False),
    # addresses
    ("http://10.1.2.3", "10.1.2.3", True),
    ("http://10.1.2.30", "10.1.2.3", False),
    ("http://10.1.2.3", "2.3", False),
    ("http://10.1.2.3", ".2.3", False),
    ("http://3.example.com", "10.1.2.3", False),
    ("http://[fd00::5]", "fd00::5", True),
    ("http://[fd00::5]", "[fd00::5]", True),
    ("http://[FD00:0::0005]", "fd00::5", True),
    ("http://[fd00::5]", "FD00:0:0:0:0:0:0:5", True),
    ("http://[fd00::6]", "fd00::5", False),
    ("http://[fe80::1%25eth0]", "fe80::1", True),
    ("http://[fd00::5]:8000", "localhost,::1,fd00::5", True),
    # brackets that do not match: nobody, as in Go
    ("http://[fd00::5]", "[fd00::5", False),
    ("http://[fd00::5]", "fd00::5]", False),
    ("http://[fd00::5]", "[[fd00::5]]", False),
    ("http://[fd00::5]", "]fd00::5[", False),
    ("http://[fd00::5]", "[fd00::]5", False),
    ("http://[fd00::5]", "[fd00::/8", False),
    ("http://[fd00::5]:8080", "[fd00::5]]:8080", False),
    ("http://10.1.2.3", "[10.1.2.3", False),
    # networks
    ("http://10.1.2.3:8000", "10.0.0.0/8", True),
    ("http://11.1.2.3", "10.0.0.0/8", False),
    ("http://10.1.2.3", "10.1.2.3/8", True),  # the bits behind the length do not count
    ("http://10.1.2.3", "10.1.2.3/32", True),
    ("http://10.1.2.4", "10.1.2.3/32", False),
    ("http://11.1.2.3", "0.0.0.0/0", True),
    ("http://10.1.2.3", "10.0.0.0/33", False),
    ("http://10.1.2.3", "10.0.0.0/", False),
    ("http://10.example.com", "10.0.0.0/8", False),
    ("http://[fd00::5]", "fd00::/8", True),
    ("http://[fd00::5]", "[fd00::]/8", True),
    ("http://[fd00::5]", "[fd00::/8]", True),
    ("http://[fe80::5]", "fd00::/8", False),
    ("http://10.1.2.3", "::/0", False),
    ("http://[fd00::5]", "0.0.0.0/0", False),
    # IPv4 within IPv6
    ("http://[::ffff:10.1.2.3]", "10.0.0.0/8", True),
    ("http://[::ffff:10.1.2.3]", "10.1.2.3", True),
    ("http://10.1.2.3", "::ffff:10.1.2.3", True),
    ("http://10.1.2.3", "::ffff:10.0.0.0/104", True),
]


@pytest.mark.fault("TLS and proxies", "NO_PROXY is honoured")
@pytest.mark.parametrize(("url", "no_proxy", "expected"), EXCLUDED)
def test_no_proxy_by_its_items(url: str, no_proxy: str, expected: bool) -> None:
    assert excluded(Origin.of(parse_url(url)), no_proxy) is expected


@pytest.mark.fault("TLS and proxies", "NO_PROXY is honoured")
@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("[fd00::5]", "fd00::/8", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "fd00::/8 11.0.0.0/8", False),
        ("www.example.test", "*.example.test", True),
        ("example.test", "*.example.test", False),
    ],
)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_a_proxy_sees_nothing_of_who_is_excluded(
    name: str, host: str, no_proxy: str, direct: bool, to_loopback: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, no_proxy)
    with playing(reply()) as server, playing(reply()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.host)
        call(f"http://{host}:{server.port}", TOKEN)

    assert (len(server.requests), proxy.connections) == ((1, 0) if direct else (0, 1))


def test_the_port_of_the_request_counts(to_loopback: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(reply()) as server, playing(reply()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.host)
        monkeypatch.setenv("no_proxy", f"example.test:{server.port}")
        call(f"http://example.test:{server.port}")
        call(f"http://example.test:{server.port + 1}")

    assert (len(server.requests), len(proxy.requests)) == (1, 1)


# ── which one is taken ──


@pytest.fixture
def two_proxies() -> Iterator[tuple[Script, Script]]:
    with playing(reply()) as one, playing(reply()) as other:
        yield one, other


@pytest.mark.parametrize(
    ("first", "second"),
    [("http_proxy", "HTTP_PROXY"), ("http_proxy", "all_proxy"), ("HTTP_PROXY", "ALL_PROXY")],
)
def test_which_variable_wins(
    first: str, second: str, two_proxies: tuple[Script, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_proxies
    monkeypatch.setenv(first, one.host)
    monkeypatch.setenv(second, other.host)
    call("http://somewhere.test")

    assert (len(one.requests), other.connections) == (1, 0)


@pytest.mark.fault("TLS and proxies", "HTTP_PROXY is left alone in a CGI script, where a request can set it")
def test_a_cgi_script_leaves_http_proxy_alone(
    two_proxies: tuple[Script, Script], to_loopback: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = two_proxies
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    monkeypatch.setenv("HTTP_PROXY", proxy.host)
    call(f"http://somewhere.test:{server.port}", TOKEN)
    monkeypatch.setenv("http_proxy", proxy.host)  # no header becomes this one
    call(f"http://somewhere.test:{server.port}", TOKEN)

    assert (len(server.requests), len(proxy.requests)) == (1, 1)


def test_the_systems_proxy_counts_where_the_environment_has_none(
    two_proxies: tuple[Script, Script], to_loopback: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As macOS and Windows have one; urllib asks them."""
    system, variable = two_proxies
    bypassed: list[str] = []

    def bypass(host: str) -> bool:
        bypassed.append(host)
        return host.startswith("inside.test")

    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": system.host})
    monkeypatch.setattr(urllib.request, "proxy_bypass", bypass)
    call("http://somewhere.test")
    call(f"http://inside.test:{variable.port}")  # to that port on this machine
    assert (len(system.requests), [r.target for r in variable.requests]) == (1, ["/sessions/s1"])

    monkeypatch.setenv("http_proxy", variable.host)
    call("http://inside.test")
    assert (len(system.requests), len(variable.requests)) == (1, 2)
    assert bypassed == ["somewhere.test:80", f"inside.test:{variable.port}"]


# ── what a proxy is shown ──


def basic(request: Received) -> str:
    """Name and password of the proxy, as its header holds them."""
    kind, _, value = request.headers["Proxy-Authorization"].partition(" ")
    assert kind == "Basic"
    return b64decode(value).decode()


WRITTEN = [
    ("ann:pw", "ann:pw"),
    ("ann", "ann:"),
    ("ann:", "ann:"),
    ("a%40b:p%3Aw%25", "a@b:p:w%"),
    ("j%C3%B6rg:pass%20wort", "jörg:pass wort"),
    ("jörg:pass wort", "jörg:pass wort"),
    (f"{ANN}:pw", f"{ANN}:pw"),
    ("CORP%5Cann:pw", f"{ANN}:pw"),
    ("ann@corp.test:p@ss", "ann@corp.test:p@ss"),
    ("ann:p#s?s/w", "ann:p#s?s/w"),
    ("ann:100%", "ann:100%"),
]


@pytest.mark.fault("TLS and proxies", "A proxy's credentials are read as people write them, in UTF-8")
@pytest.mark.parametrize(("written", "meant"), WRITTEN)
@pytest.mark.parametrize("place", ["setting", "variable", "candela"])
def test_credentials_are_decoded(
    written: str, meant: str, place: str, to_loopback: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(reply()) as proxy:
        url = f"http://{written}@127.0.0.1:{proxy.port}"
        settings = Configuration(access_token=TOKEN)
        if place == "variable":
            monkeypatch.setenv("HTTP_PROXY", url)
        elif place == "setting":
            settings.proxy = url
        else:
            settings = ApiConfiguration(proxy_config=ProxyConfig(url)).transport()
        with client_of("http://somewhere.test") as client:
            client.configuration.proxy = settings.proxy
            client.configuration.proxy_headers = settings.proxy_headers
            SessionsApi(client).get_session("s1")

    (request,) = proxy.requests
    assert basic(request) == meant
    assert "@" not in request.target
    assert to_loopback == ["127.0.0.1"]  # and no host that is a part of the credentials


@pytest.mark.fault("TLS and proxies", "A proxy's credentials are read as people write them, in UTF-8")
def test_credentials_that_are_not_utf_8_stay_as_they_are() -> None:
    with (
        playing(reply()) as proxy,
        client_of("http://a.test", proxy=f"http://%E4:%FF@127.0.0.1:{proxy.port}") as c,
    ):
        SessionsApi(c).get_session("s1")

    assert b64decode(proxy.requests[0].headers["Proxy-Authorization"].split()[1]) == b"\xe4:\xff"


@pytest.mark.parametrize("name", ["Proxy-Authorization", "proxy-authorization"])
def test_a_header_of_ones_own_is_the_one_that_is_shown(name: str) -> None:
    with (
        playing(reply()) as proxy,
        client_of("http://a.test", proxy=f"http://ann:pw@127.0.0.1:{proxy.port}") as c,
    ):
        c.configuration.proxy_headers = {name: "Bearer own"}
        SessionsApi(c).get_session("s1")

    assert proxy.requests[0].headers.get_all("Proxy-Authorization") == ["Bearer own"]


# ── what cannot be used ──


@pytest.mark.fault("TLS and proxies", "A variable that cannot be used is named, as an ApiException")
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("http://proxy:3128\n", "must be the URL of a proxy"),
        ("http://pro xy:3128", "must be the URL of a proxy"),
        ("http://", "must be the URL of a proxy"),
        ("http://ann:s3cret\udcff@proxy:3128", "holds a lone surrogate"),
        ("http://s3cret:pw", "must be the URL of a proxy"),
        ("http://ann:s3cret@", "must be the URL of a proxy"),
        ("http://ann:s3cret@proxy:0", "must be the URL of a proxy"),
        ("http://ann:s3cret@proxy:99999", "must be the URL of a proxy"),
        ("ftp://ann:s3cret@proxy", "known are http, https, socks4, socks4a, socks5, socks5h"),
        ("socks://ann:s3cret@proxy:1080/", "known are http, https, socks4, socks4a, socks5, socks5h"),
    ],
)
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "proxy"])
def test_a_wrong_proxy_is_named(name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name != "proxy":
        monkeypatch.setenv(name, value)
    with (
        client_of("http://somewhere.test", proxy=value if name == "proxy" else None) as client,
        pytest.raises(
            ApiValueError if name == "proxy" else ApiConnectionError, match=f"{name}: .*{told}"
        ) as caught,
    ):
        SessionsApi(client).create_session("a1", "hello")

    error = caught.value
    if isinstance(error, ApiException):
        assert (error.status, error.request_sent) == (0, False)
    for shown in (str(error), repr(error), repr(vars(error)), repr(error.__context__), own_frames(error)):
        assert "s3cret" not in shown


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_variable_whose_proxy_is_not_there_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if scheme == "socks5h":
        pytest.importorskip("socks")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://ann:s3cret@127.0.0.1:{nobody.getsockname()[1]}")
        error = failing(lambda: call("http://somewhere.test"))

    assert f"by the {scheme} proxy of ALL_PROXY" in str(error)
    assert error.request_sent is False
    assert "s3cret" not in f"{error!r} {error} {vars(error)}"


def test_a_name_of_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    error = failing(lambda: call("https://somewhere.test"))

    assert "'proxy.test'" in str(error)
    assert "by the http proxy of HTTPS_PROXY" in str(error)


# ── SOCKS ──


@pytest.mark.fault(
    "TLS and proxies", "SOCKS proxies work with the extra [socks], and an error names it without"
)
@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h"])
def test_socks_without_its_package_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "portal_client.transport.socks", raising=False)
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://ann:s3cret@127.0.0.1:9")
    error = failing(lambda: call("http://somewhere.test"))

    assert (error.status, error.request_sent) == (0, False)
    assert error.reason == f'ALL_PROXY: a {scheme} proxy needs PySocks: pip install "portal-client[socks]"'


@pytest.mark.fault(
    "TLS and proxies", "SOCKS proxies work with the extra [socks], and an error names it without"
)
@pytest.mark.parametrize(
    ("scheme", "host", "asked"),
    [
        ("socks5h", "somewhere.test", (5, b"somewhere.test")),
        ("socks5", "somewhere.test", (5, "127.0.0.1")),
        ("socks5h", "10.1.2.3", (5, "10.1.2.3")),
        ("socks5h", "[fd00::5]", (5, "fd00::5")),
        ("socks4a", "somewhere.test", (4, b"somewhere.test")),
        ("socks4", "somewhere.test", (4, "127.0.0.1")),
    ],
)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_a_call_through_socks(
    secure: bool, scheme: str, host: str, asked: tuple[int, Any], to_loopback: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("socks")
    tls = server_tls(host.strip("[]")) if secure else None
    with (
        playing(reply(), tls=tls) as server,
        socks_proxy(server.port) as proxy,
        client_of(
            f"{'https' if secure else 'http'}://{host}:8123",
            proxy=f"{scheme}://{proxy.address}",
            ssl_ca_cert=ca_file(tmp_path),
        ) as client,
    ):
        api = SessionsApi(client)
        assert api.get_session("s1").id == "s1"
        assert api.create_session("a1", "hello").id == "s1"

    assert proxy.asked == [(*asked, 8123)]  # one connection for both
    assert [(r.method, r.target) for r in server.requests] == [("GET", "/sessions/s1"), ("POST", "/sessions")]
    assert [r.headers["Host"] for r in server.requests] == [f"{host}:8123"] * 2
    if asked[1] == b"somewhere.test":
        assert "somewhere.test" not in to_loopback  # the proxy resolves it


@pytest.mark.parametrize("name", ["all_proxy", "ALL_PROXY", "http_proxy"])
def test_socks_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("socks")
    with playing(reply()) as server, socks_proxy(server.port) as proxy:
        monkeypatch.setenv(name, f"socks5h://{proxy.address}/")
        call("http://somewhere.test")

    assert proxy.asked == [(5, b"somewhere.test", 80)]
    assert len(server.requests) == 1


def test_socks_is_shown_its_credentials() -> None:
    pytest.importorskip("socks")
    with (
        playing(reply()) as server,
        socks_proxy(server.port, login=(ANN.encode(), "pä@ss".encode())) as proxy,
        client_of("http://somewhere.test", proxy=rf"socks5h://{ANN}:p%C3%A4@ss@{proxy.address}") as client,
    ):
        assert SessionsApi(client).get_session("s1").id == "s1"

    assert proxy.logins == [proxy.login]
    assert "Proxy-Authorization" not in server.requests[0].headers


def test_socks_of_a_candela_configuration() -> None:
    pytest.importorskip("socks")
    with playing(reply()) as server, socks_proxy(server.port, login=(b"ann", b"p@ss")) as proxy:
        settings = ApiConfiguration(proxy_config=ProxyConfig(f"socks5h://{proxy.address}", "ann", "p@ss"))
        with client_of("http://somewhere.test", proxy=settings.transport().proxy) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert (proxy.asked, proxy.logins) == ([(5, b"somewhere.test", 80)], [(b"ann", b"p@ss")])


def test_socks_that_refuses_is_told_without_its_credentials() -> None:
    pytest.importorskip("socks")
    with (
        playing(reply()) as server,
        socks_proxy(server.port, login=(b"ann", b"another")) as proxy,
        client_of(
            "http://somewhere.test", proxy=f"socks5h://ann:s3cret@{proxy.address}", retries=False
        ) as client,
    ):
        error = failing(lambda: SessionsApi(client).create_session("a1", "hello"))

    assert "SOCKS5 authentication failed, by the socks5h proxy of the configuration" in str(error)
    assert error.request_sent is False
    assert "s3cret" not in f"{error} {error!r} {vars(error)} {own_frames(error)}"
    assert server.connections == 0


@pytest.mark.parametrize("credentials", ["%E4:pw", "ann:" + "x" * 128])
def test_credentials_that_socks_cannot_carry_are_refused(credentials: str) -> None:
    pytest.importorskip("socks")
    with (
        socks_proxy(1) as proxy,
        client_of("http://somewhere.test", proxy=f"socks5://{credentials}@{proxy.address}") as client,
        pytest.raises(ApiValueError, match=r"^proxy: "),
    ):
        SessionsApi(client).get_session("s1")

    assert proxy.asked == []


@pytest.mark.fault("The wire", "A SOCKS proxy that drips does not outlast the deadline")
def test_socks_that_drips_does_not_outlast_the_deadline() -> None:
    pytest.importorskip("socks")
    with (
        playing(reply()) as server,
        socks_proxy(server.port, pause=0.2) as proxy,  # 12 bytes: 2.4 s
        client_of("http://somewhere.test", proxy=f"socks5h://{proxy.address}") as client,
    ):
        error = failing(lambda: SessionsApi(client).create_session("a1", "hello", _request_timeout=0.5))

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is False
    assert error.call is not None
    assert error.call.seconds < 1.5
    assert server.requests == []


def test_what_is_sent_through_socks_is_counted() -> None:
    pytest.importorskip("socks")

    def closes(connection: Connection, request: Received) -> bool:
        return False

    with (
        playing(closes) as server,
        socks_proxy(server.port) as proxy,
        client_of("http://somewhere.test", proxy=f"socks5h://{proxy.address}") as client,
    ):
        error = failing(lambda: SessionsApi(client).create_session("a1", "hello"))

    assert error.request_sent is True
    assert (len(server.requests), len(proxy.asked)) == (1, 1)


# ── a proxy over TLS and the certificate of the client ──


@pytest.mark.fault("TLS and proxies", "A proxy over TLS is not shown the client's certificate")
@pytest.mark.parametrize("own", [False, True], ids=["cert_file", "ssl_context"])
def test_a_tunnel_shows_the_certificate_to_its_end_only(own: bool, tmp_path: Path) -> None:
    mine = str(tmp_path / "mine.pem")
    authority().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(mine)
    shown: dict[str, list[object]] = {"proxy": [], "server": []}

    def asking(name: str) -> ssl.SSLContext:
        tls = server_tls(name)
        tls.verify_mode = ssl.CERT_OPTIONAL
        tls.load_verify_locations(ca_file(tmp_path))
        return tls

    def answers(connection: Connection, request: Received) -> None:
        shown["server"].append(connection.sock.getpeercert())
        connection.send(reply())

    with playing(answers, tls=asking("somewhere.test")) as server:
        relay: Any = tunnel(server.port)

        def relays(connection: Connection, request: Received) -> Any:
            shown["proxy"].append(connection.sock.getpeercert())
            return relay(connection, request)

        settings: dict[str, Any] = {"ssl_ca_cert": ca_file(tmp_path), "cert_file": mine}
        if own:
            context = ssl.create_default_context(cafile=ca_file(tmp_path))
            context.load_cert_chain(mine)
            settings = {"ssl_context": context}
        with (
            playing(relays, tls=asking("127.0.0.1")) as proxy,
            client_of("https://somewhere.test", proxy=proxy.host, **settings) as client,
        ):
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert {name: [bool(each) for each in seen] for name, seen in shown.items()} == {
        "proxy": [False],
        "server": [True],
    }


def test_nobody_is_asked_for_a_proxy_that_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "nonsense://")
    with calling(reply()) as c:  # on this machine
        assert c.api.get_session("s1").id == "s1"
