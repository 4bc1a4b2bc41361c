"""The report of an agent, through HTTP."""

from datetime import UTC, datetime
from typing import Any

from ..conftest import Caller, Start

COLUMNS = ["Updated", "Prompt", "Answer", "Status"]


def _rows(report: Any) -> list[list[str]]:
    (table,) = report["tables"]
    assert (table["title"], table["columns"]) == ("Sessions", COLUMNS)
    for row in table["rows"]:
        assert [value["key"] for value in row["values"]] == COLUMNS
        assert [(value["link"], value["is_downloadable"]) for value in row["values"]] == [("", False)] * 4
    return [[value["text"] for value in row["values"]] for row in table["rows"]]


def test_a_report_is_of_the_callers_sessions_with_the_agent(start: Start) -> None:
    def fails(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    tokens, now = {"one": "ann", "two": "bob"}, datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    with (
        start(tokens=tokens, agents={"fails": fails}, now=lambda: now) as ann,
        Caller(ann.host, "two") as bob,
    ):
        ann.update(ann.create("first")["id"], "more")
        ann.create("second")
        bob.create("theirs")
        ann.create("what?", "fails")

        report, failed = ann.get("/reports/echo"), ann.get("/reports/fails")

    assert report["text"] == "second"
    assert _rows(report) == [
        ["2026-11-22 14:30:00 UTC", "second", "second", "Ready"],
        ["2026-11-22 14:30:00 UTC", "first", "more", "Ready"],
    ]
    assert failed["text"] == ""
    assert _rows(failed) == [["2026-11-22 14:30:00 UTC", "what?", "", "Error"]]


def test_a_report_without_sessions_is_empty(start: Start) -> None:
    report = start().get("/reports/echo")

    assert (report["text"], _rows(report)) == ("", [])


def test_an_unknown_agent_has_no_report(caller: Caller) -> None:
    response = caller.call("GET", "/reports/nobody")

    assert (response.status, response.json()["detail"][:23]) == (404, "Agent not found: nobody")
