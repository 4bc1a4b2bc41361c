"""No call form of an operation is left out of test/typing, whose code the type checkers read.

Each is compared with a protocol, which says what it takes and returns; called, so that what it returns is
seen to be nothing wider; and called wrongly, which is to be refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import finbourne_candela.api
import portal_client.api

USERS_CODE = Path(__file__).parent / "typing"
WAYS = ("compared", "called", "refused")

#: The package, the class and the name of a call form.
Form = tuple[str, str, str]
FORMS: list[Form] = [
    (package.__name__.removesuffix(".api"), api, name)
    for package in (portal_client.api, finbourne_candela.api)
    for api in package.__all__
    for name in dir(getattr(package, api))
    if hasattr(getattr(getattr(package, api), name), "operation")
]


def uses(path: Path) -> Iterator[tuple[str, Form]]:
    """Yield the uses of call forms in a file; an API is known by the annotation of an argument."""
    text = path.read_text("utf-8")
    ignored = {number for number, line in enumerate(text.splitlines(), 1) if "# type: ignore[" in line}
    tree = ast.parse(text)
    imported = {
        name.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        apis = {
            argument.arg: (imported[argument.annotation.id], argument.annotation.id)
            for argument in function.args.args
            if isinstance(argument.annotation, ast.Name) and argument.annotation.id in imported
        }
        for way, node in _ways(function, ignored):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in apis:
                yield way, (*apis[node.value.id], node.attr)


def _ways(function: ast.FunctionDef, ignored: set[int]) -> Iterator[tuple[str, ast.AST | None]]:
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign):
            yield "compared", node.value
        elif isinstance(node, ast.Call) and node.lineno in ignored:
            yield "refused", node.func
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "assert_type":
            call = node.args[0]
            yield "called", call.func if isinstance(call, ast.Call) else None


USED = {use for path in USERS_CODE.glob("*.py") for use in uses(path)}


def test_all_operations_have_forms() -> None:
    derived = ("_with_http_info", "_without_preload_content")
    operations = [form for form in FORMS if not form[2].endswith((*derived, "_stream"))]

    assert operations
    assert {(*api, name + form) for *api, name in operations for form in derived} <= set(FORMS)


@pytest.mark.parametrize("way", WAYS)
def test_each_form_is_in_the_code_that_the_checkers_read(way: str) -> None:
    assert [form for form in FORMS if (way, form) not in USED] == []
