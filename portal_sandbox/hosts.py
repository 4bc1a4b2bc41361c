"""Hosts: the names that a request may have in its Host and Origin headers.

A web page can make its own name resolve to this machine (DNS rebinding), and is then, to the browser, of the
same origin as the sandbox. It cannot choose the name in the request: that stays its own.
"""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import NoneType
from typing import TypeAlias

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from portal_sandbox.arguments import check, check_host_name

Address: TypeAlias = IPv4Address | IPv6Address

_HOST = re.compile(r"(?P<name>\[[^\[\]]*\]|[^\[\]:@/]+)(:[0-9]*)?")


class Hosts:
    """Refuses requests whose `Host` or `Origin` may be the name of another site.

    Names of this machine and IP addresses pass, and so do the names in `allowed`.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(map(_normalized, allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or refuse it."""
        app = self._app
        if scope["type"] == "http" and not all(map(self._is_allowed, _hosts(Headers(scope=scope)))):
            app = JSONResponse({"detail": _REFUSAL}, 403)
        await app(scope, receive, send)

    def _is_allowed(self, host: str) -> bool:
        return is_own(host) or _normalized(_name(host)) in self._allowed


_REFUSAL = (
    "The sandbox accepts requests to localhost or to an IP address, not to other names, since those may be "
    "another site's. --allow-host, or allowed_hosts in Python, adds one."
)


def check_hosts(allowed: Collection[str] | None) -> None:
    """Raise ValueError for `allowed_hosts` that are no collection of names."""
    check("allowed_hosts", allowed, (list, tuple, set, frozenset, NoneType), 'a list such as ["sandbox"]')
    for each in allowed or ():
        check("each of allowed_hosts", each, str, 'a name such as "sandbox"')
        check_host_name(each)


def is_own(host: str) -> bool:
    """Whether a `Host` header, with or without a port, is a name of this machine or an IP address."""
    name = _normalized(_name(host))
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    return name.startswith("[") == (":" in name) and address(name.strip("[]")) is not None


def address(text: str) -> Address | None:
    """Return the IP address in a text, None where it is none; an IPv4 address for one mapped into IPv6."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _hosts(headers: Headers) -> list[str]:
    origins = [origin.partition("://") for origin in headers.getlist("origin")]
    # A page without a name, such as a file or an extension, cannot have rebound one.
    return [
        *(headers.getlist("host") or [""]),
        *(host for scheme, _, host in origins if scheme in ("http", "https")),
    ]


def _name(host: str) -> str:
    found = _HOST.fullmatch(host)
    return found["name"] if found else ""


def _normalized(name: str) -> str:
    """Return a name for comparison: in lower case, without the dot of the root."""
    return name.lower().removesuffix(".")
