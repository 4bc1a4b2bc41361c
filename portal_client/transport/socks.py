"""Connections through a SOCKS proxy, by PySocks; the extra [socks] brings it."""

from __future__ import annotations

import math
import socket
from collections.abc import Sequence
from typing import Any, cast

import socks  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import urllib3
from typing_extensions import override
from urllib3.exceptions import HTTPError

from portal_client.secret import Hidden
from portal_client.timeouts import Deadline, Timeouts
from portal_client.transport.connection import (
    HTTPConnection,
    HTTPConnectionPool,
    HTTPSConnection,
    HTTPSConnectionPool,
    pooled,
)
from portal_client.transport.proxies import Proxy

_PORT = 1080
#: By which family a name is resolved here, where the proxy does not do it.
_LOCALLY: dict[str | None, int] = {"socks4": socket.AF_INET, "socks5": socket.AF_UNSPEC}
#: PySocks writes a length in UTF-8, which is another byte from here on.
_MAX_BYTES = 127


class _SocksConnection(HTTPConnection):
    """Asks the proxy for a connection to its host, within the time that there is to connect."""

    _target: str

    @property
    def _proxy(self) -> Proxy:
        return cast(Proxy, self.exchange.proxy)

    @override
    def _new_conn(self) -> socket.socket:
        host, scheme = super()._address()[0], self._proxy.url.scheme
        if scheme in _LOCALLY:
            host = self._resolve(host, self.port, _LOCALLY[scheme])[0][4][0]
        self._target = host
        return super()._new_conn()

    @override
    def _address(self) -> tuple[str, int]:
        url = self._proxy.url
        return cast(str, url.host).strip("[]"), url.port or _PORT

    @override
    def _open_socket(self, kind: Sequence[int], address: Any, limit: float) -> socket.socket:
        asking = super()._open_socket(kind, address, limit)
        sock = socket.socket(fileno=asking.detach())  # a plain one: what was asked is over
        sock.settimeout(None if limit == math.inf else limit)
        return sock

    @override
    def _make_socket(self, *kind: int) -> socket.socket:
        return cast(Any, socks).socksocket(*kind)  # type: ignore[no-any-return]

    @override
    def _connect_socket(self, sock: Any, address: Any) -> None:
        scheme, (name, password) = self._proxy.url.scheme, _credentials(self._proxy)
        version = socks.SOCKS5 if scheme in ("socks5", "socks5h") else socks.SOCKS4
        sock.set_proxy(version, *address[:2], True, name, password)
        limit = sock.gettimeout()
        shared = Deadline(Timeouts() if limit is None else Timeouts(total=limit))
        read = sock.recv_into

        def bounded(*arguments: Any) -> int:  # PySocks bounds each byte, not their sum
            sock.settimeout(shared.within(math.inf))
            count: int = read(*arguments)
            return count

        sock.recv_into = bounded
        sock.connect((self._target, self.port))

    @override
    def _connect_error(self, error: OSError) -> HTTPError:
        cause = getattr(error, "socket_err", None)
        return super()._connect_error(cause if isinstance(cause, TimeoutError) else error)


class _SocksHTTPSConnection(_SocksConnection, HTTPSConnection):
    pass


class _SocksPool(HTTPConnectionPool):
    ConnectionCls = _SocksConnection


class _SocksHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _SocksHTTPSConnection


def _credentials(proxy: Proxy) -> tuple[str | None, str | None]:
    if proxy.username is None:
        return None, None
    return Hidden(proxy.username.decode()), Hidden(proxy.password.decode())


def pooled_through(proxy: Proxy, settings: dict[str, Any]) -> urllib3.PoolManager:
    """Return a manager whose connections lead through a SOCKS proxy."""
    try:
        _credentials(proxy)
    except UnicodeDecodeError:
        raise proxy.setting.unusable("user name and password must be UTF-8, percent-encoded") from None
    if max(len(proxy.username or b""), len(proxy.password)) > _MAX_BYTES:
        raise proxy.setting.unusable(f"PySocks takes names and passwords of up to {_MAX_BYTES} bytes")
    return pooled(urllib3.PoolManager(**settings), _SocksPool, _SocksHTTPSPool)
