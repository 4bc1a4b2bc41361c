"""Files are sent with the bytes that were added, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from batch.conftest import Running
from portal_client.batch.checked import CheckedFile, FileChanged, checked
from portal_client.batch.item import StoredFile, inputs_of
from portal_client.files import BLOCK
from support.portal import started
from support.scripted import Connection, Received, content


def big(byte: bytes = b"a") -> bytes:
    return byte * (3 * BLOCK + 7)


CHANGES: dict[str, Callable[[Path], object]] = {
    "another byte": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"!"),
    "shorter": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
    "huge": lambda path: os.truncate(path, 2**43),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_files_are_sent_as_they_were_added(running: Running, tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(size))
    received: list[bytes] = []

    def keep(portal: object, connection: Connection, request: Received) -> None:
        received.extend(content(part) for part in request.parts[2:])
        started(running.portal, connection, request)

    running.portal.faults["one"] = [keep]
    running.batch.add("a1", "one", [path, b"bytes"])
    running.run()

    assert running.states() == {"one": "done"}
    assert received == [path.read_bytes(), b"bytes"]


@pytest.mark.fault("Batches", "An item whose file has changed since it was added is not sent")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("large", [False, True])
def test_a_file_that_has_changed_fails_its_item_unsent(
    running: Running, tmp_path: Path, large: bool, change: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(big() if large else b"abc")
    running.batch.add("a1", "one", path)
    running.add("two")
    CHANGES[change](path)
    running.run()

    (failed,) = running.batch.failures()
    assert running.portal.prompts == ["two"]
    assert str(path) in str(failed.error)
    assert "while it was being sent" not in str(failed.error)


@pytest.mark.fault("Batches", "A file that changes while it is sent does not arrive")
@pytest.mark.parametrize("change", ["another byte", "shorter"])
def test_a_file_that_changes_while_it_is_sent_does_not_arrive(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    from portal_client.batch import checked as module

    path = tmp_path / "a.bin"
    path.write_bytes(big())
    running.batch.add("a1", "one", path)
    digest_of = module.digest_of

    def then_change(*opened: object) -> object:
        digest = digest_of(*opened)  # type: ignore[arg-type]
        with path.open("r+b") as file:  # the same file, not another one of this name
            file.truncate(len(big()) - (change == "shorter"))
            file.seek(BLOCK)
            file.write(b"!")
        return digest

    monkeypatch.setattr(module, "digest_of", then_change)
    running.run()

    (failed,) = running.batch.failures()
    assert "has changed since it was added, while it was being sent" in str(failed.error)
    assert running.portal.sessions == {}


def test_a_file_that_is_back_can_be_sent(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    running.batch.add("a1", "one", path)
    path.write_bytes(b"abd")
    running.run()
    path.write_bytes(b"abc")

    assert running.batch.retry() == 1
    assert running.run().done == 1


def test_a_file_that_was_moved_is_found_again(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    first = running.batch.add("a1", "one", path)
    (tmp_path / "moved").mkdir()
    moved = path.rename(tmp_path / "moved" / "a.bin")
    second = running.batch.add("a1", "one", moved)
    running.run()

    assert (first.key, first.new, second.new) == (second.key, True, False)
    assert running.states() == {"one": "done"}


def test_a_fresh_token_sends_a_large_file_from_the_beginning(running: Running, tmp_path: Path) -> None:
    from support.portal import refused

    tokens = iter(["old", "new", "new", "new", "new"])
    running.api.api_client.configuration.access_token = lambda: next(tokens)
    path = tmp_path / "a.bin"
    path.write_bytes(big())
    running.portal.faults["one"] = [refused(401)]
    running.batch.add("a1", "one", path)
    running.run()

    assert running.portal.prompts == ["one", "one"]
    assert running.states() == {"one": "done"}


def stored(content: Any) -> StoredFile:
    """A file as it was added."""
    inputs, _ = inputs_of("a1", "one", content)
    return inputs.files[0]


@pytest.mark.parametrize("size", [3, 3 * BLOCK])
def test_the_error_says_that_nothing_was_sent(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(size))
    file = stored(path)
    for change in ("another byte", "longer", "a folder"):
        CHANGES[change](path)
        with ExitStack() as closing, pytest.raises(FileChanged) as caught:
            checked(file, None, closing)

        assert caught.value.reason == f"files: 'a.bin' ({path}) has changed since it was added"
        assert (caught.value.status, caught.value.request_sent) == (0, False)


def test_bytes_that_the_journal_has_lost_are_not_sent() -> None:
    with ExitStack() as closing, pytest.raises(FileChanged) as caught:
        checked(stored(("a.txt", b"abc")), b"abd", closing)

    assert caught.value.reason == "files: 'a.txt' (the journal) has changed since it was added"


@contextmanager
def changed_meanwhile(path: Path, change: str) -> Iterator[CheckedFile]:
    """A large file that has changed after it was looked at."""
    path.write_bytes(big())
    with ExitStack() as closing:
        file = checked(stored(path), None, closing)
        assert isinstance(file, CheckedFile)
        CHANGES[change](path)
        yield file


def test_of_a_file_that_grows_only_what_was_added_is_read(tmp_path: Path) -> None:
    with changed_meanwhile(tmp_path / "a.bin", "longer") as file:
        assert file.seek(0) == 0
        assert file.read(5) == b"aaaaa"
        assert (file.tell(), len(file.read())) == (5, BLOCK)
        assert len(file.read(len(big()))) == len(big()) - BLOCK - 5
        assert file.read() == b""


def test_the_error_says_that_some_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with changed_meanwhile(path, "another byte") as file:
        file.seek(0)
        with pytest.raises(FileChanged) as caught:
            file.read(len(big()))

    why = f"files: 'a.bin' ({path}) has changed since it was added, while it was being sent"
    assert caught.value.reason == why
    assert (caught.value.status, caught.value.request_sent) == (0, True)
