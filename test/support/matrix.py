"""The fault matrix under `pytest -m fault`: a line for each case, and how many held."""

from __future__ import annotations

import sys

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the reports of a case carry its promise, from the workers too."""
    for mark in item.iter_markers("fault"):
        item.user_properties.append(("fault", ": ".join(mark.args)))


def _alone(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "fault") and not hasattr(config, "workerinput")


def _cases(reporter: pytest.TerminalReporter) -> dict[str, tuple[str, str]]:
    """The promise and the outcome of each case, by its id; the worst outcome of its phases counts."""
    cases: dict[str, tuple[str, str]] = {}
    for outcome in ("passed", "skipped", "xfailed", "xpassed", "failed", "error"):
        for report in reporter.stats.get(outcome, []):
            promises = [value for name, value in getattr(report, "user_properties", ()) if name == "fault"]
            if promises:
                cases[report.nodeid] = (promises[0], "held" if outcome == "passed" else outcome)
    return cases


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A case that was skipped has not held."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _alone(session.config) and sys.platform == "linux":
        if any(outcome == "skipped" for _, outcome in _cases(reporter).values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix."""
    if not _alone(terminalreporter.config):
        return
    cases = _cases(terminalreporter)
    terminalreporter.section("the fault matrix")
    for nodeid, (promise, outcome) in sorted(cases.items(), key=lambda case: (case[1][0], case[0])):
        terminalreporter.write_line(f"{outcome:<7} {promise} [{nodeid.removeprefix('test/')}]")
    held = sum(outcome == "held" for _, outcome in cases.values())
    terminalreporter.write_line(f"{held}/{len(cases)} held")
