"""The proxy on the way to the service."""

from __future__ import annotations

from base64 import b64encode
from typing import Optional
from urllib.parse import quote, unquote

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from portal_client.attributes import Settings
from portal_client.exceptions import ApiValueError
from portal_client.secret import secret


class ProxyConfig(Settings):
    """A proxy, and who may use it.

    `address` is a URL such as http://proxy.example.com:8080; a name and password in it count where `username`
    is None. Raises ApiValueError for an address without http:// or https://.
    """

    username: secret[Optional[str]] = secret()
    password: secret[Optional[str]] = secret()

    def __init__(self, address: str, username: Optional[str] = None, password: Optional[str] = None) -> None:
        self.username = username
        self.password = password
        self.address = address

    @property
    def address(self) -> str:
        """The URL of the proxy, without name and password."""
        return self._address

    @address.setter
    def address(self, value: str) -> None:
        try:
            url = parse_url(value)
        except (LocationParseError, TypeError, AttributeError):
            url = Url()
        if url.scheme not in ("http", "https") or not url.host:
            raise ApiValueError("the proxy's address must be a URL such as http://proxy.example.com:8080")
        if url.auth is not None and self.username is None:
            name, _, password = url.auth.partition(":")
            self.username, self.password = unquote(name), unquote(password)
        self._address = url._replace(auth=None).url

    def format_proxy_schema(self) -> dict[str, str]:
        """The proxy for http and https URLs as other libraries take it: name and password in the URL."""
        scheme, _, rest = self.address.partition("://")
        if self.username is not None:
            who = f"{quote(self.username, safe='')}:{quote(self.password or '', safe='')}"
            rest = f"{who}@{rest}"
        return {"http": f"{scheme}://{rest}", "https": f"{scheme}://{rest}"}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say to the proxy who calls."""
        if self.username is None:
            return {}
        pair = f"{self.username}:{self.password or ''}".encode()
        return {"proxy-authorization": f"Basic {b64encode(pair).decode()}"}

    def __repr__(self) -> str:
        return f"ProxyConfig({self.address!r})"
