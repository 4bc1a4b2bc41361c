"""Connections that say now and then that they are alive, so that nothing between takes them for dead."""

from __future__ import annotations

import socket
import sys
from typing import Union

#: In seconds: how long a connection is quiet before it is probed, and how long between two probes.
TCP_KEEP_IDLE = 60
TCP_KEEPALIVE_INTERVAL = 60
#: How many probes may go unanswered.
TCP_KEEP_CNT = 3


def keep_alive_socket_options() -> list[tuple[int, int, Union[int, bytes]]]:
    """The socket options of a connection that is kept alive, as far as this system has them."""
    options: list[tuple[int, int, Union[int, bytes]]] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # as urllib3 has it where nothing is set
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    if sys.platform == "linux":
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, TCP_KEEP_IDLE))
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, TCP_KEEPALIVE_INTERVAL))
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TCP_KEEP_CNT))
    elif sys.platform == "darwin":
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPALIVE, TCP_KEEP_IDLE))
    return options
