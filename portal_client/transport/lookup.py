"""Whether the name of a host can be resolved."""

from __future__ import annotations

import socket


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once.

    Raises OSError where the name cannot be resolved.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
