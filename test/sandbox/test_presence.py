"""Who is alive: within one process, across processes, after a kill -9."""

import subprocess
import sys
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

    Path(f"{database}-server-theirs").touch()
    monkeypatch.setattr(presence, "_acquired", refuse)

    assert Presence(str(database)).is_alive("theirs")
    assert _names(database.parent) == [f"{database.name}-server-theirs"]


def test_clearing_removes_what_the_dead_have_left_and_nothing_else(database: Path) -> None:
    alive = Presence(str(database))
    alive.enter()
    for suffix in ("-server-dead", "-wal", "2-server-other"):
        Path(f"{database}{suffix}").touch()

    alive.clear()
    names = _names(database.parent)
    alive.leave()

    names.remove(f"{database.name}-server-{alive.server}")
    assert names == [f"{database.name}-wal", f"{database.name}2-server-other"]


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
