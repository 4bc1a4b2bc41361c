"""TCP keep-alive: on for all, as the system calls it, and as the user will have it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela
from finbourne_candela.extensions import socket_keep_alive
from finbourne_candela.extensions.api_configuration import ApiConfiguration
from portal_client.transport import keep_alive
from portal_client.transport.keep_alive import keep_alive_socket_options
from support.clients import ca_file, calling, server_tls
from support.scripted import reply

LINUX = pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system calls it otherwise")


def options_of(c: Any) -> dict[str, int]:
    """What the socket of a call has; those of Linux and Windows."""
    with c.api.get_session_without_preload_content("s1") as answer:
        sock = answer.connection.sock
        found = {
            name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_NODELAY")
        }
        found["SO_KEEPALIVE"] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        answer.read()
    return found


@LINUX
@pytest.mark.fault(
    "The wire", "A connection that waits for long is kept alive; a lost peer is noticed in 5 minutes"
)
@pytest.mark.parametrize("tls", [False, True])
def test_connections_are_kept_alive(tls: bool, tmp_path: Path) -> None:
    with calling(reply(), tls=server_tls() if tls else None, ssl_ca_cert=ca_file(tmp_path)) as c:
        found = options_of(c)

    assert (found["SO_KEEPALIVE"], found["TCP_KEEPIDLE"], found["TCP_NODELAY"]) == (1, 60, 1)
    assert found["TCP_KEEPIDLE"] + found["TCP_KEEPINTVL"] * found["TCP_KEEPCNT"] <= 300


@LINUX
def test_the_options_of_the_user_win() -> None:
    with calling(reply()) as c:
        c.client.configuration.socket_options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        found = options_of(c)
        assert (found["SO_KEEPALIVE"], found["TCP_NODELAY"]) == (1, 0)
        assert found["TCP_KEEPIDLE"] != 60
    with calling(reply()) as c:
        c.client.configuration.socket_options = []
        assert options_of(c)["SO_KEEPALIVE"] == 0


@LINUX
@pytest.mark.parametrize("on", [False, True])
def test_candelas_factory_can_switch_it_off(on: bool) -> None:
    made = ApiConfiguration(api_url="http://x.test", access_token="t").build_api_client_config(
        tcp_keep_alive=on
    )
    with calling(reply()) as c:
        c.client.configuration.socket_options = made.socket_options
        found = options_of(c)

    assert (found["SO_KEEPALIVE"], found["TCP_NODELAY"]) == (int(on), 1)


def test_candela_has_it_without_a_factory() -> None:
    assert finbourne_candela.Configuration().socket_options is None  # those of the core
    assert socket_keep_alive.keep_alive_socket_options is keep_alive_socket_options


NAMES = ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
SYSTEMS = {
    "Linux": ({"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6}, [(4, 60), (5, 60), (6, 3)]),
    "macOS": (
        {"TCP_KEEPALIVE": 16, "TCP_KEEPINTVL": 257, "TCP_KEEPCNT": 258},
        [(16, 60), (257, 60), (258, 3)],
    ),
    "Windows": ({"TCP_KEEPIDLE": 3, "TCP_KEEPINTVL": 17, "TCP_KEEPCNT": 16}, [(3, 60), (17, 60), (16, 3)]),
    "another": ({}, []),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_has_its_own_names(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names, expected = SYSTEMS[system]
    for name in NAMES:
        monkeypatch.delattr(socket, name, raising=False)
    for name, value in names.items():
        monkeypatch.setattr(socket, name, value, raising=False)

    nodelay, on, *probes = keep_alive.keep_alive_socket_options()
    assert nodelay == (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert on == (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert probes == [(socket.IPPROTO_TCP, option, value) for option, value in expected]
