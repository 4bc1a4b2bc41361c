"""Sessions: their names and versions, the slot, their users, and a restart."""

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import pytest

from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.ownership import FORMAT

from ..conftest import LIMIT
from .conftest import Candela, Clock, Start, named, running

UNKNOWN = {"scope": "default", "identifier": "unknown"}
DEV = {
    "model_id": named("echo"),
    "circuit": {
        "first": "a",
        "nodes": {"a": {"type": "no-op", "node_id": "a", "child_id": None, "label": "x"}},
    },
    "directive": {"identity": {"name": ["any", 1]}},
}


# ── starting ──


def test_a_session_is_started_and_read(start: Start, clock: Clock) -> None:
    candela = start(now=clock)
    response = candela.try_to_start(circuit_override=named("c"), own={"kept": [None, 1.5]})
    metadata = response.json()
    name = metadata["obj_id"]

    assert (response.status, set(name)) == (200, {"scope", "identifier", "version"})
    assert metadata == {
        "obj_id": name,
        "domain": "sandbox",
        "created_by": "sandbox-user",
        "created_at": "2026-11-25T12:00:00Z",
        "description": "Agent echo, running",
    }
    assert candela.get("/sessions/metadata", **name) == metadata
    assert candela.get("/sessions/", **name) == {
        "app": {**named("echo"), "version": None},
        "model_cfg": {**named("model"), "version": None},
        "host_id": candela.get("/slot/metadata")["slot_id"],
        "parent_session": None,
        "circuit_override": {**named("c"), "version": None},
        "directive_override": None,
        "dev_session": False,
        "own": {"kept": [None, 1.5]},
    }


def test_a_development_session_is_started_and_read(candela: Candela) -> None:
    more = {"tool_module_override": {"content": "def f(): ..."}, "app": 5, "host_id": [], "own": 1}
    response = candela.post("/session/dev", {**DEV, **more})
    session = candela.get("/sessions/", **response.json()["obj_id"])

    assert response.status == 200
    assert session["app"] is None
    assert session["model_cfg"] == {**named("echo"), "version": None}
    slot_id = candela.get("/slot/metadata")["slot_id"]
    assert (session["dev_session"], session["host_id"]) == (True, slot_id)
    for kept in ("circuit", "directive"):
        assert session[kept] == DEV[kept]
    assert session["tool_module_override"] == {"content": "def f(): ..."}
    assert session["own"] == 1
    assert "model_id" not in session
    assert candela.pipeline(response.json()["obj_id"]).json() == "hello"


@pytest.mark.parametrize(
    ("scope", "given"), [("default", {}), ("default", {"scope": None}), ("s", {"scope": "s"})]
)
def test_a_session_is_in_the_scope_that_is_asked_for(
    candela: Candela, scope: str, given: dict[str, str]
) -> None:
    assert candela.start(**given)["scope"] == scope


def test_an_app_or_a_model_that_names_no_agent_is_404(candela: Candela) -> None:
    for response in (
        candela.try_to_start("nobody"),
        candela.post("/session/dev", {**DEV, "model_id": named("nobody")}),
    ):
        assert (response.status, response.json()) == (
            404,
            {"detail": "Agent not found: nobody (agents: echo)"},
        )
    assert candela.get("/sessions/list") == []


# ── the slot ──


def test_a_second_session_is_409_until_the_first_is_stopped(candela: Candela) -> None:
    first = candela.start()
    refused = [candela.try_to_start(), candela.post("/session/dev", DEV)]

    for response in refused:
        assert response.status == 409
        assert first["identifier"] in response.json()["detail"]
    assert [each["obj_id"] for each in candela.get("/sessions/list")] == [first]
    candela.stop()
    assert candela.state(first) == "stopped"
    assert candela.start()["identifier"] != first["identifier"]


def test_of_many_at_once_one_gets_the_slot(candela: Candela) -> None:
    statuses: list[int] = []
    threads = [Thread(target=lambda: statuses.append(candela.try_to_start().status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)

    assert sorted(statuses) == [200] + [409] * 7
    assert len(candela.get("/sessions/list")) == 1


def test_a_stop_leaves_nothing_running_whether_or_not_something_was(candela: Candela) -> None:
    candela.stop()
    name = candela.start()
    candela.stop()
    candela.stop()

    assert candela.state(name) == "stopped"


def test_a_stop_that_is_repeated_stops_the_next_session(candela: Candela) -> None:
    first = candela.start()
    candela.stop()
    second = candela.start()
    candela.stop()  # as a client would that has lost the answer to the first

    assert [candela.state(name) for name in (first, second)] == ["stopped", "stopped"]
    response = candela.pipeline(second)
    assert (response.status, response.json()) == (409, {"detail": "Session is not running"})


def test_each_user_has_a_slot(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"})
    bob = ann.with_token("two")
    hers, his = ann.start(), bob.start()
    bob.stop()

    assert (ann.state(hers), bob.state(his)) == ("running", "stopped")


# ── names and versions ──


def test_a_session_that_continues_another_is_its_next_version(candela: Candela) -> None:
    first = candela.start()
    candela.pipeline(first, "one")
    candela.stop()
    second = candela.start(parent_session={**named(first["identifier"]), "mine": 1})

    assert (second["scope"], second["identifier"]) == (first["scope"], first["identifier"])
    assert second["version"] != first["version"]
    latest = candela.get("/sessions/", **named(first["identifier"]))
    assert latest["parent_session"] == {**first, "mine": 1}
    assert candela.get("/sessions/", **first)["parent_session"] is None
    assert [each["obj_id"] for each in candela.get("/sessions/list")] == [second]
    both = candela.get("/sessions/list", all_versions=True)
    assert [each["obj_id"] for each in both] == [second, first]


def test_in_another_scope_it_is_a_session_of_its_own(candela: Candela) -> None:
    first = candela.start()
    candela.stop()
    second = candela.start(scope="other", parent_session=first)

    assert second["scope"] == "other"
    assert second["identifier"] != first["identifier"]
    assert len(candela.get("/sessions/list")) == 2


@pytest.mark.parametrize("more", [{}, {"version": "1"}])
def test_what_continues_an_unknown_session_is_404(candela: Candela, more: dict[str, str]) -> None:
    name = candela.start()
    candela.stop()
    parent = {**named(name["identifier"] if more else "unknown"), **more}
    response = candela.try_to_start(parent_session=parent)

    assert (response.status, response.json()) == (404, {"detail": "Parent session not found"})
    candela.start()  # the slot is still free


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sessions/"), ("GET", "/sessions/metadata"), ("DELETE", "/sessions/")]
)
def test_an_unknown_session_is_404(candela: Candela, method: str, path: str) -> None:
    name = candela.start()
    for unknown in (UNKNOWN, {**name, "version": "1"}, {**name, "scope": "other"}):
        response = candela.call(method, path, fields=unknown)
        assert (response.status, response.json()) == (404, {"detail": "Session not found"})


def test_a_session_exists_in_a_version_or_in_any(candela: Candela) -> None:
    name = candela.start()
    exists = [
        candela.get("/sessions/exists", **each)
        for each in (name, named(name["identifier"]), {**name, "version": "1"}, UNKNOWN)
    ]

    assert exists == [True, True, False, False]


def test_the_newest_session_is_listed_first(candela: Candela) -> None:
    names = []
    for _ in range(3):
        names.append(candela.start())
        candela.stop()

    assert [each["obj_id"] for each in candela.get("/sessions/list")] == names[::-1]


# ── deleting ──


def test_a_deleted_session_is_gone(candela: Candela) -> None:
    name = candela.start()
    candela.stop()
    metadata = candela.get("/sessions/metadata", **name)
    response = candela.delete(name)

    assert (response.status, response.json()) == (200, [metadata])
    assert candela.get("/sessions/exists", **name) is False
    assert candela.get("/sessions/list", all_versions=True) == []
    assert candela.delete(name).status == 404


def test_one_version_is_deleted_or_all(candela: Candela) -> None:
    first = candela.start()
    candela.stop()
    versions = [first]
    for _ in range(2):
        versions.append(candela.start(parent_session=first))
        candela.stop()

    (deleted,) = candela.delete(versions[1]).json()
    assert deleted["obj_id"] == versions[1]
    assert candela.get("/sessions/exists", **first) is True
    rest = candela.delete(named(first["identifier"])).json()
    assert [each["obj_id"] for each in rest] == [versions[2], first]
    assert candela.get("/sessions/exists", **named(first["identifier"])) is False


def test_a_running_session_is_not_deleted(candela: Candela) -> None:
    first = candela.start()
    candela.stop()
    candela.start(parent_session=first)
    response = candela.delete(named(first["identifier"]))

    assert (response.status, response.json()) == (409, {"detail": "Session is running: stop it first"})
    assert len(candela.get("/sessions/list", all_versions=True)) == 2
    assert candela.delete(first).status == 200  # that version is not running


# ── users ──


def test_two_users_do_not_see_each_other(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"})
    bob = ann.with_token("two")
    name = ann.start()

    assert bob.get("/sessions/list") == []
    assert bob.get("/sessions/exists", **name) is False
    for response in (
        bob.call("GET", "/sessions/", fields=name),
        bob.call("GET", "/sessions/metadata", fields=name),
        bob.delete(name),
        bob.pipeline(name),
        bob.agent(name),
        bob.try_to_start(parent_session=name),
    ):
        assert response.status == 404
    assert ann.pipeline(name).json() == "hello"
    assert ann.get("/sessions/metadata", **name)["created_by"] == "ann"


# ── restarts ──


def _count(conversation: Sequence[object], files: object) -> int:
    return len(conversation)


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    options = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}, "agents": {"count": _count}}
    with running(**options) as before:
        stopped = before.start("count")
        before.stop()
        name = before.start("count")
        assert before.pipeline(name).json() == 1
        sessions = before.get("/sessions/list")

    with running(**options) as after:
        assert after.get("/sessions/list") == sessions
        assert after.try_to_start().status == 409
        assert after.pipeline(name).json() == 3
        assert after.state(stopped) == "stopped"


def test_an_agent_that_the_server_no_longer_has_is_404(tmp_path: Path) -> None:
    options = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}}
    with running(**options, agents={"count": _count}) as before:
        name = before.start("count")

    with running(**options) as after:
        response = after.pipeline(name)
        assert (response.status, response.json()) == (
            404,
            {"detail": "Agent not found: count (agents: echo)"},
        )
        assert after.state(name) == "running"


def test_files_of_this_format_hold_the_details_as_the_answer() -> None:
    assert (FORMAT, CandelaSessionRow.details.name) == (3, "answer")
