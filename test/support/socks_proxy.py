"""A SOCKS proxy on loopback, versions 4, 4a and 5, that remembers what it was asked."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from support.clients import pump


@dataclass
class Socks:
    """The running proxy: where it is, whom it lets in, what it was asked."""

    port: int = 0
    login: tuple[bytes, bytes] | None = None
    #: Seconds before each byte that it sends.
    pause: float = 0
    #: Version, host and port of each connection that was asked for; a host of bytes is a name.
    asked: list[tuple[int, str | bytes, int]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def socks_proxy(to: int, login: tuple[bytes, bytes] | None = None, pause: float = 0) -> Iterator[Socks]:
    """Run a proxy that connects to a port on this machine, whatever it is asked for."""
    seen = Socks(login=login, pause=pause)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, data: bytes) -> None:
            for at in range(len(data)):
                time.sleep(seen.pause)
                self.wfile.write(data[at : at + 1])

        def text(self) -> bytes:
            return self.rfile.read(self.rfile.read(1)[0])

        def until_zero(self) -> bytes:
            return b"".join(iter(lambda: self.rfile.read(1).strip(b"\0"), b""))

        def four(self) -> bool:
            port, address = int.from_bytes(self.rfile.read(3)[1:], "big"), self.rfile.read(4)
            if user := self.until_zero():
                seen.logins.append((user, b""))
            named = address[:3] == b"\0\0\0"
            seen.asked.append((4, self.until_zero() if named else socket.inet_ntoa(address), port))
            self.say(b"\0\x5a" + bytes(6))
            return True

        def five(self) -> bool:
            methods = self.text()
            if seen.login is not None:
                if 2 not in methods:
                    self.say(b"\5\xff")
                    return False
                self.say(b"\5\2")
                self.rfile.read(1)
                seen.logins.append((self.text(), self.text()))
                self.say(b"\1\0" if seen.logins[-1] == seen.login else b"\1\1")
                if seen.logins[-1] != seen.login:
                    return False
            else:
                self.say(b"\5\0")
            kind = self.rfile.read(4)[3]
            host: str | bytes
            if kind == 3:
                host = self.text()
            else:
                family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
                host = socket.inet_ntop(family, self.rfile.read(size))
            seen.asked.append((5, host, int.from_bytes(self.rfile.read(2), "big")))
            self.say(b"\5\0\0\1" + bytes(6))
            return True

        def handle(self) -> None:
            with suppress(OSError, IndexError):
                version = self.rfile.read(1)
                if not (self.four() if version == b"\4" else self.five()):
                    return
                with socket.create_connection(("127.0.0.1", to)) as upstream:
                    back = threading.Thread(target=pump, args=(upstream, self.connection), daemon=True)
                    back.start()
                    pump(self.connection, upstream)
                    back.join(5)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        seen.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join(5)
