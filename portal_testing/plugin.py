"""The fixtures for pytest, which finds them as an entry point; each imports what it needs when it is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
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


#: Whether a test has come to its end without raising; None until then.
_ENDED = pytest.StashKey["bool | None"]()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test has come to its end; one that failed, was skipped or was stopped has not."""
    report = yield  # first those who tell what a test of unittest has raised
    if call.when == "setup":
        item.stash[_ENDED] = None
    elif call.when == "call":  # for each subtest, too
        raised = call.excinfo is not None or report.failed
        item.stash[_ENDED] = item.stash.get(_ENDED, None) is not False and not raised
    return report


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

    # Not the node id, to which pytest-xdist adds its groups.
    named = [node for node in request.node.listchain() if isinstance(node, (pytest.Class, pytest.Item))]
    name = ".".join(node.name for node in named)
    path = path_for(name, request.node.path, request.config.getini("portal_cassettes"))
    mode: Any = request.config.getoption("portal_record")
    cassette = Cassette(path, mode)
    cassette.strict = bool(request.config.getini("portal_strict"))
    cassette.open()
    yield cassette
    cassette.close()
    mismatch = ""
    if request.node.stash.get(_ENDED, None):  # what another one has recorded is not kept
        try:
            cassette.finish()
        except CassetteMismatch as error:
            mismatch = str(error)
    if mismatch:
        pytest.fail(mismatch, pytrace=False)


def _served(serve: Callable[..., AbstractContextManager[S]], request: pytest.FixtureRequest) -> Iterator[S]:
    """Yield a server; let a test that comes to its end fail for what was not used of its script."""
    from portal_testing import UnusedScript

    unused = ""
    with serve(strict=False) as server:
        server.strict = bool(request.config.getini("portal_strict"))
        yield server
        if server.strict and request.node.stash.get(_ENDED, None):
            try:
                server.check()
            except UnusedScript as error:
                unused = str(error)
        server.strict = False
    if unused:
        pytest.fail(unused, pytrace=False)
