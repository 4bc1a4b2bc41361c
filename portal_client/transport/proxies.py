"""The proxy on the way to an origin: the one that is set, or that of the environment or the system."""

from __future__ import annotations

import ipaddress
import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Optional, Union, cast

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from portal_client.configuration import Configuration
from portal_client.credential import split_url
from portal_client.pasted import url_hint
from portal_client.request import Origin
from portal_client.secret import Hidden, Secrets
from portal_client.transport.setting import Setting, setting

SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_SCHEMES = ("http", "https", *SOCKS)
_URL = re.compile(r"[^\s\\]+")
_HALF = re.compile("[\ud800-\udfff]")
_SEPARATORS = re.compile(r"[,\s]+")
_WITH_PORT = re.compile(r"(\[.*\]|[^:]*):(\d+)")
_BELOW = re.compile(r"\A\*?\.")
_BRACKETED = re.compile(r"\A\[([^\[\]]*)\](?=/|\Z)")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: its URL without credentials, those as bytes, and what the setting is called that names it."""

    url: Url
    username: Optional[bytes] = field(repr=False)
    password: bytes = field(repr=False)
    setting: Setting

    @classmethod
    def of(cls, setting: Setting) -> Proxy:
        """Read the URL of a proxy; without a scheme it is http, as curl has it.

        Raises ApiValueError, or ApiConnectionError for a variable; neither shows a password.
        """
        if _HALF.search(setting.value):  # a byte of a variable that is not UTF-8
            raise setting.unusable("holds a lone surrogate, which is not a character")
        address, username, password = split_url(setting.value)
        url = _usable(address)
        if url is None:
            raise setting.unusable(
                "must be the URL of a proxy, such as http://user:password@proxy.example.com:3128; "
                f"known are {', '.join(_SCHEMES)}"
                + url_hint(setting.value, lambda text: _usable(split_url(text)[0]))
            )
        return cls(url._replace(path=None, query=None, fragment=None), username, password, setting)

    @property
    def headers(self) -> dict[str, str]:
        """The header that shows its credentials to an HTTP proxy, if it has any."""
        if self.username is None:
            return {}
        return {"proxy-authorization": f"Basic {b64encode(self.username + b':' + self.password).decode()}"}

    def __str__(self) -> str:
        """The proxy as errors name it."""
        where = "the configuration" if self.setting.name == "proxy" else self.setting.name
        return f"{self.url.scheme} proxy of {where}"


def _usable(address: str) -> Optional[Url]:
    try:
        url = parse_url(address) if _URL.fullmatch(address) else Url()
    except LocationParseError:
        return None
    return url if url.scheme in _SCHEMES and url.host and url.port != 0 else None


def proxy_for(origin: Origin, configuration: Configuration) -> Optional[Proxy]:
    """Return the proxy on the way to an origin: the one that is set, else that of the environment or system.

    The variables are those of urllib: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower case
    first, HTTP_PROXY not in a CGI script. Where none is set, macOS and Windows tell what the system has. None
    of them leads away from this machine what is for it.
    """
    if given := setting(configuration, "proxy"):
        return Proxy.of(given)
    if not configuration.trust_env or is_loopback(origin.host):
        return None
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    variables = Secrets(getproxies_environment(), label="proxy")
    if excluded(origin, variables.get("no", "")):
        return None
    if not variables and proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    proxies = variables or Secrets(getproxies(), label="proxy")
    scheme = next((scheme for scheme in (origin.scheme, "all") if proxies.get(scheme)), None)
    if scheme is None:
        return None
    value = Hidden(proxies[scheme])
    return Proxy.of(Setting(_variable(scheme, value), value, of_environment=True))


def _variable(scheme: str, value: str) -> str:
    """What the variable is called that has given urllib the proxy for a scheme."""
    called = [name for name in os.environ if name.lower() == f"{scheme}_proxy" and os.environ[name] == value]
    return max(called, default=f"the system's proxy for {scheme}")  # lower case comes last


def excluded(origin: Origin, no_proxy: str) -> bool:
    """Whether NO_PROXY excludes an origin, by one of its items.

    An item is a name, which stands for the names below it, too; `*.example.com`, which stands for those
    alone; an address or a network; `*` for all. A port behind it, as in `example.com:8080`, counts. An item
    that is written in no such way excludes nobody, as in curl and Go.
    """
    port = str(origin.port)
    for item in filter(None, _SEPARATORS.split(no_proxy)):
        with_port = _WITH_PORT.fullmatch(item)
        host, given = with_port.groups() if with_port else (item, port)
        if item == "*" or (given == port and _covers(host, origin.host)):
            return True
    return False


def _covers(item: str, host: str) -> bool:
    address, network = _network(host), _network(item)
    if address is not None:
        same = network is not None and network.version == address.version
        return same and address.subnet_of(cast(Any, network))
    name, below = _ascii(host), _ascii(_BELOW.sub("", item))
    return bool(below) and (name.endswith(f".{below}") or (name == below and not item.startswith("*")))


_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def _network(text: str) -> Optional[_Network]:
    """An address, or several, as a network; None if it is a name. IPv4 within IPv6 is IPv4."""
    address, slash, length = _BRACKETED.sub(r"\1", text).partition("/")
    try:
        network = ipaddress.ip_network(address.partition("%")[0] + slash + length, strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _ascii(name: str) -> str:
    """A name as it is compared: in ASCII and lower case, without the dot at its end."""
    name = name.removesuffix(".").lower()
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    network = _network(host.removesuffix("."))
    if network is not None:
        return network.is_loopback
    name = _ascii(host)
    return name == "localhost" or name.endswith(".localhost")
