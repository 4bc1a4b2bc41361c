"""The connections of a client: one pool per origin, with the TLS and proxy settings that apply to it."""

from __future__ import annotations

import os
import threading
from typing import Any, NamedTuple, Optional, cast

import urllib3
from urllib3.util import parse_url

from portal_client.configuration import Configuration
from portal_client.credential import check_header, check_header_name
from portal_client.request import Origin
from portal_client.transport import plain
from portal_client.transport.connection_queue import ConnectionQueue
from portal_client.transport.keep_alive import keep_alive_socket_options
from portal_client.transport.proxies import SOCKS, Proxy, proxy_for
from portal_client.transport.tls import Contexts

_MAX_POOLS = 50


class Route(NamedTuple):
    """The way to an origin: its pool and the proxy in between; `plain` says why the pool is urllib3's own."""

    pool: urllib3.HTTPConnectionPool
    proxy: Optional[Proxy]
    plain: Optional[plain.Reason]

    def close(self) -> None:
        """Close the connections that are idle, and those in use as they are given back."""
        if self.plain is None:
            cast(ConnectionQueue, self.pool.pool).close()
        else:
            self.pool.close()


class Pools:
    """Opens pools as they are needed; made anew in a forked child: its parent's sockets are not its own."""

    def __init__(self, configuration: Configuration, for_tokens: bool = False) -> None:
        self._configuration = configuration
        self._for_tokens = for_tokens
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._routes: dict[tuple[Origin, bool], Route] = {}
        self._classes: tuple[object, ...] = ()
        self._plain: Optional[plain.Reason] = None
        self._contexts = Contexts(self._configuration)

    def _after_fork(self) -> None:
        if self._pid != os.getpid():
            self._forget()

    def of(self, origin: Origin, foreign: bool = False) -> Route:
        """Return the way to an origin; a foreign one is not shown the client's certificate.

        Raises ApiValueError for a setting that cannot be used, ApiConnectionError for a variable of the
        environment.
        """
        self._after_fork()
        classes = plain.connection_classes()
        if classes != self._classes:
            self._look_at(classes)
        route = self._routes.get((origin, foreign))
        if route is None:
            with self._lock:
                route = self._routes.get((origin, foreign)) or self._opened(origin, foreign)
        return route

    def _look_at(self, classes: tuple[object, ...]) -> None:
        """Use the connections that these classes allow, and none that were opened with others."""
        with self._lock:
            if classes == self._classes:  # another thread has looked
                return
            self._close_all()
            self._plain = plain.reason_for(classes)
            self._classes = classes
        if self._plain is not None:
            plain.warn(self._plain)

    def close(self) -> None:
        """Close the connections that are idle, and those in use as they become so; then open new ones."""
        self._after_fork()
        with self._lock:
            self._close_all()

    def _close_all(self) -> None:
        routes, self._routes = self._routes, {}
        for route in routes.values():
            route.close()

    def _opened(self, origin: Origin, foreign: bool) -> Route:
        proxy = proxy_for(origin, self._configuration)
        manager = self._manager(proxy, self._settings(origin, foreign))
        names = self._names(origin, foreign)
        pool = manager.connection_from_host(*origin[1:], origin.scheme, names)
        if len(self._routes) >= _MAX_POOLS:
            self._close_all()
        route = self._routes[origin, foreign] = Route(pool, proxy, self._plain)
        return route

    def _manager(self, proxy: Optional[Proxy], settings: dict[str, Any]) -> urllib3.PoolManager:
        if proxy is not None and proxy.url.scheme == "https":
            context = self._contexts.of("proxy")
            settings = {"ssl_context": context, **settings, "proxy_ssl_context": context}
        headers = self._proxy_headers(proxy) if proxy is not None and proxy.url.scheme not in SOCKS else {}
        if self._plain is not None:
            return plain.manager(proxy, headers, settings)
        from portal_client.transport.connection import pooled

        if proxy is None:
            return pooled(urllib3.PoolManager(**settings))
        if proxy.url.scheme in SOCKS:
            return _through_socks(proxy, settings)
        return pooled(urllib3.ProxyManager(proxy.url.url, proxy_headers=headers, **settings))

    def _proxy_headers(self, proxy: Proxy) -> dict[str, str]:
        given = self._configuration.proxy_headers or {}
        headers = {check_header_name("proxy_headers", n): check_header(n, v) for n, v in given.items()}
        if "proxy-authorization" not in map(str.lower, headers):
            headers.update(proxy.headers)
        return headers

    def _settings(self, origin: Origin, foreign: bool) -> dict[str, Any]:
        c = self._configuration
        options = keep_alive_socket_options() if c.socket_options is None else c.socket_options
        settings: dict[str, Any] = {
            "maxsize": c.connection_pool_maxsize,
            "block": True,
            "socket_options": options,
        }
        if origin.scheme == "https":
            settings["ssl_context"] = self._contexts.of("elsewhere" if foreign else "service")
        return settings

    def _names(self, origin: Origin, foreign: bool) -> dict[str, Any]:
        """What the certificate of an origin is to be checked for, other than its host."""
        c = self._configuration
        names = {"assert_hostname": c.assert_hostname, "server_hostname": c.tls_server_name}
        if origin.scheme != "https":
            return {}
        if foreign or (self._for_tokens and origin.host != parse_url(c.host).host):
            # The names are those of the service.
            return {name: value for name, value in names.items() if value is False}
        return names


def _through_socks(proxy: Proxy, settings: dict[str, Any]) -> urllib3.PoolManager:
    try:
        from portal_client.transport.socks import pooled_through
    except ImportError:
        raise proxy.setting.unusable(
            f'a {proxy.url.scheme} proxy needs PySocks: pip install "portal-client[socks]"'
        ) from None
    return pooled_through(proxy, settings)
