"""Readers: who may open the page, and which requests are its own.

The page is for a browser on this machine, by a name that no other site can rebind. Its key is in the
document, which no script can read, not even one of this origin. So a request with the key is one of the page.
"""

import hmac
import re

from fastapi import Request

from portal_sandbox.candela.seed import stored
from portal_sandbox.errors import Refused
from portal_sandbox.hosts import address, is_own
from portal_sandbox.service import Service

#: The response to anybody else who opens the page.
REFUSAL = (
    "This page shows the sessions of all users, so it is only for a browser on the machine of the sandbox "
    "that opens it as http://localhost or by an IP address, without a proxy, and not for scripts.\n"
)


class NotThePage(Refused):
    """A request for the page's data that is not the page's own."""

    status = 403
    detail = "Only the page itself, opened on this machine, can read this; reload it if the sandbox is new"


def is_local(request: Request) -> bool:
    """Whether a request is of a browser on this machine, by a name that no other site can rebind.

    A proxy on this machine sends requests of others: it is known by HTTP/1.0 or by a header that no browser
    sends.
    """
    client = address(request.client.host) if request.client else None
    proxied = request.scope.get("http_version") == "1.0" or not all(
        _BROWSER_HEADER.fullmatch(name) for name in request.headers
    )
    return (
        client is not None and client.is_loopback and is_own(request.headers.get("host", "")) and not proxied
    )


def is_opened(request: Request) -> bool:
    """Whether a browser opens the page itself, not a script or a frame of another page.

    Programs without these headers, such as curl, are no scripts of a page.
    """
    mode = request.headers.get("sec-fetch-mode", "navigate")
    return (mode, request.headers.get("sec-fetch-dest", "document")) == ("navigate", "document")


def key(service: Service) -> str:
    """Return the key of the page, the same for all servers on a database and after a restart."""
    return hmac.digest(stored(service.store.database).encode(), b"page", "sha256").hex()


def check(request: Request, service: Service, given: str) -> None:
    """Raise NotThePage for a request with another key, of another site, or from elsewhere."""
    same = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    if not (is_local(request) and same and hmac.compare_digest(given.encode(), key(service).encode())):
        raise NotThePage


#: The headers that a browser sends to open a page and to read what it needs. Any other was added by a proxy:
#: Via, X-Forwarded-For, CF-Ray …
_BROWSER_HEADER = re.compile(
    "host|connection|keep-alive|user-agent|accept(-.*)?|sec-.*|cookie|authorization|referer|cache-control|pragma"
    "|if-.*|upgrade-insecure-requests|dnt|te|priority|range|purpose|save-data|content-length"
)
