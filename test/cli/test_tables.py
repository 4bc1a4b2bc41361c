"""Tables in a terminal: nothing is cut, nothing of others is obeyed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal_client.cli.tables import show

Shown = Callable[..., str]

ROW = {
    "id": "c7c1f08e19894374843c29ac827d639c",
    "thread_id": "31a0c207e87c47549833dc4ab63daddb",
    "status": "Ready",
    "name": "A question that is longer than forty characters, and so may be wrapped",
    "messages": [{"text": "a"}, {"text": "b"}],
}


@pytest.fixture
def remarks() -> list[str]:
    """What `show` has returned."""
    return []


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, remarks: list[str]) -> Shown:
    """What is printed in a terminal of so many columns, without white space at the ends of lines."""

    def printed(value: Any, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        remarks.append(show(value))
        return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())

    return printed


def test_a_list_is_a_table(shown: Shown) -> None:
    bob = {"id": "a2", "name": "[bold]Bob[/bold] :smile:", "icon": None}
    rows = [{"id": "a1", "name": "Ada", "icon": ""}, bob]

    assert shown({"agents": rows}) == ("id  name\na1  Ada\na2  [bold]Bob[/bold] :smile:")


def test_a_table_has_the_columns_that_fit(shown: Shown, remarks: list[str]) -> None:
    lines = shown([ROW, ROW], 60).splitlines()

    assert lines[0].split() == ["id", "status", "messages"]
    assert lines[1].split() == [ROW["id"], "Ready", "2"]
    assert remarks == ["(without thread_id, name: use a wider terminal, or --json)"]


def test_long_text_is_wrapped(shown: Shown, remarks: list[str]) -> None:
    out = shown([ROW, ROW], 120)

    words = re.findall(r"\w+", str(ROW["name"]))
    assert out.splitlines()[0].split() == ["id", "thread_id", "status", "name", "messages"]
    assert [out.count(word) >= 2 for word in words] == [True] * len(words)
    assert remarks == [""]


def test_a_single_row_that_is_too_wide_is_shown_by_its_fields(shown: Shown, remarks: list[str]) -> None:
    lines = shown([ROW], 50).splitlines()

    assert lines[:3] == [f"id         {ROW['id']}", f"thread_id  {ROW['thread_id']}", "status     Ready"]
    assert remarks == [""]


def test_an_object_has_its_fields_and_its_tables_below(shown: Shown) -> None:
    session = {"id": "s1", "messages": [{"text": "Hello", "role": "user"}], "status": "Ready"}

    assert shown(session) == ("id      s1\nstatus  Ready\n\nmessages\ntext   role\nHello  user")


def test_escapes_are_shown_and_line_breaks_kept(shown: Shown) -> None:
    out = shown({"text": "one\ntwo \x1b]0;title\x07 \u202e", "n": 1})

    assert out == "text  one\n      two \\x1b]0;title\\x07 \\u202e\nn     1"


@pytest.mark.parametrize(
    ("value", "out", "remark"),
    [
        (None, "", ""),
        ([], "", "(none)"),
        ({"agents": []}, "", "(none)"),
        ([{"a": None}], "a\n", ""),
        ("a [red]", "a [red]", ""),
        (True, "true", ""),
    ],
)
def test_other_values(value: Any, out: str, remark: str, shown: Shown, remarks: list[str]) -> None:
    assert shown(value) == out
    assert remarks == [remark]
