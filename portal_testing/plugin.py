"""The fixtures for pytest, which finds them as an entry point; each imports what it needs when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

TYPE_CHECKING = False  # as everything else: loaded when it is used
if TYPE_CHECKING:
    from typing import Any, TypeVar

    import finbourne_candela
    import portal_client
    from portal_testing.cassette import Cassette
    from portal_testing.server import CandelaServer, PortalServer, Server

    S = TypeVar("S", bound=Server[Any])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command and of the configuration file."""
    group = parser.getgroup("portal", "tests with portal_client")
    group.addoption(
        "--portal-record",
        choices=("once", "none", "all"),
        default="once",
        help="record cassettes that are not there and replay the others (once), replay all (none), or record "
        "all of them anew (all)",
    )
    parser.addini("portal_cassettes", "The folder of cassettes, beside a test file", default="cassettes")
    parser.addini("portal_strict", "Whether all that a test has scripted must be used", "bool", True)


@pytest.fixture
def portal_server(request: pytest.FixtureRequest) -> Iterator[PortalServer]:
    """A fresh server of Portal, for this test alone."""
    from portal_testing import serve_portal

    yield from _served(serve_portal, request)


@pytest.fixture
def candela_server(request: pytest.FixtureRequest) -> Iterator[CandelaServer]:
    """A fresh server of Candela, for this test alone."""
    from portal_testing import serve_candela

    yield from _served(serve_candela, request)


@pytest.fixture
def portal_api(portal_server: PortalServer) -> portal_client.SessionsApi:
    """The SessionsApi of Portal, on a client that is connected to `portal_server`."""
    from portal_client import SessionsApi

    return portal_server.api(SessionsApi)


@pytest.fixture
def candela_api(candela_server: CandelaServer) -> finbourne_candela.SessionsApi:
    """The SessionsApi of Candela, on a client that is connected to `candela_server`."""
    from finbourne_candela import SessionsApi

    return candela_server.api(SessionsApi)


@pytest.fixture
def portal_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """The cassette of this test: recorded once against a real server, and replayed from then on."""
    from portal_testing.cassette import Cassette, CassetteMismatch, path_for

    path = path_for(request.node.nodeid, request.node.path, request.config.getini("portal_cassettes"))
    mode: Any = request.config.getoption("portal_record")
    cassette = Cassette(path, mode)
    cassette.strict = bool(request.config.getini("portal_strict"))
    failed = request.session.testsfailed
    cassette.open()
    yield cassette
    cassette.close()
    mismatch = ""
    if request.session.testsfailed == failed:  # what a test that fails has recorded is not kept
        try:
            cassette.finish()
        except CassetteMismatch as error:
            mismatch = str(error)
    if mismatch:
        pytest.fail(mismatch, pytrace=False)


def _served(serve: Callable[..., AbstractContextManager[S]], request: pytest.FixtureRequest) -> Iterator[S]:
    """Yield a server; let the test fail for what was not used of its script, unless it has failed already."""
    from portal_testing import UnusedScript

    failed = request.session.testsfailed
    unused = ""
    with serve(strict=False) as server:
        server.strict = bool(request.config.getini("portal_strict"))
        yield server
        if server.strict and request.session.testsfailed == failed:
            try:
                server.check()
            except UnusedScript as error:
                unused = str(error)
        server.strict = False
    if unused:
        pytest.fail(unused, pytrace=False)
