"""The dashboard, through HTTP."""

from typing import Any

from ..conftest import Caller, Start


def _latest(caller: Caller) -> dict[str, Any]:
    widgets = caller.get("/dashboard")["widgets"]
    assert [widget["agent"] for widget in widgets] == caller.get("/agents")["agents"]
    return {widget["agent"]["id"]: widget["latest_session"] for widget in widgets}


def test_with_a_token_the_dashboard_has_the_callers_latest_sessions(start: Start) -> None:
    with (
        start(tokens={"one": "ann", "two": "bob"}, agents={"other": lambda *_: "hm"}) as ann,
        Caller(ann.host, "two") as bob,
    ):
        first, _ = ann.create("first"), ann.create("second")
        first = ann.update(first["id"]).json()
        theirs = bob.create("theirs", "other")

        assert _latest(ann) == {"echo": first, "other": None}
        assert _latest(bob) == {"echo": None, "other": theirs}


def test_without_a_token_the_dashboard_has_only_what_is_open_to_everybody(start: Start) -> None:
    caller = start(demo_data=True, agents={}, tokens={"secret": "ann"})
    caller.create("private")
    caller.create("private", "agent_id_example")
    with Caller(caller.host, None) as nobody:
        widgets = nobody.get("/dashboard")["widgets"]
    shared = caller.get("/sessions/session_id_example")

    assert [widget["latest_session"] for widget in widgets] == [None, shared]


def test_an_unknown_token_is_as_none(start: Start) -> None:
    caller = start(agents={})
    caller.create("private")
    with Caller(caller.host, "wrong") as stranger:
        (widget,) = stranger.get("/dashboard")["widgets"]

    assert (widget["agent"]["id"], widget["latest_session"]) == ("echo", None)
