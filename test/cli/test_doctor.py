"""The doctor: each fault is found, with what helps and the exit code."""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from cli.commands import TOKEN
from cli.conftest import Ended
from support.clients import closes
from support.scripted import playing, reply

Portal = Callable[..., Ended]

HEALTHY = ["versions", "packages", "settings", "token", "proxy", "name", "clock", "call"]


def agents(status: int = 200, ahead: float = 0) -> bytes:
    return reply({"agents": []}, status, Date=formatdate(time.time() + ahead, usegmt=True))


def examined(portal: Portal, *words: str, host: str) -> tuple[int, dict[str, Any]]:
    ended = portal("doctor", *words, "--json", host=host)
    assert ended.err == ""
    return ended.code, {check["name"]: check for check in json.loads(ended.out)}


def failed(checks: dict[str, Any]) -> dict[str, tuple[int, str, str]]:
    return {
        n: (check["code"], check["found"], check["remedy"]) for n, check in checks.items() if check["code"]
    }


def test_all_is_well(portal: Portal) -> None:
    with playing(agents()) as server:
        code, checks = examined(portal, host=server.host)
        ended = portal("doctor", host=server.host)

    assert (code, list(checks), failed(checks)) == (0, HEALTHY, {})
    assert [line.split()[:2] for line in ended.out.splitlines()] == [["ok", name] for name in HEALTHY]
    assert [request.target for request in server.requests] == ["/agents", "/agents"]
    assert checks["token"]["found"] == "EnvToken('PORTAL_TOKEN')"
    assert checks["settings"]["found"] == f"host {server.host}, PORTAL_HOST"


def test_a_variable_that_is_not_read_is_noted(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TIMEOUT", "5")
    with playing(agents()) as server:
        code, checks = examined(portal, host=server.host)
        ended = portal("doctor", host=server.host)

    assert (code, ended.code, failed(checks)) == (0, 0, {})
    assert checks["variables"]["found"].startswith(
        "PORTAL_TIMEOUT: it is not read: timeout is set in a profile"
    )
    assert "\nnote    variables PORTAL_TIMEOUT: it is not read" in ended.out
    assert "another program" in checks["variables"]["remedy"]


@pytest.mark.parametrize(
    ("status", "code", "helps"),
    [(401, 3, "renew it"), (403, 3, "ask for the right"), (404, 3, "path of the host"), (500, 4, "own log")],
)
def test_a_status(status: int, code: int, helps: str, portal: Portal) -> None:
    with playing(agents(status)) as server:
        ended, checks = examined(portal, host=server.host)

    assert ended == code
    ((found, _, remedy),) = failed(checks).values()
    assert found == code
    assert helps in remedy


@pytest.mark.parametrize(
    "response",
    [
        reply(b"<html>Welcome to the hotel</html>", Content_Type="text/html"),
        reply(b""),
        reply(b"null"),
        reply({"users": []}),
        reply({"agents": []}).replace(b"Content-Length: 1", b"Content-Length: 2"),
    ],
)
def test_something_else_is_there(response: bytes, portal: Portal) -> None:
    with playing(lambda connection, request: bool(connection.send(response))) as server:
        code, checks = examined(portal, host=server.host)

    assert (code, list(failed(checks))) == (4, ["call"])
    assert checks["call"]["found"] == "200 Reason, with a body that is not that of the service"
    assert "Something else is there" in failed(checks)["call"][2]


def test_nothing_is_there(portal: Portal) -> None:
    with playing(closes) as server:
        host = server.host
    code, checks = examined(portal, host=host)

    assert (code, list(failed(checks))) == (4, ["call"])
    assert "right host and port" in failed(checks)["call"][2]


def test_a_name_that_is_not_known(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    code, checks = examined(portal, host="http://portal.example.com")

    assert code == 4
    assert failed(checks)["name"][1] == "portal.example.com cannot be resolved: Name or service not known"
    assert "VPN" in failed(checks)["name"][2]
    assert failed(checks)["call"][2] == ""


@pytest.mark.parametrize(("ahead", "words"), [(3600, "60 minutes behind"), (-7200, "2 hours ahead of")])
def test_a_wrong_clock(ahead: float, words: str, portal: Portal) -> None:
    with playing(agents(ahead=ahead)) as server:
        code, checks = examined(portal, host=server.host)

    assert code == 2
    assert failed(checks)["clock"][1] == f"{words} the service"


def token(expires_in: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + expires_in}).encode()).decode()
    return f"eyJhbGciOiJub25lIn0.{claims.rstrip('=')}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("value", "code", "found"),
    [
        ("", 2, "none"),
        (-7200.0, 3, "EnvToken('PORTAL_TOKEN'), expired 2 hours ago"),
        (7300.0, 0, "EnvToken('PORTAL_TOKEN'), valid for 2 hours"),
        ("no.json.there", 0, "EnvToken('PORTAL_TOKEN')"),
    ],
)
def test_tokens(
    value: str | float, code: int, found: str, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = value if isinstance(value, str) else token(value)
    monkeypatch.setenv("PORTAL_TOKEN", value)
    with playing(agents()) as server:
        ended, checks = examined(portal, host=server.host)

    assert (ended, checks["token"]["code"], checks["token"]["found"]) == (code, code, found)
    assert not value or value not in json.dumps(checks)


def test_a_token_file_that_is_not_there(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("platformdirs")
    monkeypatch.delenv("PORTAL_TOKEN")
    with playing(agents()) as server:
        portal("config", "init", "--host", server.host, "--token-from", f"file:{tmp_path / 'none'}")
        ended, checks = examined(portal, "--profile", "default", host="")

    assert ended == 2
    assert "FileNotFoundError" in failed(checks)["token"][1]
    assert "Put a token where FileToken" in failed(checks)["token"][2]
    assert failed(checks)["call"][2] == ""


def test_a_proxy_is_named_without_its_password(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:proxy-password@127.0.0.1:9")
    _, checks = examined(portal, host="http://portal.example.com")
    assert checks["proxy"]["found"] == "http proxy of HTTP_PROXY, http://127.0.0.1:9"
    assert "proxy-password" not in json.dumps(checks)

    monkeypatch.setenv("HTTP_PROXY", "socks9://127.0.0.1:9")
    code, checks = examined(portal, host="http://portal.example.com")
    assert code == 2
    assert "HTTP_PROXY" in failed(checks)["proxy"][1]


def test_a_proxy_that_is_not_there(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    code, checks = examined(portal, host="http://portal.example.com")

    assert (code, list(failed(checks))) == (4, ["call"])
    assert "right proxy" in failed(checks)["call"][2]


class PlainText(socketserver.BaseRequestHandler):
    """A server of plain HTTP, which takes the beginning of TLS for a bad request."""

    @override
    def handle(self) -> None:
        self.request.recv(1)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def test_a_port_without_tls(portal: Portal) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PlainText) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        code, checks = examined(portal, host=f"https://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        serving.join(5)

    assert (code, list(failed(checks))) == (4, ["call"])
    assert "speak TLS" in failed(checks)["call"][2]


def test_a_service_that_is_silent(portal: Portal) -> None:
    with playing(lambda connection, request: server.hang(connection, request)) as server:
        code, checks = examined(portal, "--timeout", "0.2", host=server.host)

    assert (code, list(failed(checks))) == (4, ["call"])
    assert "--timeout" in failed(checks)["call"][2]


def test_no_host_is_set(portal: Portal) -> None:
    _, checks = examined(portal, "--timeout", "0.2", host="")

    assert checks["settings"]["found"] == (
        "host http://localhost, the default: PORTAL_HOST or a profile sets another one"
    )


def test_settings_that_cannot_be_used(portal: Portal) -> None:
    code, checks = examined(portal, host="portal.example.com")

    assert (code, list(checks)[-1]) == (2, "settings")
    assert failed(checks)["settings"][1].startswith("PORTAL_HOST")


def test_another_distribution_with_our_files(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {"finbourne_candela": ["finbourne-candela-sdk", "portal-client"], "rich": ["rich"]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: owners)
    with playing(agents()) as server:
        code, checks = examined(portal, host=server.host)

    assert code == 2
    assert failed(checks)["packages"][1] == (
        "finbourne-candela-sdk has files of portal_client, finbourne_candela, too"
    )
    assert failed(checks)["packages"][2].startswith("pip uninstall finbourne-candela-sdk, and install")


def test_certificates(portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA(organization_name="Example Authority")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with playing(agents(), tls=context) as server:
        unknown, before = examined(portal, host=server.host)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        known, after = examined(portal, host=server.host)

    assert (unknown, known) == (4, 0)
    assert "REQUESTS_CA_BUNDLE" in failed(before)["TLS"][2]
    assert after["TLS"]["found"].startswith("issued by Example Authority, valid for ")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_that_cannot_be_used(
    content: str | None, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content, "utf-8")
    monkeypatch.setenv("FBN_CLIENT_CERTIFICATE", str(tmp_path / "ca.pem"))
    ended = portal("candela", "doctor", "--json", host="https://127.0.0.1:9")

    (call,) = failed({check["name"]: check for check in json.loads(ended.out)}).values()
    assert (ended.code, ended.err) == (4, "")
    assert call[1].startswith(f"FBN_CLIENT_CERTIFICATE: {tmp_path / 'ca.pem'} cannot be read")
    assert call[2] == "Correct the setting or the variable."


def test_a_certificate_of_a_profile_that_is_not_there(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("platformdirs")
    portal("config", "init", "work", "--host", "https://127.0.0.1:9", "--token-from", "env:WORK")
    with open(tmp_path / "portal-client" / "config.toml", "a", encoding="utf-8") as file:
        file.write('ssl_ca_cert = "ca.pem"\n')

    code, checks = examined(portal, "--profile", "work", host="")

    assert (code, list(failed(checks))) == (2, ["call"])
    assert "profiles.work.ssl_ca_cert: " in failed(checks)["call"][1]
    assert failed(checks)["call"][2] == "Correct the setting or the variable."


def test_candela_has_a_doctor_too(portal: Portal) -> None:
    with playing(reply(True, Date=formatdate(usegmt=True))) as server:
        ended = portal("candela", "doctor", host=server.host)

    assert (ended.code, ended.err) == (0, "")
    assert server.requests[0].target == "/slot/user_has_slot"
    assert f"host {server.host}, FBN_CANDELA_URL\n" in ended.out
    assert "ok      token     FBN_ACCESS_TOKEN\n" in ended.out
    assert TOKEN not in ended.out
