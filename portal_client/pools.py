"""The connections of a client: one pool per origin, with the TLS and proxy settings that apply to it."""

from __future__ import annotations

import ipaddress
import os
import ssl
import sys
import threading
from typing import Any, Optional
from urllib.parse import unquote

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from portal_client.configuration import Configuration
from portal_client.connection import Places, pooled
from portal_client.credential import check_header
from portal_client.exceptions import ApiValueError
from portal_client.request import Origin

_MOST_ORIGINS = 50


class Pools:
    """Opens pools as they are needed; made anew in a forked child: its parent's sockets are not its own."""

    def __init__(self, configuration: Configuration, for_tokens: bool = False) -> None:
        self._configuration = configuration
        self._for_tokens = for_tokens
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._managers: dict[tuple[str, Optional[str]], urllib3.PoolManager] = {}
        self._pools: dict[Origin, urllib3.HTTPConnectionPool] = {}
        self._context: Optional[ssl.SSLContext] = None

    def _after_fork(self) -> None:
        if self._pid != os.getpid():
            self._forget()

    def of(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        """The pool of connections to an origin. Raises ApiValueError when a setting cannot be used."""
        self._after_fork()
        pool = self._pools.get(origin)  # asking the manager takes longer than the rest of sending
        if pool is None:
            with self._lock:
                if len(self._pools) >= _MOST_ORIGINS:
                    self._pools.clear()
                pool = self._manager(origin).connection_from_host(
                    *origin[1:], origin.scheme, self._names(origin)
                )
                self._pools[origin] = pool
        return pool

    def close(self) -> None:
        """Close all idle connections; the next request opens new ones."""
        self._after_fork()
        for pool in list(self._pools.values()):
            if isinstance(pool.pool, Places):
                pool.pool.close_idle()

    def _manager(self, origin: Origin) -> urllib3.PoolManager:
        proxy = self._proxy(origin)
        key = (origin.scheme, proxy)
        if key not in self._managers:
            settings = self._settings(origin.scheme)
            self._managers[key] = pooled(
                self._through(proxy, settings) if proxy else urllib3.PoolManager(**settings)
            )
        return self._managers[key]

    def _through(self, proxy: str, settings: dict[str, Any]) -> urllib3.ProxyManager:
        try:
            url = parse_url(proxy if "://" in proxy else f"http://{proxy}")
            given = self._configuration.proxy_headers or {}
            headers = {name: check_header(name, value) for name, value in given.items()}
            if url.auth:
                headers.update(make_headers(proxy_basic_auth=unquote(url.auth)))
            if url.scheme == "https":
                context = self._made_context(of_proxy=True)
                settings = {"ssl_context": context, **settings, "proxy_ssl_context": context}
            # Without its credentials, which urllib3 would show in errors.
            return urllib3.ProxyManager(url._replace(auth=None).url, proxy_headers=headers, **settings)
        except (HTTPError, ValueError) as error:
            raise ApiValueError(f"proxy cannot be used: {type(error).__name__}") from None

    def _settings(self, scheme: str) -> dict[str, Any]:
        c = self._configuration
        settings: dict[str, Any] = {
            "num_pools": _MOST_ORIGINS,
            "maxsize": c.connection_pool_maxsize,
            "block": True,
        }
        if c.socket_options is not None:
            settings["socket_options"] = c.socket_options
        if scheme == "https":
            settings["ssl_context"] = self._tls()
        return settings

    def _names(self, origin: Origin) -> dict[str, Any]:
        """What the certificate of an origin is to be checked for, other than its host."""
        c = self._configuration
        names = {"assert_hostname": c.assert_hostname, "server_hostname": c.tls_server_name}
        if origin.scheme != "https":
            return {}
        if self._for_tokens and origin.host != parse_url(c.host).host:
            # The names are those of the service, and the tokens come from elsewhere.
            return {name: value for name, value in names.items() if value is False}
        return names

    def _tls(self) -> ssl.SSLContext:
        # One context for all connections: reading the certificates takes longer than a handshake.
        self._context = self._context or self._made_context()
        return self._context

    def _made_context(self, of_proxy: bool = False) -> ssl.SSLContext:
        # A proxy may have another authority than the service, and is not shown who calls.
        c = self._configuration
        if of_system := c.truststore and c.verify_ssl:
            context = _truststore()
        else:
            context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if c.verify_ssl else ssl.CERT_NONE)
        from_env = c.trust_env and not of_system
        authorities = c.ssl_ca_cert or (from_env and _first_set("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        try:
            if authorities and c.verify_ssl:
                folder = os.path.isdir(authorities)
                context.load_verify_locations(**{"capath" if folder else "cafile": authorities})
            if not c.verify_ssl or of_system or (authorities and not of_proxy):
                pass
            elif c.trust_env or sys.platform == "win32":
                context.load_default_certs()  # SSL_CERT_FILE and SSL_CERT_DIR included
            else:
                built_in = ssl.get_default_verify_paths()
                for option in ({"cafile": built_in.openssl_cafile}, {"capath": built_in.openssl_capath}):
                    if os.path.exists(next(iter(option.values()))):
                        context.load_verify_locations(**option)
        except (OSError, ssl.SSLError) as error:
            raise ApiValueError(f"ssl_ca_cert: {authorities} cannot be read: {error}") from error
        if c.cert_file and not of_proxy:
            try:
                context.load_cert_chain(c.cert_file, c.key_file)
            except (OSError, ssl.SSLError) as error:
                raise ApiValueError(f"cert_file: {c.cert_file} cannot be read: {error}") from error
        return context

    def _proxy(self, origin: Origin) -> Optional[str]:
        c = self._configuration
        if c.proxy:
            return c.proxy
        if not c.trust_env or is_loopback(origin.host):
            return None
        from urllib.request import getproxies, proxy_bypass

        if proxy_bypass(f"{origin.host}:{origin.port}"):
            return None
        proxies = getproxies()
        return proxies.get(origin.scheme) or proxies.get("all")


def _truststore() -> ssl.SSLContext:
    try:
        from truststore import SSLContext
    except ImportError:
        raise ApiValueError('truststore: it comes with pip install "portal-client[truststore]"') from None
    return SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _first_set(*names: str) -> Optional[str]:
    return next((value for value in map(os.environ.get, names) if value), None)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
