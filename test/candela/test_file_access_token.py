"""Tokens in a file, used as strings."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela import Configuration, SessionsApi, SyncApiClient
from finbourne_candela.extensions.file_access_token import FileAccessToken
from portal_client.exceptions import ApiValueError, AuthenticationError
from support.identity import HandClock
from support.scripted import playing, reply


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "token", "one\n")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def unnoticed(path: Path, text: str) -> None:
    """Write so that nothing but the content changes."""
    before = path.stat()
    with open(path, "r+", encoding="utf-8") as file:
        file.write(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_ino) == (before.st_size, before.st_ino)


def test_nothing_is_read_before_it_is_used(tmp_path: Path) -> None:
    token = FileAccessToken(tmp_path / "token")
    written(tmp_path / "token", " one\r\n")

    assert token() == str(token) == token.data == "one"


def test_a_file_that_changes_is_read_again(path: Path) -> None:
    clock = HandClock()
    token = FileAccessToken(path, now=clock.now)

    assert token() == "one"
    written(path, "another\n")
    assert token() == "another"
    os.replace(written(path.with_name("new"), "renewed"), path)
    assert token() == "renewed"


def test_a_file_that_seems_the_same_is_read_again_after_two_minutes(path: Path) -> None:
    clock = HandClock()
    token = FileAccessToken(path, now=clock.now)

    assert token() == "one"
    unnoticed(path, "two\n")
    clock.time += 119.9
    assert token() == "one"
    clock.time += 0.1
    assert token() == "two"


def test_the_time_is_settable(path: Path) -> None:
    clock = HandClock()
    token = FileAccessToken(str(path), 5, clock.now)

    assert token() == "one"
    unnoticed(path, "two\n")
    clock.time += 5
    assert token() == "two"


def test_it_is_read_again_when_it_was_refused(path: Path) -> None:
    def rotates(connection: Any, request: Any) -> None:
        unnoticed(path, "two\n")
        connection.send(reply([], status=401))

    with (
        playing(rotates, reply([])) as server,
        SyncApiClient(Configuration(server.host, access_token=FileAccessToken(path))) as client,
    ):
        SessionsApi(client).list_sessions()

    assert [r.headers["Authorization"] for r in server.requests] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("location", ["", None])
def test_a_location_is_needed(location: Any) -> None:
    with pytest.raises(ApiValueError, match="access_token_location must be the path of a file"):
        FileAccessToken(location)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_file_without_a_token(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        written(path, content)
    token = FileAccessToken(path)

    for use in (token, token.__str__, lambda: f"Bearer {token}"):
        with pytest.raises(AuthenticationError, match=r"the token file .*token (is empty|cannot be read)"):
            use()


def test_a_file_that_goes_is_noticed(path: Path) -> None:
    token = FileAccessToken(path)
    assert token() == "one"
    path.unlink()

    with pytest.raises(AuthenticationError, match="cannot be read: FileNotFoundError"):
        token()


def test_it_can_be_used_as_a_text(path: Path) -> None:
    token = FileAccessToken(path)

    assert (repr(str(token)), repr(token.data)) == ("'one'", "'one'")  # who asks for it sees it
    assert f"Bearer {token}" == "Bearer " + token == "Bearer %s" % token == "Bearer one"  # noqa: UP031
    assert token + "!" == "one!"
    assert (token.upper(), token.startswith("o"), len(token)) == ("ONE", True, 3)
    assert token == "one"
    assert token == FileAccessToken(path)
    assert token != "two"
    assert token != 5
    assert hash(token) == hash("one")
    for nothing in ("no_method", "_private", "__fspath__"):
        with pytest.raises(AttributeError, match=f"'FileAccessToken' object has no attribute '{nothing}'"):
            getattr(token, nothing)


def test_asking_whether_it_is_there_reads_nothing(tmp_path: Path) -> None:
    assert FileAccessToken(tmp_path / "nothing")


def test_it_shows_where_it_is_and_no_more(path: Path) -> None:
    token = FileAccessToken(path)
    token()

    assert repr(token) == f"FileAccessToken({str(path)!r})"
    assert "one" not in str(vars(token))


@pytest.mark.parametrize("journey", [lambda t: pickle.loads(pickle.dumps(t)), copy.copy, copy.deepcopy])
def test_a_copy_reads_for_itself(path: Path, journey: Any) -> None:
    token = FileAccessToken(path)
    token()
    packed = pickle.dumps(token)
    unnoticed(path, "two\n")
    again = journey(token)

    assert b"one" not in packed
    assert (type(again), again(), token()) == (FileAccessToken, "two", "one")
