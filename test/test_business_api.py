"""The caller's business: four operations, each in its three forms."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from portal_client import (
    Business,
    BusinessApi,
    BusinessResponse,
    CreateBusinessRequest,
    DeleteBusinessResponse,
)
from support.clients import calling
from support.operations import Case, check_forms, check_repetition, operations_of
from support.scripted import reply

BUSINESS = {"id": "b1", "user_id": "u1", "name": "Northwind", "description": "Tea"}
REQUEST = {"name": "Northwind", "description": "Tea"}
CASES = {
    "get_business": Case(
        "GET", "/business", {"business": BUSINESS}, BusinessResponse(business=Business(**BUSINESS))
    ),
    "create_business": Case(
        "POST",
        "/business",
        BUSINESS,
        Business(**BUSINESS),
        {"create_business_request": CreateBusinessRequest(**REQUEST)},
        REQUEST,
    ),
    "update_business": Case(
        "PUT", "/business", BUSINESS, Business(**BUSINESS), {"business": Business(**BUSINESS)}, BUSINESS
    ),
    "delete_business": Case(
        "DELETE",
        "/business/b1",
        {"success": False},
        DeleteBusinessResponse(success=False),
        {"business_id": "b1"},
    ),
}


def test_all_operations_are_here() -> None:
    assert operations_of(BusinessApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(BusinessApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated_and_all_else_is_sent_once(name: str) -> None:
    check_repetition(BusinessApi, name, CASES[name])


@pytest.mark.parametrize("response", [{"business": None}, {}])
def test_there_may_be_no_business(response: dict[str, Any]) -> None:
    with calling(reply(response)) as c:
        assert BusinessApi(c.client).get_business().business is None


def test_a_request_that_lacks_something_is_not_sent() -> None:
    with calling(reply(BUSINESS)) as c:
        with pytest.raises(pydantic.ValidationError, match="description"):
            BusinessApi(c.client).create_business({"name": "Northwind"})  # type: ignore[arg-type]
        with pytest.raises(pydantic.ValidationError, match="business"):
            BusinessApi(c.client).update_business(None)  # type: ignore[arg-type]

    assert c.server.requests == []
