"""What an item asks: inputs that are checked, and what makes two of them the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from portal_client import ApiValueError
from portal_client.batch.item import inputs_of, likeness


def digest(agent_id: str = "a1", text_prompt: str = "Hello", files: Any = None) -> bytes:
    return inputs_of(agent_id, text_prompt, files)[0].digest


def test_a_file_counts_by_name_type_and_content_wherever_it_lies(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_bytes(b"abc")
    first = digest(files=[tmp_path / "one" / "a.txt"])

    assert digest(files=str(tmp_path / "two" / "a.txt")) == first
    assert digest(files=("a.txt", b"abc")) == first
    assert digest(files=("a.txt", b"abc", "text/plain")) == first
    assert digest(files=("a.txt", bytearray(b"abd"))) != first
    assert digest(files=("b.txt", b"abc")) != first
    assert digest(files=("a.txt", b"abc", "text/csv")) != first
    assert digest(files=[("a.txt", b"abc"), ("a.txt", b"abc")]) != first


def test_all_that_is_sent_counts() -> None:
    assert digest() == digest()
    assert len({digest(), digest("a2"), digest(text_prompt="Hello "), digest("a", "1Hello")}) == 4


def test_contents_that_no_path_leads_to_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    inputs, contents = inputs_of("a1", "Hello", [tmp_path / "a.txt", memoryview(b"def"), ("c", b"def")])

    assert [*contents.values()] == [b"def"]
    assert [(file.name, file.size, file.path) for file in inputs.files] == [
        ("a.txt", 3, str(tmp_path / "a.txt")),
        ("file2", 3, None),
        ("c", 3, None),
    ]


def test_a_path_is_kept_as_it_is_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    monkeypatch.chdir(tmp_path)

    assert inputs_of("a1", "Hello", "a.txt")[0].files[0].path == str(tmp_path / "a.txt")


def test_an_open_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    for file in (io.BytesIO(b"abc"), (tmp_path / "a.txt").open("rb")):
        with file, pytest.raises(ApiValueError, match=r"files: .* is an open file.*give a path or bytes"):
            inputs_of("a1", "Hello", file)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((1, "Hello", None), ValidationError, "agent_id"),
        (("a1", None, None), ValidationError, "text_prompt"),
        (("a1", "half a pair \ud800", None), ApiValueError, "text_prompt"),
        (("a1", "Hello", 5), ValidationError, "files"),
        (("a1", "Hello", "/no/such/file"), FileNotFoundError, "no/such/file"),
        (("a1", "Hello", "/"), IsADirectoryError, "/"),
    ],
)
def test_wrong_arguments_are_named(arguments: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        inputs_of(*arguments)


def test_likeness_ignores_how_lines_end_and_what_is_around_them() -> None:
    assert likeness("a1", "one\r\ntwo\rthree") == likeness("a1", "one\ntwo\nthree\n")
    assert likeness("a1", "one") != likeness("a2", "one")
    assert likeness("a1", "one two") != likeness("a1", "one  two")
