"""The proxy for connections to the service."""

from __future__ import annotations

from base64 import b64encode
from typing import Optional
from urllib.parse import quote

from portal_client.exceptions import ApiValueError
from portal_client.pasted import url_hint
from portal_client.secret import Hidden, SecretSetting
from portal_client.settings import Settings
from portal_client.transport.proxies import Proxy
from portal_client.transport.setting import Setting


class ProxyConfig(Settings):
    """A proxy and its credentials.

    `address` is a URL such as http://proxy.example.com:8080; a username and password in it are used where
    `username` is None. Raises ApiValueError for an address without http://, https:// or the scheme of a SOCKS
    proxy.
    """

    username: SecretSetting[Optional[str]] = SecretSetting(str)
    password: SecretSetting[Optional[str]] = SecretSetting(str)

    def __init__(self, address: str, username: Optional[str] = None, password: Optional[str] = None) -> None:
        self.username = username
        self.password = password
        self.address = address

    @property
    def address(self) -> str:
        """The URL of the proxy, without username and password."""
        return self._address

    @address.setter
    def address(self, value: str) -> None:
        proxy = _read(value)
        if proxy is None:
            raise ApiValueError(
                "the proxy's address must be a URL such as http://proxy.example.com:8080"
                + url_hint(value, _read)
            )
        if proxy.username is not None and self.username is None:
            self.username = proxy.username.decode(errors="replace")
            self.password = proxy.password.decode(errors="replace")
        self._address = proxy.url.url

    def format_proxy_schema(self) -> dict[str, str]:
        """Return the proxy for http and https URLs, with username and password, for other libraries."""
        scheme, _, rest = self.address.partition("://")
        if self.username is not None:
            credentials = f"{quote(self.username, safe='')}:{quote(self.password or '', safe='')}"
            rest = f"{credentials}@{rest}"
        return {"http": f"{scheme}://{rest}", "https": f"{scheme}://{rest}"}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate with an HTTP proxy."""
        if self.username is None:
            return {}
        pair = f"{self.username}:{self.password or ''}".encode()
        return {"proxy-authorization": f"Basic {b64encode(pair).decode()}"}

    def __repr__(self) -> str:
        return f"ProxyConfig({self.address!r})"


def _read(address: str) -> Optional[Proxy]:
    try:
        return Proxy.of(Setting("proxy", Hidden(address))) if "://" in str(address) else None
    except ApiValueError:
        return None
