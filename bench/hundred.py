"""The cost of a suite: a hundred tests, each with a server of its own and a session that it waits for."""

from __future__ import annotations

from bench.contestants import PortalClient
from bench.harness import FLOOR, OURS, AtMost, Row, Script, Within

_SETUP = """
import contextlib, os, pathlib, tempfile
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
silent = contextlib.redirect_stdout(open(os.devnull, "w"))
suite = pathlib.Path(tempfile.mkdtemp(), "test_it.py")
suite.write_text('''%s''')
"""
_RUN = """
import pytest
with silent:
    assert pytest.main([str(suite), "-q", "-p", "portal_testing.plugin", "-p", "no:cacheprovider"]) == 0
suite.unlink()
suite.parent.rmdir()
"""
_TESTS = """
import pytest
@pytest.mark.parametrize("number", range(100))
def test_it(number, portal_server, portal_api):
    portal_server.agent("a1").replies("ok")
    assert portal_api.run_session("a1", "Hello", progress=False).messages[-1].text == "ok"
"""
_EMPTY = """
import pytest
@pytest.fixture
def nothing():
    yield "ok"
@pytest.mark.parametrize("number", range(100))
def test_it(number, nothing):
    assert nothing == "ok"
"""
_LIBRARIES = (*PortalClient.libraries, "fastapi", "sqlalchemy", "uvicorn", "pytest")

ROWS = [
    Row(
        "hundred",
        "a suite of 100 tests with `portal_api`",
        {
            OURS: Script(_RUN, _LIBRARIES, setup=_SETUP % _TESTS),
            FLOOR: Script(_RUN, ("pytest",), setup=_SETUP % _EMPTY),
        },
        [Within(3.0), AtMost(14, FLOOR)],
        rounds=9,
        per="suite",
        note="From a new interpreter on, with all imports; each test starts a server, scripts an agent and "
        "runs a session. The floor is 100 tests with an empty fixture.",
    ),
]
