"""Redirects: the request that follows, and what of it may reach another origin."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from portal_client.request import HTTPRequest, Origin

MAX_REDIRECTS = 10

#: The headers that go along to another origin: none that could hold a secret.
_FOREIGN_HEADERS = ("accept", "accept-encoding", "user-agent")

#: The statuses that are redirects. All but 303 keep the method: to make a GET of a PUT would read the old
#: session as if the prompt had been taken. RFC 9110 (15.4) allows it for POST alone.
REDIRECTS = (301, 302, 303, 307, 308)


def redirected(request: HTTPRequest, status: int, location: Optional[str]) -> Optional[HTTPRequest]:
    """Return the request that a redirect leads to; None where there is none, or it is not safe to follow."""
    if location is None or status not in REDIRECTS:
        return None
    try:
        url = parse_url(urljoin(f"{request.origin}{request.target}", location))
    except (LocationParseError, ValueError):
        return None
    if url.scheme not in ("http", "https") or not url.host:
        return None
    origin = Origin.of(url)
    following = replace(request, origin=origin, target=url.request_uri)
    if status == 303 and request.method != "GET":
        headers = {k: v for k, v in request.headers.items() if not k.lower().startswith("content-")}
        following = replace(following, method="GET", body=None, headers=headers, idempotent=True)
    if origin == request.origin:
        return following if following.repeatable else None
    if following.body is not None or (request.origin.scheme, origin.scheme) == ("https", "http"):
        return None
    public = {k: v for k, v in following.headers.items() if k.lower() in _FOREIGN_HEADERS}
    return replace(following, headers=public, credential=None, foreign=True)
