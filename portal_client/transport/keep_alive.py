"""TCP keep-alive: a connection that waits for an agent is probed, so that nothing in between forgets it."""

from __future__ import annotations

import socket
from typing import Union

#: In seconds: how long a connection is silent before it is probed, and how long between two probes.
TCP_KEEP_IDLE = 60
TCP_KEEPALIVE_INTERVAL = 60
#: How many probes may go unanswered; a peer that has vanished is noticed after four minutes.
TCP_KEEP_CNT = 3

# Each setting by the names that it has on Linux and Windows, and on macOS.
_PROBES = (
    (("TCP_KEEPIDLE", "TCP_KEEPALIVE"), TCP_KEEP_IDLE),
    (("TCP_KEEPINTVL",), TCP_KEEPALIVE_INTERVAL),
    (("TCP_KEEPCNT",), TCP_KEEP_CNT),
)


def keep_alive_socket_options() -> list[tuple[int, int, Union[int, bytes]]]:
    """Return the socket options of a connection that is kept alive, as far as this system has them."""
    options: list[tuple[int, int, Union[int, bytes]]] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # as urllib3 has it where nothing is set
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    for names, value in _PROBES:
        option = next((getattr(socket, name) for name in names if hasattr(socket, name)), None)
        if option is not None:
            options.append((socket.IPPROTO_TCP, option, value))
    return options
