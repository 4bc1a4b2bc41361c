"""Demo data: the documents' examples work, again and again, for any user."""

from pathlib import Path

from .conftest import Caller, Start

PATH = "/sessions/session_id_example"


def test_the_demo_session_is_open_to_everybody(start: Start) -> None:
    with (
        start(demo_data=True, tokens={"one": "ann", "two": "bob"}) as ann,
        Caller(ann.host, "two") as bob,
    ):
        session = ann.get(PATH)

        assert len(session["messages"]) == 60
        assert [message["role"] for message in session["messages"]] == ["user", "assistant"] * 30
        assert session["agent_id"] == "agent_id_example"
        for caller in (ann, bob):
            assert caller.get(PATH) == session
            assert caller.get(f"{PATH}/subscribe") == session
            assert caller.get("/sessions", agent_id="agent_id_example") == {"sessions": [session]}
            (grouped,) = caller.get("/sessions/grouped")["time_to_sessions"]["Today"]
            assert grouped == {**grouped, **session}
        assert ann.update("session_id_example").json()["status"] == "Ready"
        assert len(bob.get(PATH)["messages"]) == 62


def test_a_replay_of_the_demo_session_is_the_callers_own(start: Start) -> None:
    with (
        start(demo_data=True, tokens={"one": "ann", "two": "bob"}) as ann,
        Caller(ann.host, "two") as bob,
    ):
        copy = ann.replay("session_id_example", 56).json()

        assert len(copy["messages"]) == 57
        assert copy["user_id"] == "ann"
        assert bob.call("GET", f"/sessions/{copy['id']}").status == 403


def test_updates_follow_each_other_without_waiting(start: Start) -> None:
    caller = start(demo_data=True, latency=0.01)

    for _ in range(5):
        assert caller.send("PUT", f"{PATH}/async", "hello").status == 200
        assert caller.update("session_id_example").status == 200

    assert len(caller.get(PATH)["messages"]) == 80


def test_the_demo_agent_echoes(start: Start) -> None:
    session = start(demo_data=True).create("hello", agent="agent_id_example")

    assert session["messages"][1] == {
        "text": "hello",
        "role": "assistant",
        "agent": {"id": "agent_id_example", "name": "Agent id example", "icon": "robot"},
    }


def test_demo_data_twice_is_demo_data_once(start: Start, tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    with start(db=db, demo_data=True) as first:
        updated = first.update("session_id_example").json()

    again = start(db=db, demo_data=True)

    assert again.get(PATH) == updated
    assert len(again.get("/sessions", agent_id="agent_id_example")["sessions"]) == 1


def test_no_demo_data_unless_asked_for(caller: Caller) -> None:
    assert caller.call("GET", PATH).status == 404
    assert caller.send("POST", "/sessions", "hello", agent="agent_id_example").status == 404


def test_the_demo_session_is_read_with_any_token(start: Start) -> None:
    box = start(demo_data=True)
    with Caller(box.host, "whatever") as stranger, Caller(box.host, None) as nobody:
        assert len(stranger.get(PATH)["messages"]) >= 57
        assert stranger.create()["user_id"] == "guest"
        assert stranger.call("GET", f"/sessions/{box.create()['id']}").status == 403
        assert nobody.call("GET", PATH).status == 401
