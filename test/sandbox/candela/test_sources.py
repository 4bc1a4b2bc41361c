"""The tools in a source, which is read and never run."""

import pytest

from portal_sandbox.candela.sources import tool_names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("", []),
        ("class A(BaseTool): ...", ["A"]),
        ("class A(candela.BaseTool): ...\nclass B(A): ...", ["A", "B"]),
        ("class A(BaseTool[int]): ...\nclass B(Other, A): ...\nclass C(Other): ...", ["A", "B"]),
        ("class A:\n    class B(BaseTool): ...\ndef f():\n    class C(BaseTool): ...", []),
        ("class A(make(), metaclass=M): ...", []),
        ("class A(BaseTool): ...\nclass A(BaseTool): ...", ["A"]),
        (r"class A(BaseTool): text = '\d'", ["A"]),  # of which Python warns
        ("raise SystemExit\nclass A(BaseTool): ...", ["A"]),
    ],
)
def test_tools_are_the_top_level_classes_on_base_tool(source: str, names: list[str]) -> None:
    assert tool_names(source) == names
