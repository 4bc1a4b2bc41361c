"""The page at `/docs` of each service: its operations in Swagger UI.

Its scripts are those of the package `fastapi-offline`, not of the network: it has the same origin as the page
of all sessions, and works without the internet.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from portal_sandbox.assets import FOLDER, asset, template

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

router = APIRouter(include_in_schema=False)


@router.api_route("/docs", methods=["GET", "HEAD"])
def show_docs(request: Request) -> Response:
    """Return the page of a service."""
    return HTMLResponse(Markup(template("docs.html")).format(title=request.app.title), headers=_HEADERS)


@router.api_route("/docs/{name}", methods=["GET", "HEAD"])
def docs_file(name: str) -> Response:
    """Return a script or a style of the page."""
    if name not in _files():
        raise HTTPException(404)
    return asset(_files()[name], _HEADERS)


@router.get("/redoc")
def redoc() -> Response:
    """Redirect to the page of documentation."""
    return RedirectResponse("docs")


@cache
def _files() -> Mapping[str, Traversable]:
    folder = files("fastapi_offline") / "static"
    scripts = {name: folder / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")}
    return {"start.js": FOLDER / "docs.js", **scripts}
