"""The app: it is beside Portal, has documents of its own, and its errors have one form."""

import pytest

from ..conftest import Caller
from .conftest import Candela


def test_both_services_are_there(candela: Candela) -> None:
    with Caller(candela.box.host, candela.box.token) as portal:
        assert (
            portal.create()["user_id"] == candela.get("/sessions/metadata", **candela.start())["created_by"]
        )
        assert portal.call("GET", "/sessions/list").status == 404  # a session with the id "list"
    assert candela.call("GET", "/sessions/list").status == 200


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_is_served(candela: Candela, path: str) -> None:
    response = candela.call("GET", path)

    assert response.status == 200
    assert b"FINBOURNE Candela" in response.data


def test_each_response_has_a_request_id(candela: Candela) -> None:
    for path in ("/sessions/list", "/session/stop", "/nowhere", "/oauth2/v1/token"):
        own = candela.call("GET", path, headers={**candela.http.headers, "X-Request-ID": "mine-1"})
        assert own.headers.getlist("X-Request-ID") == ["mine-1"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sessions/", "DELETE, GET"),
        ("/sessions/list", "GET"),
        ("/session", "POST"),
        ("/session/stop", "GET"),
        ("/oauth2/v1/token", "POST"),
        ("/oauth2/v1/revoke", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_405(candela: Candela, path: str, allowed: str) -> None:
    response = candela.call("PATCH", path)

    assert (response.status, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["Allow"] == allowed


def test_what_is_not_there_is_404(candela: Candela) -> None:
    assert candela.call("GET", "/nowhere").json() == {"detail": "Not Found"}
