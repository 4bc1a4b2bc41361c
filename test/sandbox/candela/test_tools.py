"""The tools of tool modules, by scope and name."""

from typing import Any

from .conftest import Candela, Start
from .test_objects import add, delete


def _add(candela: Candela, identifier: str, *tools: str, **more: Any) -> None:
    source = "".join(f"class {name}(BaseTool): ...\n" for name in tools)
    assert add(candela, "tool_modules", identifier, data={"content": source}, **more).status == 200


def _tool(name: str, module: str, version: str, scope: str = "default") -> dict[str, str]:
    return {"tool_name": name, "scope": scope, "module_name": module, "module_version": version}


def test_tools_are_those_of_the_latest_version_of_each_module(start: Start) -> None:
    candela = start()
    _add(candela, "old", "Gone", "Add")
    _add(candela, "old", "Add")
    _add(candela, "new", "Add", "Sub", scope="s")

    assert candela.get("/tool_modules/tool/list") == [
        _tool("Add", "new", "0.0.1", "s"),
        _tool("Sub", "new", "0.0.1", "s"),
        _tool("Add", "old", "0.0.2"),
    ]
    assert candela.get("/tool_modules/tool/list", all_versions="true")[2:] == [
        _tool("Add", "old", "0.0.2"),
        _tool("Gone", "old", "0.0.1"),
        _tool("Add", "old", "0.0.1"),
    ]


def test_of_two_tools_with_one_name_the_one_that_was_added_last_counts(start: Start) -> None:
    candela = start()
    _add(candela, "one", "Add")
    _add(candela, "two", "Add")
    name = {"scope": "default", "name": "Add"}

    assert candela.get("/tool_modules/tool/metadata", **name) == _tool("Add", "two", "0.0.1")
    assert candela.get("/tool_modules/tool/exists", **name) is True
    delete(candela, "tool_modules", identifier="two")
    assert candela.get("/tool_modules/tool/metadata", **name) == _tool("Add", "one", "0.0.1")


def test_an_unknown_tool_is_404_and_does_not_exist(candela: Candela) -> None:
    name = {"scope": "default", "name": "None"}
    response = candela.call("GET", "/tool_modules/tool/metadata", fields=name)

    assert (response.status, response.json()) == (404, {"detail": "Tool not found: default/None"})
    assert candela.get("/tool_modules/tool/exists", **name) is False
