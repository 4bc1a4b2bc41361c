"""What commands read: files and standard input."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from portal_client.cli.documents import files, lines_of, parse, read_document, read_text
from portal_client.exceptions import ApiValueError


def stdin(content: bytes) -> io.TextIOWrapper:
    """Standard input that holds these bytes."""
    return io.TextIOWrapper(io.BytesIO(content))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("a: 1\nb:\n  - x", {"a": 1, "b": ["x"]}),
        ("day: 2026-01-02\nat: 2026-01-02 03:04:05", {"day": "2026-01-02", "at": "2026-01-02 03:04:05"}),
        ('"text"', "text"),
        ("- 1\n- 2", [1, 2]),
        ("{a: 1}", None),
    ],
)
def test_json_and_yaml(text: str, value: Any) -> None:
    if value is None:  # it begins as JSON does
        with pytest.raises(ApiValueError, match=r"x\.json, line 1, column 2: not valid JSON: "):
            parse(text, "x.json")
        assert parse(text, "x.yaml") == {"a": 1}
    else:
        assert parse(text, "x") == value


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: [", 1, "x, line 2, column 5: not valid YAML: expected the node content"),
        ('{\n"a": 1\n"b"}', 1, "x, line 3, column 1: not valid JSON: Expecting ',' delimiter"),
        ('{"a"', 7, "x, line 7, column 5: not valid JSON: Expecting ':' delimiter"),
        (f'{{"a": {"1" * 5000}}}', 1, "x: not valid JSON: Exceeds the limit"),
        (f"a: {'1' * 5000}", 1, "x: not valid YAML: Exceeds the limit"),
        ("\x00a: 1", 1, "x: not valid YAML: unacceptable character"),
        (" \n", 1, "x is empty"),
        ("[" * 100_000, 1, "x: it is nested too deeply"),
        ("- " * 20_000, 1, "x: it is nested too deeply"),
    ],
)
def test_a_broken_document_names_the_place(text: str, line: int, said: str) -> None:
    with pytest.raises(ApiValueError, match=f"^{re.escape(said)}") as caught:
        parse(text, "x", line)
    assert len(str(caught.value)) < 300


def test_yaml_makes_no_objects() -> None:
    with pytest.raises(ApiValueError, match="not valid YAML"):
        parse("!!python/object/apply:os.getcwd []", "x.yaml")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin(b'\xef\xbb\xbf{"a": 1}\n'))
    assert read_document("-") == {"a": 1}
    monkeypatch.setattr(sys, "stdin", stdin("Grüße\n".encode()))
    assert read_text("-") == "Grüße"
    monkeypatch.setattr(sys, "stdin", stdin(b"one\ntwo\n"))
    assert list(lines_of("-")) == [(1, "one\n"), (2, "two\n")]


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin(b"text"))

    assert read_text("-") == "text"
    with pytest.raises(ApiValueError, match=r"^- is standard input, which can be read only once$"):
        files(["-"])


def test_other_text_is_as_it_is() -> None:
    assert read_text(" as it is\n") == " as it is\n"


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"one\n\xff\xfe")
    with pytest.raises(ApiValueError, match=r"x\.json, line 2: this is not UTF-8"):
        read_document(str(path))
    with pytest.raises(ApiValueError, match=r"x\.json, line 2: this is not UTF-8"):
        list(lines_of(str(path)))


def test_files_are_paths_or_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin(b"content"))

    path, (name, stream) = files(["a.pdf", "-"])

    assert (path, name, stream.read()) == ("a.pdf", "stdin", b"content")
