"""The page at `/`: the sessions as a person reads them, for whoever sits at the machine."""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from portal_sandbox.agents import display_name
from portal_sandbox.auth import ThisService
from portal_sandbox.periods import by_period, period
from portal_sandbox.tables import SessionRow

#: How many sessions the page shows, how many messages of each, and how many characters of each text.
MAX_SESSIONS = 100
MAX_MESSAGES = 100
MAX_TEXT = 4_000
MAX_PREVIEW = 120

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def show_sessions(request: Request, service: ThisService) -> Response:
    """The newest sessions of all users; 403 unless the browser is on this machine."""
    if not is_local(request):
        return PlainTextResponse(_ELSEWHERE, 403)
    sessions, count = service.store.newest(MAX_SESSIONS)
    now = service.now()
    text = _template().render(
        host=f"http://{request.headers['host']}",
        db=service.store.path,
        agents=service.agents,
        max_messages=MAX_MESSAGES,
        count=count,
        shown=len(sessions),
        periods=by_period(sessions, now),
        now=now,
    )
    return HTMLResponse(text, headers=_headers())


@router.get("/favicon.ico")
def favicon() -> Response:
    """The icon, for the pages that do not name one."""
    return Response(_file("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


_ELSEWHERE = (
    "This page shows the sessions of all users, so it is only for a browser on the machine of the sandbox, "
    "which opens it as http://localhost or by an IP address, with no proxy in between.\n"
)


def is_local(request: Request) -> bool:
    """Whether a browser on this machine asks, by no name that somebody else can make lead here.

    A foreign page may have its own name resolve to this machine (DNS rebinding), but not an IP address; a
    proxy on this machine would ask for others.
    """
    proxied = any(name in request.headers for name in _PROXY_HEADERS)
    client = _address(request.client.host) if request.client else None
    name = re.sub(r":\d*$", "", request.headers.get("host", "")).lower()
    named = name == "localhost" or _address(name.removeprefix("[").removesuffix("]")) is not None
    return client is not None and client.is_loopback and named and not proxied


_PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


# ── the page ──


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(_FILTERS)
    icon = f"data:image/svg+xml,{quote(_file('icon.svg'))}"
    settings = {"css": Markup(_file("page.css")), "icon": icon}
    return environment.from_string(_file("page.html"), globals=settings)


@cache
def _headers() -> Mapping[str, str]:
    style = b64encode(sha256(_file("page.css").encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{style}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


@cache
def _file(name: str) -> str:
    return (files("portal_sandbox") / "templates" / name).read_text("utf-8")


# ── how values are written ──

#: Characters that are not seen, or that change the order of others: all controls but tab and line feed,
#: and what embeds, overrides or isolates a direction of writing.
_CONTROLS = re.compile("([\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff])")


def _text(text: str) -> Markup:
    """A text with its line breaks, cut where it is long."""
    shown = _shown(text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    rest = len(text) - MAX_TEXT
    if rest <= 0:
        return shown
    return shown + Markup('<span class="cut">… {} more</span>').format(_counted(rest, "character"))


def _preview(session: SessionRow) -> Markup:
    """How the conversation begins, on one line."""
    text = " ".join(session.messages[0].text[:1_000].split()) if session.messages else ""
    return _shown(text if len(text) <= MAX_PREVIEW else f"{text[:MAX_PREVIEW]}…")


def _shown(text: str) -> Markup:
    """Text whose every character is seen."""
    return Markup("").join(map(_escaped, _CONTROLS.split(text)))


def _escaped(part: str) -> Markup:
    if _CONTROLS.fullmatch(part):
        return Markup('<span class="control">U+{:04X}</span>').format(ord(part))
    return escape(part)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _number_of_files(session: SessionRow) -> int:
    return sum(len(message.files) for message in session.messages)


def _size(size: int) -> str:
    if size < 1_000:
        return _counted(size, "byte")
    factor, unit = next(((f, u) for f, u in _UNITS if size < 1_000 * f), _UNITS[-1])
    return f"{size / factor:,.1f} {unit}"


_UNITS = ((10**3, "kB"), (10**6, "MB"), (10**9, "GB"))


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _short_time(time: datetime, now: datetime) -> str:
    """The time of a day that has a heading of its own, the date of another."""
    day = f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"
    return f"{day[-5:]} UTC" if period(time, now) in ("Today", "Yesterday") else day[:10]


_FILTERS: dict[str, Callable[..., Any]] = {
    "agent_name": display_name,
    "counted": _counted,
    "files": _number_of_files,
    "name": _shown,
    "preview": _preview,
    "short_time": _short_time,
    "size": _size,
    "text": _text,
    "time": _time,
}
