"""Candela's OpenAPI document against the contract, both ways."""

from typing import Any

import pytest

from portal_sandbox.candela.app import candela_app

from ..openapi import Json, contract, objects, operations, outline

CONTRACT = contract("candela.openapi.json")

#: Objects for whose `type` the contract lists all of a union, in which it could then not be told from others.
OF_A_UNION = {"DTOArr": "array", "ResponseDTO": "response"}


@pytest.fixture(scope="module")
def ours() -> Json:
    return candela_app().openapi()


@pytest.mark.parametrize("operation", operations(CONTRACT))
def test_operation_agrees_with_the_contract(ours: Json, operation: str) -> None:
    assert operations(ours)[operation] == operations(CONTRACT)[operation]


@pytest.mark.parametrize("name", objects(CONTRACT))
def test_object_agrees_with_the_contract(ours: Json, name: str) -> None:
    there: dict[str, Any] = objects(CONTRACT)[name]
    if name in OF_A_UNION:
        kind = OF_A_UNION[name]
        assert f"'{kind}'" in there["type"][1]
        there["type"] = (False, f"one of '{kind}'", kind)

    assert objects(ours)[name] == there


def test_nothing_but_the_contract(ours: Json) -> None:
    assert outline(ours) == outline(CONTRACT)
