"""The plugin, as a user's test suite has it."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from _pytest.pytester import SysModulesSnapshot

import portal_testing
from support.markdown import Page
from test_imports import fresh

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute")

ROOT = Path(__file__).parents[2]
GUIDE = Page(ROOT / "docs/guides/testing.md")

#: Plugins of this environment that are slow to load, and their own tests are none of ours.
QUIET = ["anyio", "asyncio", "hypothesispytest", "schemathesis", "socket"]

#: How long a suite of a user may take here, in seconds; some start processes on a busy machine.
LIMIT = 90


def installed() -> bool:
    points = (point for each in distributions() for point in each.entry_points)
    return any(point.value == "portal_testing.plugin" for point in points)


def options(*wanted: str) -> list[str]:
    """The options of a user's run: our plugin, and no other than those that are wanted."""
    ours = [] if installed() else ["-p", "portal_testing.plugin"]
    return [*ours, *(f"-pno:{name}" for name in QUIET if name not in wanted), "-pno:cacheprovider"]


class _Modules(SysModulesSnapshot):
    """What a run in this process has imported stays, but its tests: nothing is to be there twice."""

    def __init__(self, preserve: object = None) -> None:
        super().__init__(lambda name: not name.startswith(("test_", "conftest")))


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("_pytest.pytester.SysModulesSnapshot", _Modules)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run a suite in this process."""
    return pytester.runpytest_inprocess(*options(), *arguments)


def start(pytester: pytest.Pytester, *arguments: str, wanted: tuple[str, ...] = ()) -> pytest.RunResult:
    """Run a suite in a process of its own."""
    pytester._monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "pytest", *options(*wanted), *arguments]
    return pytester.run(*command, timeout=LIMIT)


# ── servers ──


def test_the_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import finbourne_candela, portal_client
        from portal_testing.server import CandelaServer, PortalServer

        def test_portal(portal_server, portal_api):
            assert isinstance(portal_server, PortalServer)
            assert isinstance(portal_api, portal_client.SessionsApi)
            portal_server.agent("a1").replies("ok")
            assert portal_api.run_session("a1", "Hello").messages[-1].text == "ok"
            assert portal_server.calls[0].arguments["text_prompt"] == "Hello"
            assert portal_server.api(portal_client.AgentsApi).api_client is portal_server.client

        def test_portal_again(portal_api):
            assert portal_api.get_sessions("a1").sessions == []

        def test_candela(candela_server, candela_api):
            assert isinstance(candela_server, CandelaServer)
            assert isinstance(candela_api, finbourne_candela.SessionsApi)
            assert candela_api.list_sessions() == []

        def test_both(portal_api, candela_api, portal_server, candela_server):
            portal_api.get_sessions("a1")
            assert [len(portal_server.calls), len(candela_server.calls)] == [1, 0]
        """
    )

    run(pytester).assert_outcomes(passed=4)


UNUSED = """
    import pytest

    def test_unused(portal_server):
        portal_server.agent("a1").replies("ok").then_fails(503)

    def test_switched_off(portal_server):
        portal_server.strict = False
        portal_server.agent("a1").replies("ok")

    def test_unused_candela(candela_server):
        candela_server.operation("start_session").fails(503)
"""


def test_what_is_not_used_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNUSED)
    result = run(pytester)

    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_unused _*",
            "What was scripted is to be used, but was not:",
            "  agent(\"a1\").replies('ok') was never used (0 calls)",
            '  agent("a1").fails(503) was never used (0 calls)',
            "*ERROR at teardown of test_unused_candela _*",
            '  operation("start_session").fails(503) was never used (0 calls)',
        ]
    )
    result.stdout.no_fnmatch_line("*During handling*")


def test_it_may_be_switched_off_for_all(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNUSED)
    pytester.makeini("[pytest]\nportal_strict = false")

    run(pytester).assert_outcomes(passed=3)


def test_a_test_that_has_failed_is_not_blamed_twice(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_fails(portal_server):
            portal_server.agent("a1").replies("ok")
            assert False, "mine"

        def test_unused(portal_server):
            portal_server.agent("a1").replies("ok")
        """
    )

    run(pytester).assert_outcomes(failed=1, passed=1, errors=1)


def test_a_test_that_has_not_come_to_its_end_is_not_blamed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import unittest
        import pytest

        def test_skipped(portal_server):
            portal_server.agent("a1").replies("ok")
            pytest.skip("not here")

        @pytest.mark.xfail(reason="known")
        def test_xfailed(portal_server):
            portal_server.agent("a1").replies("ok")
            assert False

        class Test(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def served(self, portal_server):
                self.server = portal_server

            def test_skipped(self):
                self.server.agent("a1").replies("ok")
                self.skipTest("not here")

            def test_unused(self):
                self.server.agent("a1").replies("ok")
        """
    )

    run(pytester).assert_outcomes(skipped=2, xfailed=1, passed=1, errors=1)


def test_an_unknown_agent_is_named_with_those_there_are(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_typo(portal_server, portal_api):
            portal_server.agent("a1").replies("ok")
            portal_api.run_session("a2", "Hello")
        """
    )
    result = run(pytester)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Agent not found: a2 (agents: echo, a1)*"])


# ── cassettes ──

RECORDED = """
    import os
    from portal_client import ApiClient, Configuration, SessionsApi

    def test_it(portal_cassette):
        with ApiClient(Configuration(os.environ["TEST_HOST"], access_token="a-real-token")) as client:
            assert SessionsApi(client).create_session("a1", os.environ["TEST_PROMPT"]).messages
"""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Any:
    from support.scripted import playing, reply

    monkeypatch.setenv("TEST_PROMPT", "Hello")
    with playing(reply()) as server:
        monkeypatch.setenv("TEST_HOST", server.host)
        yield server


def test_a_cassette_is_recorded_once_and_replayed_for_ever(pytester: pytest.Pytester, host: Any) -> None:
    pytester.makepyfile(test_mine=RECORDED)
    for _ in range(3):
        run(pytester).assert_outcomes(passed=1)
        assert len(host.requests) == 1
    run(pytester, "--portal-record=none").assert_outcomes(passed=1)
    assert len(host.requests) == 1
    run(pytester, "--portal-record=all").assert_outcomes(passed=1)
    assert len(host.requests) == 2

    (path,) = pytester.path.glob("cassettes/*")  # type: ignore[misc]
    assert path.name == "test_mine"
    assert [each.name for each in path.iterdir()] == ["test_it.json"]
    assert "a-real-token" not in (path / "test_it.json").read_text("utf-8")


def test_a_call_that_is_not_recorded(
    pytester: pytest.Pytester, host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(RECORDED)
    pytester.makeini("[pytest]\nportal_cassettes = tapes")
    run(pytester).assert_outcomes(passed=1)
    monkeypatch.setenv("TEST_PROMPT", "Good-bye")
    result = run(pytester)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*text_prompt: recorded 'Hello', now 'Good-bye'*"])
    assert len(host.requests) == 1
    assert list(pytester.path.glob("tapes/*/test_it.json"))


def test_calls_that_are_not_made_fail_the_test(pytester: pytest.Pytester, host: Any) -> None:
    pytester.makepyfile(test_mine=RECORDED)
    run(pytester).assert_outcomes(passed=1)
    pytester.makepyfile(test_mine="def test_it(portal_cassette): pass")
    result = run(pytester)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["The calls are not those of *", "  not made: create_session, POST /sessions, *"]
    )


def test_what_a_failing_test_has_recorded_is_not_kept(pytester: pytest.Pytester, host: Any) -> None:
    pytester.makepyfile(f"{RECORDED}            assert 0")
    run(pytester).assert_outcomes(failed=1)

    assert len(host.requests) == 1
    assert not list(pytester.path.glob("cassettes/**/*.json"))


@pytest.mark.parametrize("end", ["pytest.skip('not here')", "pytest.xfail('known')", "pytest.exit('stop')"])
def test_what_a_test_has_recorded_that_did_not_come_to_its_end_is_not_kept(
    pytester: pytest.Pytester, host: Any, end: str
) -> None:
    pytester.makepyfile(f"{RECORDED}            import pytest\n            {end}")
    run(pytester)

    assert len(host.requests) == 1
    assert not list(pytester.path.glob("cassettes/**/*.json"))


def test_the_groups_of_xdist_have_the_same_cassettes(pytester: pytest.Pytester, host: Any) -> None:
    pytester.makepyfile(test_mine=RECORDED)
    run(pytester).assert_outcomes(passed=1)
    pytester.makeconftest(
        """
        import pytest

        class Grouped(pytest.Function):  # as in a worker with --dist=loadgroup
            @property
            def nodeid(self):
                return f"{super().nodeid}@group"

        def pytest_collection_modifyitems(items):
            for item in items:
                item.__class__ = Grouped
        """
    )

    run(pytester, "--portal-record=none").assert_outcomes(passed=1)
    assert len(host.requests) == 1


def test_nothing_to_replay(pytester: pytest.Pytester, host: Any) -> None:
    pytester.makepyfile(RECORDED)
    result = run(pytester, "--portal-record=none")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*there is no cassette *test_it.json: record it with *--portal-record=once*"]
    )
    assert host.requests == []


# ── what it costs a project that does not use it ──


def test_loading_it_imports_nothing_that_it_does_not_need() -> None:
    import _pytest

    before = fresh("import pytest; answer = sorted(sys.modules)")
    loaded = fresh("import pytest, portal_testing.plugin; answer = sorted(sys.modules)")

    assert sorted(set(loaded) - set(before)) == [
        "portal_client",
        "portal_client._lazy",
        "portal_testing",
        "portal_testing.plugin",
    ]
    assert _pytest is not None


def test_a_project_that_does_not_use_it_loads_no_more(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import json, sys

        def pytest_sessionfinish():
            print("LOADED", json.dumps(sorted(sys.modules)))
        """
    )
    pytester.makepyfile("def test_it(): pass")
    result = start(pytester, "-s", "-pno:xdist", "-pno:timeout")
    (line,) = [line for line in result.outlines if "LOADED" in line]
    loaded = json.loads(line.partition("LOADED ")[2])

    result.assert_outcomes(passed=1)
    assert "portal_testing.plugin" in loaded
    heavy = ("fastapi", "finbourne_candela", "portal_sandbox", "pydantic", "sqlalchemy", "urllib3", "uvicorn")
    assert [name for name in loaded if name.partition(".")[0] in heavy] == []
    assert {name for name in loaded if name.startswith("portal_")} == {
        "portal_client",
        "portal_client._lazy",
        "portal_testing",
        "portal_testing.plugin",
    }


# ── beside others ──

SUITE = """
    import pytest

    @pytest.mark.parametrize("number", range(6))
    def test_it(portal_server, portal_api, number):
        portal_server.agent("a1").replies(str(number))
        assert portal_api.run_session("a1", "Hello").messages[-1].text == str(number)
        assert len(portal_server.api(type(portal_api)).get_sessions("a1").sessions) == 1
"""


def needs(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed")


@pytest.mark.slow
@needs("xdist")
def test_beside_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)

    start(pytester, "-n2").assert_outcomes(passed=6)


@pytest.mark.slow
@needs("pytest_asyncio")
def test_beside_asyncio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio, pytest

        @pytest.mark.asyncio
        async def test_it(portal_server, portal_api):
            portal_server.agent("a1").replies("ok")
            calls = [asyncio.to_thread(portal_api.run_session, "a1", "Hello") for _ in range(5)]
            sessions = await asyncio.gather(*calls)
            assert [session.messages[-1].text for session in sessions] == ["ok"] * 5
        """
    )
    for mode in ("strict", "auto"):
        start(pytester, f"--asyncio-mode={mode}", wanted=("asyncio",)).assert_outcomes(passed=1)


@pytest.mark.slow
@needs("pytest_socket")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--allow-hosts=127.0.0.1,::1"],
        ["--disable-socket", "--allow-hosts=127.0.0.1,::1"],
        ["--disable-socket", "--allow-unix-socket", "--allow-hosts=127.0.0.1"],
    ],
    ids=" ".join,
)
def test_beside_socket_with_loopback_allowed(pytester: pytest.Pytester, arguments: list[str]) -> None:
    pytester.makepyfile(SUITE)

    start(pytester, *arguments, wanted=("socket",)).assert_outcomes(passed=6)


@pytest.mark.slow
@needs("pytest_socket")
def test_without_sockets_a_server_says_what_it_needs_and_a_cassette_replays(
    pytester: pytest.Pytester, host: Any
) -> None:
    pytester.makepyfile(test_mine=RECORDED)
    start(pytester).assert_outcomes(passed=1)
    pytester.makepyfile(test_other=SUITE)
    result = start(pytester, "--disable-socket", "--allow-unix-socket", wanted=("socket",))

    result.assert_outcomes(passed=1, errors=6)
    result.stdout.fnmatch_lines(["*pytest --allow-hosts=127.0.0.1 allows it*"])
    assert len(host.requests) == 1


@pytest.mark.slow
@needs("vcr")
def test_beside_vcrpy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import vcr
        from portal_client import ApiClient, Configuration, SessionsApi

        def test_within(portal_server, portal_api, tmp_path):
            portal_server.agent("a1").replies("ok").then_loses_the_reply()
            with vcr.use_cassette(str(tmp_path / "tape.yaml")) as tape:
                assert portal_api.run_session("a1", "Hello").messages[-1].text == "ok"
            assert len(tape) == len(portal_server.calls)
            portal_server.agent("a1").script.steps.clear()

        def test_ours_within_theirs(portal_server, portal_api, tmp_path):
            from portal_testing import Cassette
            with vcr.use_cassette(str(tmp_path / "tape.yaml")):
                with Cassette(tmp_path / "ours.json"):
                    portal_api.create_session("echo", "Hello")
                with Cassette(tmp_path / "ours.json"):
                    assert portal_api.create_session("echo", "Hello").messages[-1].text == "Hello"
            assert len(portal_server.calls) == 1

        def test_after(portal_api):
            assert portal_api.run_session("echo", "Hello").messages[-1].text == "Hello"
        """
    )

    start(pytester, "-Wignore").assert_outcomes(passed=3)


@pytest.mark.slow
def test_warnings_may_be_errors(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)

    start(pytester, "-Werror").assert_outcomes(passed=6)


# ── unittest ──


def test_unittest_has_the_same(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        import unittest
        import portal_testing
        from portal_client import SessionsApi

        class Asking(unittest.TestCase):
            def setUp(self):
                self.server = self.enterContext(portal_testing.serve_portal())

            def test_it(self):
                self.server.agent("a1").replies("ok")
                session = self.server.api(SessionsApi).run_session("a1", "Hello")
                self.assertEqual(session.messages[-1].text, "ok")

            def test_unused(self):
                self.server.agent("a1").replies("ok")

        if __name__ == "__main__":
            unittest.main()
        """
    )
    pytester._monkeypatch.setenv("PYTHONPATH", str(ROOT))
    result = pytester.run(sys.executable, str(path), timeout=LIMIT)

    assert result.ret == 1
    assert "UnusedScript" in result.stderr.str()
    assert re.search(r"Ran 2 tests[\s\S]*FAILED \((errors|failures)=1\)", result.stderr.str())


def test_unittest_reports_the_failure_of_a_test_first(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        import unittest
        import portal_testing

        class Failing(unittest.TestCase):
            def test_entered(self):
                server = self.enterContext(portal_testing.serve_portal())
                server.agent("a1").replies("ok")
                self.fail("of its own")

            def test_in_a_block(self):
                with portal_testing.serve_portal() as server:
                    server.agent("a1").replies("ok")
                    self.fail("of its own")

            def test_checked(self):
                server = self.enterContext(portal_testing.serve_portal(strict=False))
                server.agent("a1").replies("ok")
                self.fail("of its own")
                server.check()

        if __name__ == "__main__":
            unittest.main()
        """
    )
    pytester._monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shown = pytester.run(sys.executable, str(path), timeout=LIMIT).stderr.str()

    assert shown.count("of its own\n") == 3
    assert shown.count("UnusedScript:") == 1
    assert shown.index("of its own") < shown.index("UnusedScript:")


# ── the guide ──


def test_the_tests_of_the_guide_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [block.code for block in GUIDE.blocks() if "Without pytest" not in block.heading]
    pytester.makepyfile("\n".join(blocks))
    with portal_testing.serve_portal() as service:  # what the cassette is recorded from
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        first = run(pytester)
        asked = [call.operation for call in service.calls]
        again = run(pytester)

    tests = "\n".join(blocks).count("def test_")
    assert tests >= 10
    first.assert_outcomes(passed=tests)
    again.assert_outcomes(passed=tests)
    assert asked[:2] == ["create_async_session", "get_session"]
    assert len(service.calls) == len(asked)  # the second run has replayed them
