"""The pages at `/docs`: they run nothing from elsewhere, and can be read without running anything."""

import re
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

import portal_sandbox

from .conftest import Caller

PAGES = {"/docs": "Portal", "/candela/docs": "FINBOURNE Candela Platform Web API"}


@pytest.fixture(scope="module", params=PAGES)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _page(caller: Caller, path: str) -> BeautifulSoup:
    response = caller.call("GET", path)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return BeautifulSoup(response.data.decode(), "html.parser")


def test_all_that_it_loads_is_served_here(caller: Caller, path: str) -> None:
    page = _page(caller, path)

    loaded = [*(tag["src"] for tag in page.select("script")), *(tag["href"] for tag in page.select("link"))]
    assert len(loaded) == 4
    for each in map(str, loaded):
        assert not re.match("[a-z]+:|//", each)
        assert caller.call("GET", urljoin(path, each)).status == 200
    assert page.select("script:not([src]), style, [style], [onload]") == []


def test_what_it_loads_is_what_it_says(caller: Caller, path: str) -> None:
    types = {
        name: caller.call("GET", f"{path}/{name}").headers["Content-Type"].partition(";")[0]
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js")
    }

    assert types["swagger-ui.css"] == "text/css"
    assert types["swagger-ui-bundle.js"] == types["start.js"] == "text/javascript"
    assert b"SwaggerUIBundle" in caller.call("GET", f"{path}/swagger-ui-bundle.js").data
    assert caller.call("GET", f"{path}/start.js").data.startswith(b"SwaggerUIBundle({")


def test_its_policy_lets_nothing_from_elsewhere_run(caller: Caller, path: str) -> None:
    policy = caller.call("GET", path).headers["Content-Security-Policy"]

    assert "default-src 'none'; script-src 'self'; " in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_without_a_script_it_leads_to_the_document(caller: Caller, path: str) -> None:
    page = _page(caller, path)

    assert page.title is not None
    assert page.title.get_text() == f"{PAGES[path]} · API docs"
    assert page.main is not None
    assert page.main.get_text().split() != []
    (link,) = page.main.select("a")
    document = caller.call("GET", urljoin(path, str(link["href"]))).json()
    assert document["info"]["title"] == PAGES[path]


def test_redoc_leads_there(caller: Caller, path: str) -> None:
    response = caller.call("GET", path.replace("docs", "redoc"), redirect=True, retries=3)

    assert response.status == 200
    assert response.data == caller.call("GET", path).data


@pytest.mark.parametrize("name", ["nothing", "redoc.standalone.js", "..%2fdocs.html", "oauth2-redirect"])
def test_no_other_file_is_served(caller: Caller, path: str, name: str) -> None:
    response = caller.call("GET", f"{path}/{name}")

    assert (response.status, response.json()) == (404, {"detail": "Not Found"})


def test_the_pages_are_not_in_the_contract() -> None:
    app = portal_sandbox.create_app(tokens={"secret": "ann"})

    assert not any("docs" in path for path in app.openapi()["paths"])
