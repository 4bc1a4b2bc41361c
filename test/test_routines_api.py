"""The routines of an agent: five operations, each in its three forms."""

from __future__ import annotations

import json

import pytest

from portal_client import (
    ApiResponseError,
    CreateRoutineRequest,
    Routine,
    RoutinesApi,
    RoutinesResponse,
    TrendStatus,
)
from support.clients import calling
from support.operations import Case, check_forms, check_repetition, operations_of
from support.scripted import SESSION, reply

REQUEST = {"agent_id": "a1", "name": "Revenue", "requirements": "How is it?", "interval": "weekly"}
ROUTINE = {"id": "r1", "user_id": "u1", **REQUEST, "trend": {"description": "", "status": "UNKNOWN"}}
RUN = {**ROUTINE, "sessions": [SESSION | {"routine_id": "r1"}], "latest_answer": "Well."}
LIST = {"routines": [RUN]}
CASES = {
    "get_routines": Case(
        "GET", "/routines?agent_id=a1", LIST, RoutinesResponse.from_dict(LIST), {"agent_id": "a1"}
    ),
    "create_routine": Case(
        "POST",
        "/routines",
        ROUTINE,
        Routine.from_dict(ROUTINE),
        {"create_routine_request": CreateRoutineRequest(**REQUEST)},
        REQUEST,
    ),
    "run_routine": Case(
        "PUT", "/routines/r1/run", LIST, RoutinesResponse.from_dict(LIST), {"routine_id": "r1"}
    ),
    "run_async_routine": Case(
        "PUT", "/routines/r1/run/async", LIST, RoutinesResponse.from_dict(LIST), {"routine_id": "r1"}
    ),
    "delete_routine": Case(
        "DELETE", "/routines/r1", LIST, RoutinesResponse.from_dict(LIST), {"routine_id": "r1"}
    ),
}


def test_all_operations_are_here() -> None:
    assert operations_of(RoutinesApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(RoutinesApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated_and_all_else_is_sent_once(name: str) -> None:
    check_repetition(RoutinesApi, name, CASES[name])


def test_a_new_trend_leaves_the_others_readable() -> None:
    new = {**RUN, "trend": {"description": "d", "status": "RISING"}}
    with calling(reply({"routines": [RUN, new]})) as c:
        old, risen = RoutinesApi(c.client).get_routines("a1").routines

    assert old.trend.status is TrendStatus.UNKNOWN
    assert risen.trend.status == "RISING"


def test_dates_become_json_again() -> None:
    assert json.loads(RoutinesResponse.from_dict(LIST).to_json()) == LIST


def test_a_response_of_another_kind_is_told_and_not_asked_for_again() -> None:
    with calling(reply({"routines": "none"})) as c, pytest.raises(ApiResponseError, match="routines"):
        RoutinesApi(c.client).run_routine("r1")

    assert len(c.server.requests) == 1
