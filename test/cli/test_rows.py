"""Data as rows and fields, in a pipe and in a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from portal_client.cli.rows import cell, lines

AGENT = {"id": "a1", "name": "Ada", "tags": []}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, []),
        (True, ["true"]),
        ("text", ["text"]),
        (3, ["3"]),
        ([], []),
        ({"agents": []}, []),
        ({"agents": [AGENT]}, ["id\tname\ttags", "a1\tAda\t[]"]),
        ([{"a": 1}, {"b": "x"}], ["a\tb", "1\t", "\tx"]),
        (["a", "b"], ['["a", "b"]']),
        ({"a": None, "b": AGENT}, ["a\t", "b\tAda"]),
        (
            {"status": "Ready", "messages": [{"text": "a"}], "id": 1},
            ["status\tReady", "id\t1", "", "messages", "text", "a"],
        ),
        ({"groups": {"Today": [{"id": 1}], "Older": []}}, ["Today", "id", "1"]),
        ([{"text": "a\tb\nc\r"}], ["text", "a\\tb\\nc\\r"]),
        ([{"messages": [{"a": 1}, {"a": 2}]}], ["messages", "2"]),
        ({"text": "[red]\x1b[1m"}, ["text\t[red]\x1b[1m"]),
    ],
)
def test_lines(value: Any, wanted: list[str]) -> None:
    assert lines(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"name": "n", "id": "i"}, "n"),
        ({"id": "i"}, "i"),
        ({"id": 1}, '{"id": 1}'),
        ({"scope": "s", "identifier": "i", "version": None}, "s i"),
        ({}, "{}"),
        (1.5, "1.5"),
        (False, "false"),
    ],
)
def test_cells(value: Any, wanted: str) -> None:
    assert cell(value) == wanted
