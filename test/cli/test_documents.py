"""What commands read: files and standard input."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from portal_client.cli.documents import files, lines_of, parse, read_document, read_text
from portal_client.exceptions import ApiValueError


class Stdin:
    """Standard input that holds these bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


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
        with pytest.raises(ApiValueError, match=r"x\.json: not valid JSON: .*line 1 column 2"):
            parse(text, "x.json")
        assert parse(text, "x.yaml") == {"a": 1}
    else:
        assert parse(text, "x") == value


def test_a_broken_yaml_names_the_place() -> None:
    with pytest.raises(ApiValueError, match=r"x: not valid YAML: .*line 2"):
        parse("a: 1\nb: [", "x")


def test_yaml_makes_no_objects() -> None:
    with pytest.raises(ApiValueError, match="not valid YAML"):
        parse("!!python/object/apply:os.getcwd []", "x.yaml")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b'\xef\xbb\xbf{"a": 1}\n'))
    assert read_document("-") == {"a": 1}
    monkeypatch.setattr(sys, "stdin", Stdin("Grüße\n".encode()))
    assert read_text("-") == "Grüße"
    monkeypatch.setattr(sys, "stdin", Stdin(b"one\ntwo\n"))
    assert list(lines_of("-")) == ["one\n", "two\n"]


def test_other_text_is_as_it_is() -> None:
    assert read_text(" as it is\n") == " as it is\n"


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ApiValueError, match=r"x\.json: not UTF-8"):
        read_document(str(path))


def test_files_are_paths_or_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"content"))

    path, (name, stream) = files(["a.pdf", "-"])

    assert (path, name, stream.read()) == ("a.pdf", "stdin", b"content")
