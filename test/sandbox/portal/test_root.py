"""The root: the page for a browser, the operation for others."""

import pytest

from ..conftest import Caller

JSON, PAGE = "application/json", "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/json, text/html;q=0.5", JSON),
        ("nonsense", JSON),
        ("text/html", PAGE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE),
    ],
)
def test_the_type_goes_by_accept(caller: Caller, accept: str | None, kind: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    for method in ("GET", "HEAD"):
        response = caller.call(method, "/", headers=headers)

        assert (response.status, response.headers["Content-Type"]) == (200, kind)
        assert response.headers["Vary"] == "Accept"


def test_the_operation_is_open_to_everybody(caller: Caller) -> None:
    with Caller(caller.host, None) as nobody:
        response = nobody.call("GET", "/", headers={"X-Forwarded-For": "203.0.113.5"})

    assert response.json() == {"title": "Portal", "version": "0.1.0"}
