"""The routes of the page; the document itself is at the root (portal/root.py)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from pydantic_core import to_json
from sqlalchemy import select

from portal_sandbox import blobs, events
from portal_sandbox.assets import FOLDER, asset, template
from portal_sandbox.auth import ThisService
from portal_sandbox.page import readers, texts
from portal_sandbox.page.feed import Feed
from portal_sandbox.page.view import Wanted
from portal_sandbox.page.views import Name, views
from portal_sandbox.service import Service
from portal_sandbox.tables import ChunkRow, FileRow

if TYPE_CHECKING:
    from jinja2 import Template

#: The maximum number of entries of a list.
MAX_ENTRIES = 1_000

router = APIRouter(include_in_schema=False)


def show(request: Request, service: Service) -> Response:
    """Return the document; 403 unless a browser on this machine opens it."""
    if not (readers.is_local(request) and readers.is_opened(request)):
        return PlainTextResponse(readers.REFUSAL, 403)
    text = _document().render(host=f"http://{request.headers['host']}", key=readers.key(service))
    return HTMLResponse(text, headers=_HEADERS)


def _own(request: Request, service: ThisService, key: str = "") -> None:
    """Refuse a request that is not of the page itself."""
    readers.check(request, service, key)


OWN = [Depends(_own)]


@router.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon, for pages that name none."""
    return Response(
        template("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
    )


@router.api_route("/page/assets/{name}", methods=["GET", "HEAD"])
def page_asset(name: str) -> Response:
    """Return a script or the style of the page."""
    if name not in _assets():
        raise HTTPException(404)
    return asset(FOLDER / "page" / name, {"Cache-Control": "no-cache"})


@router.get("/page/events/{name}", dependencies=OWN)
async def page_events(
    request: Request,
    service: ThisService,
    name: Name,
    limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
) -> Response:
    """Return the feed of a view, by the filters in the query."""
    filters = {each: request.query_params[each] for each in _FILTERS if each in request.query_params}
    feed = Feed(service, name, Wanted(filters, limit))
    return StreamingResponse(feed.events(), headers=_DATA, media_type=events.MEDIA_TYPE)


@router.get("/page/entries/{name}/{entry_id}", dependencies=OWN)
def page_entry(
    service: ThisService, name: Name, entry_id: str, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Return an entry in full, of its messages those from the key `after` on."""
    with service.store.database.reading() as db:
        detail = views(service)[name].detail(db, entry_id, after)
    if detail is None:
        raise HTTPException(404)
    return Response(to_json(detail), headers=_DATA, media_type="application/json")


@router.get("/page/texts/{name}/{message}", dependencies=OWN)
def page_text(service: ThisService, name: Name, message: int) -> Response:
    """Return the whole text of a message as a download."""
    with service.store.database.reading() as db:
        text = views(service)[name].text(db, message)
    if text is None:
        raise HTTPException(404)
    return Response(text.encode(), headers=_download(f"message-{message}.txt"))


@router.get("/page/files/{file}", dependencies=OWN)
def page_file(service: ThisService, file: int) -> Response:
    """Return the content of a file as a download, whatever type it has."""
    with service.store.database.reading() as db:
        row = db.get(FileRow, file)
        if row is None:
            raise HTTPException(404)
        pieces = blobs.pieces(db, row.sha256)
    headers = {**_download(row.name), "Content-Length": str(row.size)}
    return StreamingResponse(_content(service, pieces), headers=headers)


_FILTERS = ("agent", "user", "status", "kind")


def _content(service: Service, pieces: Sequence[int]) -> Iterator[bytes]:
    """Yield a content, each piece read on its own: a slow download holds no transaction."""
    for piece in pieces:
        with service.store.database.reading() as db:
            data = db.scalar(select(ChunkRow.data).where(ChunkRow.key == piece))
        yield data or b""


# ── responses ──


@cache
def _document() -> "Template":
    from jinja2 import Environment, StrictUndefined  # most tests never see the page

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(template("page/page.html"))


@cache
def _assets() -> frozenset[str]:
    return frozenset(each.name for each in (FOLDER / "page").iterdir()) - {"page.html"}


#: The headers of everything with data in it.
_DATA: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)

_HEADERS: Mapping[str, str] = {
    **_DATA,
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _download(name: str) -> dict[str, str]:
    """Return the headers of a file that a browser saves and never shows."""
    kept = "".join("_" if texts.is_invisible(each) or each in _SPECIAL else each for each in name)
    safe = kept.strip(" .")[-texts.MAX_NAME :] or "file"
    plain = re.sub("[^ -~]", "_", safe)
    return {
        **_DATA,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


#: Characters that lead elsewhere in a path, or end the name in a header.
_SPECIAL = frozenset('/\\:*?"<>|%\n\t')
