"""The report of an agent: one operation in its three forms."""

from __future__ import annotations

from typing import Any

import pytest

from portal_client import Report, ReportsApi
from support.clients import calling
from support.operations import Case, check_forms, check_repetition, operations_of
from support.scripted import reply

REPORT = {
    "text": "All is well.",
    "tables": [
        {
            "title": "Sales",
            "columns": ["Region", "Total"],
            "rows": [
                {
                    "values": [
                        {"key": "Region", "text": "North", "link": "/north", "is_downloadable": True},
                        {"key": "Total", "text": "5"},
                    ]
                }
            ],
        }
    ],
}
CASES = {
    "get_report": Case("GET", "/reports/a1", REPORT, Report.from_dict(REPORT), {"agent_id": "a1"}),
}


def test_all_operations_are_here() -> None:
    assert operations_of(ReportsApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(ReportsApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated(name: str) -> None:
    check_repetition(ReportsApi, name, CASES[name])


def test_what_a_value_leaves_out_has_a_default() -> None:
    with calling(reply(REPORT)) as c:
        report = ReportsApi(c.client).get_report("a1")

    assert report.tables is not None
    region, total = report.tables[0].rows[0].values
    assert (region.link, region.is_downloadable) == ("/north", True)
    assert (total.link, total.is_downloadable) == ("", False)


@pytest.mark.parametrize("response", [{}, {"text": None, "tables": None}])
def test_a_report_may_be_empty(response: dict[str, Any]) -> None:
    with calling(reply(response)) as c:
        report = ReportsApi(c.client).get_report("a1")

    assert (report.text, report.tables) == ("", None)
