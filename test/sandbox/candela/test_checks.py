"""What is checked in circuits and tool modules before they are stored."""

import pytest

from .conftest import Candela, Json
from .test_objects import NODE, add

SWITCH = {
    "type": "switch",
    "node_id": "s",
    "case_spec": {"yes": "It is so"},
    "case_objs": {"yes": {**NODE, "node_id": "gone"}},
}


@pytest.mark.parametrize(
    ("circuit", "place"),
    [
        ({"first": "b", "nodes": {"a": NODE}}, ["first"]),
        ({"first": "a", "nodes": None}, ["first"]),
        ({"first": "a", "nodes": {"a": {**NODE, "child_id": "b"}}}, ["nodes", "a", "child_id"]),
        ({"first": "s", "nodes": {"s": SWITCH}}, ["nodes", "s", "case_objs", "yes"]),
    ],
)
def test_a_node_that_leads_nowhere_is_422_by_its_place(
    alone: Candela, circuit: Json, place: list[str]
) -> None:
    response = add(alone, "circuits", data=circuit)

    assert response.status == 422
    (error,) = response.json()["detail"]
    assert error["loc"] == ["body", "data", *place]
    assert error["msg"].startswith("There is no node ")
    assert alone.get("/circuits/list") == []


@pytest.mark.parametrize("source", ["class A(:\n", "x = '\0'", "(" * 10_000, "-" * 100_000 + "1"])
def test_source_that_is_not_python_is_422(alone: Candela, source: str) -> None:
    response = add(alone, "tool_modules", data={"content": source})

    assert response.status == 422
    (error,) = response.json()["detail"]
    assert error["loc"] == ["body", "data", "content"]
    assert error["msg"].startswith("Not Python: ")
    assert alone.get("/tool_modules/list") == []
