"""Presence: servers within one process, across processes, after a kill -9."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal_sandbox import presence
from portal_sandbox.presence import Presence

ENTER = """
import sys
from portal_sandbox.presence import Presence
presence = Presence(sys.argv[1])
presence.enter()
print(presence.server, flush=True)
sys.stdin.read()
"""


#: The name of a server that is gone.
THEIRS = "0123456789abcdef" * 2


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "box [1].sqlite"  # brackets mean something in a pattern


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_servers_in_one_process_see_each_other(database: Path) -> None:
    one, two = Presence(str(database)), Presence(str(database))

    one.enter()
    two.enter()
    both = one.is_alive(two.server), two.is_alive(one.server)
    one.leave()
    rest = two.is_alive(one.server), two.is_alive(two.server)
    two.leave()
    two.leave()

    assert both == (True, True)
    assert rest == (False, True)
    assert _names(database.parent) == []


def test_a_killed_server_is_dead(database: Path) -> None:
    presence = Presence(str(database))
    with subprocess.Popen(
        [sys.executable, "-c", ENTER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            server = process.stdout.readline().strip()
            assert presence.is_alive(server)
            left = _names(database.parent)
        finally:
            process.kill()
        process.wait()

    assert left == [f"{database.name}-server-{server}"]
    assert not presence.is_alive(server)
    assert _names(database.parent) == []


def test_a_server_that_may_not_be_asked_counts_as_alive(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    Path(f"{database}-server-{THEIRS}").touch()
    monkeypatch.setattr(presence, "_acquired", refuse)

    assert Presence(str(database)).is_alive(THEIRS)
    assert _names(database.parent) == [f"{database.name}-server-{THEIRS}"]


def test_clearing_removes_what_the_dead_have_left_and_nothing_else(database: Path) -> None:
    alive = Presence(str(database))
    alive.enter()
    others = [
        "-wal",
        f"2-server-{THEIRS}",
        "-server-dead",
        "-server-2.sqlite",
        f"-server-{THEIRS}.json",
        f"-server-{THEIRS}\n",
        f"-server-{THEIRS.upper()}",
    ]
    for suffix in (f"-server-{THEIRS}", *others):
        Path(f"{database}{suffix}").touch()

    alive.clear()
    names = _names(database.parent)
    alive.leave()

    names.remove(f"{database.name}-server-{alive.server}")
    assert names == sorted(f"{database.name}{suffix}" for suffix in others)


def _content(path: Path) -> None:
    path.write_text("precious")


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    (path.parent / "empty").touch()
    path.symlink_to(path.parent / "empty")


def _link_that_leads_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes are of POSIX")
@pytest.mark.parametrize("make", [_content, _folder, _link, _link_that_leads_nowhere, "mkfifo"])
def test_what_no_server_has_made_is_neither_removed_nor_opened(
    database: Path, monkeypatch: pytest.MonkeyPatch, make: str | Callable[[Path], None]
) -> None:
    path = Path(f"{database}-server-{THEIRS}")
    (os.mkfifo if isinstance(make, str) else make)(path)
    before, names = path.lstat().st_mtime_ns, _names(database.parent)
    opened: list[str] = []
    monkeypatch.setattr(presence, "_acquired", opened.append)
    asked = Presence(str(database))

    asked.clear()

    assert not asked.is_alive(THEIRS)
    assert (opened, _names(database.parent)) == ([], names)
    assert path.lstat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["x/../../victim", "../victim", "victim", f"{THEIRS}/../victim"])
def test_a_name_from_a_strange_database_leads_to_no_file(database: Path, name: str) -> None:
    (database.parent / "victim").touch()
    Path(f"{database}-server-victim").touch()
    for folder in ("-server-x", f"-server-{THEIRS}"):
        Path(f"{database}{folder}").mkdir()
    before = _names(database.parent)

    assert not Presence(str(database)).is_alive(name)
    assert _names(database.parent) == before


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_file_of_a_server_is_as_readable_as_the_database(database: Path, umask: int) -> None:
    shared = database.with_name("shared.sqlite")
    shared.touch()
    shared.chmod(0o660)
    before = os.umask(umask)
    try:
        servers = [Presence(str(path)) for path in (database, shared)]
        for each in servers:
            each.enter()
    finally:
        os.umask(before)

    modes = [path.stat().st_mode & 0o777 for path in sorted(database.parent.glob("*-server-*"))]
    for each in servers:
        each.leave()
    assert modes == [0o600, 0o660]


def test_a_server_that_comes_back_has_a_new_name(database: Path) -> None:
    presence = Presence(str(database))
    presence.enter()
    first = presence.server
    presence.leave()

    presence.enter()

    assert not presence.is_alive(first)
    assert presence.is_alive(presence.server)
    presence.leave()


def test_a_link_leads_to_the_same_servers(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "link.sqlite").symlink_to(database)
    one, two = Presence(str(database)), Presence(str(folder / "link.sqlite"))

    one.enter()

    assert two.is_alive(one.server)
    one.leave()


def test_in_memory_there_is_nobody_else() -> None:
    presence = Presence(None)

    presence.enter()

    assert presence.is_alive(presence.server)
    assert not presence.is_alive("other")
    presence.clear()
    presence.leave()
