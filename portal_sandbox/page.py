"""The page at `/`: the sessions of all users, for a browser on this machine."""

import re
import unicodedata
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
from portal_sandbox.hosts import address, is_own
from portal_sandbox.messages import first_text
from portal_sandbox.periods import by_period, period
from portal_sandbox.service import Service
from portal_sandbox.tables import SessionRow

#: The maximum number of sessions, of messages of each, and of characters of each text.
MAX_SESSIONS = 100
MAX_MESSAGES = 100
MAX_TEXT = 4_000
MAX_PREVIEW = 120

router = APIRouter(include_in_schema=False)


def show_sessions(request: Request, service: Service) -> Response:
    """Return the newest sessions of all users; 403 unless a browser on this machine opens the page."""
    if not (is_local(request) and is_opened(request)):
        return PlainTextResponse(_REFUSAL, 403)
    sessions, count = service.store.newest(MAX_SESSIONS)
    now = service.now()
    text = _template().render(
        host=f"http://{request.headers['host']}",
        db=service.store.path,
        agents=service.agents,
        max_messages=MAX_MESSAGES,
        count=count,
        listed=len(sessions),
        periods=by_period(sessions, now),
        now=now,
    )
    return HTMLResponse(text, headers=_headers())


@router.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon, for pages that name none."""
    return Response(
        template("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
    )


_REFUSAL = (
    "This page shows the sessions of all users, so it is only for a browser on the machine of the sandbox "
    "that opens it as http://localhost or by an IP address, without a proxy, and not for scripts.\n"
)


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


#: The headers that a browser sends to open a page. Any other was added by a proxy: Via, X-Forwarded-For,
#: CF-Ray …
_BROWSER_HEADER = re.compile(
    "host|connection|keep-alive|user-agent|accept(-.*)?|sec-.*|cookie|authorization|referer|cache-control|pragma"
    "|if-.*|upgrade-insecure-requests|dnt|te|priority|range|purpose|save-data|content-length"
)


# ── the page ──


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(_FILTERS)
    icon = f"data:image/svg+xml,{quote(template('icon.svg'))}"
    settings = {"css": Markup(template("page.css")), "icon": icon}
    return environment.from_string(template("page.html"), globals=settings)


@cache
def _headers() -> Mapping[str, str]:
    style = b64encode(sha256(template("page.css").encode()).digest()).decode()
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
def template(name: str) -> str:
    """Return a file of the folder templates."""
    return (files("portal_sandbox") / "templates" / name).read_text("utf-8")


# ── filters ──

#: The categories of characters that are invisible or change the order of others.
_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))

#: Invisible characters of other categories: joiners, fillers, variation selectors, tags.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffc"
    "\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)

#: Joiners between the parts of one emoji: 👩 and 🚀 with a joiner are an astronaut.
_EMOJI = "[\u2190-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001faff]"
_JOINER = re.compile(
    f"((?<={_EMOJI})\ufe0f?\u200d(?={_EMOJI})|(?<={_EMOJI})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3))"
)


def _text(text: str) -> Markup:
    """Return a text with its line breaks, cut where it is long."""
    visible = _visible(text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    rest = len(text) - MAX_TEXT
    if rest <= 0:
        return visible
    return visible + Markup('<span class="cut">… {} more</span>').format(_count(rest, "character"))


def _preview(session: SessionRow) -> Markup:
    """Return the beginning of the conversation, on one line."""
    text = " ".join(first_text(session)[:1_000].split())
    return _visible(text if len(text) <= MAX_PREVIEW else f"{text[:MAX_PREVIEW]}…")


def _visible(text: str) -> Markup:
    """Return a text with its invisible characters written as their code points."""
    parts = _JOINER.split(text)  # every second one is a joiner
    return Markup("").join(Markup(part) if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> Markup:
    codes = {ord(each): _code_point(each) for each in set(text) if _is_invisible(each)}
    return Markup(escape(text).translate(codes))


def _is_invisible(character: str) -> bool:
    if character in "\t\n ":
        return False
    return unicodedata.category(character) in _INVISIBLE or _BLANK.match(character) is not None


def _code_point(character: str) -> Markup:
    return Markup('<span class="control" title="{}">U+{:04X}</span>').format(
        unicodedata.name(character, "control"), ord(character)
    )


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _number_of_files(session: SessionRow) -> int:
    return sum(len(message.files) for message in session.messages)


def _size(size: int) -> str:
    if size < 1_000:
        return _count(size, "byte")
    factor, unit = next(((f, u) for f, u in _UNITS if size < 1_000 * f), _UNITS[-1])
    return f"{size / factor:,.1f} {unit}"


_UNITS = ((10**3, "kB"), (10**6, "MB"), (10**9, "GB"))


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _short_time(time: datetime, now: datetime) -> str:
    """Return the time where the day has its own heading, else the date."""
    day = f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"
    return f"{day[-5:]} UTC" if period(time, now) in ("Today", "Yesterday") else day[:10]


_FILTERS: dict[str, Callable[..., Any]] = {
    "agent_name": display_name,
    "counted": _count,
    "files": _number_of_files,
    "name": _visible,
    "preview": _preview,
    "short_time": _short_time,
    "size": _size,
    "text": _text,
    "time": _time,
}
