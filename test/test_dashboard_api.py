"""The dashboard: one operation in its three forms, without a token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal_client import Agent, Dashboard, DashboardApi, Session, Widget
from support.clients import calling
from support.operations import AGENT, Case, check_forms, check_repetition, operations_of
from support.scripted import SESSION, reply

CASES = {
    "get_dashboard": Case(
        "GET",
        "/dashboard",
        {"widgets": [{"agent": AGENT, "latest_session": SESSION}]},
        Dashboard(widgets=[Widget(agent=Agent(**AGENT), latest_session=Session.from_dict(SESSION))]),
        secured=False,
    ),
}


def test_all_operations_are_here() -> None:
    assert operations_of(DashboardApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(DashboardApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated(name: str) -> None:
    check_repetition(DashboardApi, name, CASES[name])


@pytest.mark.parametrize("widget", [{"agent": AGENT, "latest_session": None}, {"agent": AGENT}])
def test_an_agent_may_have_no_session(widget: dict[str, Any]) -> None:
    with calling(reply({"widgets": [widget]})) as c:
        (read,) = DashboardApi(c.client).get_dashboard().widgets

    assert (read.agent.name, read.latest_session) == ("Ada", None)


def test_dates_become_json_again() -> None:
    dashboard = {"widgets": [{"agent": AGENT, "latest_session": SESSION}]}

    assert json.loads(Dashboard.from_dict(dashboard).to_json()) == dashboard


def test_a_token_is_sent_to_it_where_the_call_says_so() -> None:
    auth = {"in": "header", "key": "Authorization", "value": "Bearer mine"}
    with calling(reply({"widgets": []})) as c:
        DashboardApi(c.client).get_dashboard(_request_auth=auth)

    assert c.server.requests[0].headers["Authorization"] == "Bearer mine"
