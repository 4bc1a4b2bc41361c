"""Tables in a terminal: nothing is cut, nothing of others is obeyed."""

from __future__ import annotations

from typing import Any

import pytest

from portal_client.cli.tables import show


def shown(
    value: Any, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    show(value)
    return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())


def test_a_list_is_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"id": "a1", "name": "Ada", "icon": ""},
        {"id": "a2", "name": "[bold]Bob[/bold] :smile:", "icon": None},
    ]

    assert shown({"agents": rows}, 80, capsys, monkeypatch) == (
        "id   name\n─────────────────────────────\na1   Ada\na2   [bold]Bob[/bold] :smile:"
    )


def test_a_table_that_is_too_wide_is_a_list_of_records(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"id": "c7c1f08e19894374843c29ac827d639c", "thread_id": "31a0c207e87c47549833dc4ab63daddb"}

    out = shown([row, row], 40, capsys, monkeypatch)

    assert out.count("id         c7c1f08e19894374843c29ac827d639c"[:30]) == 2
    assert "31a0c207e87c47549833dc4ab63daddb"[:28] in out
    assert "…" not in out


def test_an_object_has_its_fields_and_its_tables_below(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = {"id": "s1", "messages": [{"text": "Hello", "role": "user"}], "status": "Ready"}

    assert shown(session, 80, capsys, monkeypatch) == (
        "id      s1\nstatus  Ready\n\nmessages\ntext    role\n────────────\nHello   user"
    )


def test_escapes_are_shown_and_line_breaks_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shown({"text": "one\ntwo \x1b]0;title\x07 \u202e", "n": 1}, 80, capsys, monkeypatch)

    assert out == "text  one\n      two \\x1b]0;title\\x07 \\u202e\nn     1"


@pytest.mark.parametrize(
    ("value", "out"), [(None, ""), ([], ""), ("text [red]", "text [red]"), (True, "true")]
)
def test_single_values(
    value: Any, out: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(value, 80, capsys, monkeypatch) == out
