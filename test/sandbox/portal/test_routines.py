"""The operations on routines, each through HTTP."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox.errors import STOPPED, NoThread

from ..conftest import LIMIT, Caller, Held, Start, no_thread_to_answer_in

TOKENS = {"one": "ann", "two": "bob"}
NEW = {"agent_id": "echo", "name": "Morning", "requirements": "What is new?", "interval": "daily"}
UNKNOWN = {"description": "", "status": "UNKNOWN"}


def create_routine(caller: Caller, **changed: str) -> Any:
    return caller.call("POST", "/routines", json={**NEW, **changed}).json()


def _run(caller: Caller, routine: Any, how: str = "/run") -> Any:
    response = caller.call("PUT", f"/routines/{routine['id']}{how}")
    assert response.status == 200, response.data
    return response.json()["routines"]


def _listed(caller: Caller, agent_id: str = "echo") -> Any:
    return caller.get("/routines", agent_id=agent_id)["routines"]


def test_creating_a_routine_does_not_run_it(start: Start) -> None:
    caller = start(tokens=TOKENS)

    routine = create_routine(caller)

    assert routine == {"id": routine["id"], "user_id": "ann", "trend": UNKNOWN, **NEW}
    assert _listed(caller) == [{**routine, "sessions": [], "latest_answer": ""}]
    assert caller.get("/sessions", agent_id="echo") == {"sessions": []}


def test_a_run_is_a_session_of_its_own(start: Start) -> None:
    caller = start(tokens=TOKENS)
    routine, other = create_routine(caller), create_routine(caller, name="Evening")
    session = caller.create()

    first = _run(caller, routine)
    second = _run(caller, routine)

    assert [each["id"] for each in second] == [other["id"], routine["id"]]
    assert second[0]["sessions"] == []
    runs = second[1]["sessions"]
    assert runs[1:] == first[1]["sessions"]
    assert [run["routine_id"] for run in runs] == [routine["id"]] * 2
    assert [run["status"] for run in runs] == ["Ready"] * 2
    assert [message["text"] for message in runs[0]["messages"]] == ["What is new?"] * 2
    assert (second[1]["latest_answer"], second[1]["trend"]) == ("What is new?", UNKNOWN)
    assert caller.get("/sessions", agent_id="echo") == {"sessions": [*runs, session]}
    assert caller.get(f"/sessions/{runs[0]['id']}") == runs[0]
    assert session["routine_id"] is None
    assert _listed(caller) == second


def test_an_async_run_is_listed_while_the_agent_is_at_work(start: Start, held: Held) -> None:
    caller = start(tokens=TOKENS)
    routine = create_routine(caller, agent_id="held")

    (begun,) = _run(caller, routine, "/run/async")
    assert held.asked.wait(LIMIT)
    (session,) = begun["sessions"]
    held.released.set()
    done = caller.get(f"/sessions/{session['id']}/subscribe")

    assert (session["status"], begun["latest_answer"]) == ("Running", "")
    assert (done["status"], done["routine_id"]) == ("Ready", routine["id"])
    assert _listed(caller, "held") == [{**begun, "sessions": [done], "latest_answer": "at last"}]


def test_a_failed_run_is_told_by_the_trend_until_the_next_good_one(start: Start) -> None:
    answers = iter(["fine", ValueError("no prices"), "fine again"])

    def report(conversation: object, files: object) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    caller = start(tokens=TOKENS, agents={"report": report})
    routine = create_routine(caller, agent_id="report")

    told = [_run(caller, routine)[0] for _ in range(3)]

    warning = {"description": "The agent failed: ValueError: no prices", "status": "WARNING"}
    assert [each["trend"] for each in told] == [UNKNOWN, warning, UNKNOWN]
    assert [each["latest_answer"] for each in told] == ["fine", "fine", "fine again"]
    assert [run["status"] for run in told[2]["sessions"]] == ["Ready", "Error", "Ready"]


def test_a_run_waits_for_its_agent_and_the_trend_for_the_run(start: Start, held: Held) -> None:
    errors = iter([ValueError("no prices")])

    def report(conversation: Sequence[object], files: Sequence[object]) -> str:
        for error in errors:
            raise error
        return held(conversation, files)

    caller = start(tokens=TOKENS, agents={"report": report})
    routine = create_routine(caller, agent_id="report")
    _run(caller, routine)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(_run, caller, routine)
        assert held.asked.wait(LIMIT)
        (meanwhile,) = _listed(caller, "report")
        assert not running.done()
        held.released.set()
        (done,) = running.result(LIMIT)

    assert [run["status"] for run in meanwhile["sessions"]] == ["Running", "Error"]
    assert meanwhile["trend"]["status"] == "WARNING"
    assert [run["status"] for run in done["sessions"]] == ["Ready", "Error"]
    assert (done["trend"], done["latest_answer"]) == (UNKNOWN, "at last")


def test_a_deleted_routine_leaves_its_sessions(start: Start) -> None:
    caller = start(tokens=TOKENS)
    kept, routine = create_routine(caller, name="Kept"), create_routine(caller)
    (session,) = _run(caller, routine)[0]["sessions"]

    left = caller.call("DELETE", f"/routines/{routine['id']}").json()["routines"]
    again = caller.call("DELETE", f"/routines/{routine['id']}")

    assert [each["id"] for each in left] == [kept["id"]]
    assert (again.status, again.json()) == (404, {"detail": "Routine not found"})
    assert _listed(caller) == left
    assert caller.get(f"/sessions/{session['id']}") == session
    assert session["routine_id"] == routine["id"]


@pytest.mark.parametrize(("method", "rest"), [("DELETE", ""), ("PUT", "/run"), ("PUT", "/run/async")])
def test_a_routine_is_its_users_own(start: Start, method: str, rest: str) -> None:
    with start(tokens=TOKENS) as ann, Caller(ann.host, "two") as bob:
        routine = create_routine(ann)
        before = _run(ann, routine)

        response = bob.call(method, f"/routines/{routine['id']}{rest}")

        assert (response.status, response.json()) == (
            403,
            {"detail": "This routine belongs to another user"},
        )
        assert (_listed(ann), _listed(bob)) == (before, [])


@pytest.mark.parametrize("rest", ["/run", "/run/async"])
def test_a_routine_that_does_not_exist_is_not_run(caller: Caller, rest: str) -> None:
    response = caller.call("PUT", f"/routines/nothing{rest}")

    assert (response.status, response.json()) == (404, {"detail": "Routine not found"})


def test_a_routine_needs_an_agent(start: Start) -> None:
    caller = start(tokens=TOKENS)
    response = caller.call("POST", "/routines", json={**NEW, "agent_id": "nobody"})

    assert (response.status, response.json()) == (
        404,
        {"detail": "Agent not found: nobody (agents: echo, held)"},
    )
    assert _listed(caller, "nobody") == []


@pytest.mark.parametrize("name", ["requirements", "interval"])
def test_a_routine_asks_something_at_some_time(caller: Caller, name: str) -> None:
    response = caller.call("POST", "/routines", json={**NEW, name: ""})

    (error,) = response.json()["detail"]
    assert (response.status, error["loc"]) == (422, ["body", name])


def test_a_routine_whose_agent_is_gone_is_listed_and_not_run(start: Start, path: Path) -> None:
    options: Any = {"tokens": TOKENS, "db": path}
    with start(**options, agents={"gone": lambda *_: "hm"}) as first:
        routine = create_routine(first, agent_id="gone")
        before = _run(first, routine)
    again = start(**options)

    response = again.call("PUT", f"/routines/{routine['id']}/run")

    assert (response.status, response.json()["detail"][:22]) == (404, "Agent not found: gone ")
    assert _listed(again, "gone") == before


def test_a_run_that_finds_no_thread_is_a_failed_one(start: Start) -> None:
    caller = start(tokens=TOKENS)
    routine = create_routine(caller)

    with no_thread_to_answer_in():
        response = caller.call("PUT", f"/routines/{routine['id']}/run")

    assert (response.status, response.json()) == (503, {"detail": NoThread.detail})
    (listed,) = _listed(caller)
    assert listed["trend"] == {"description": NoThread.detail, "status": "WARNING"}


def test_a_run_that_a_stop_interrupts_has_failed(start: Start, path: Path) -> None:
    with (
        portal_sandbox.running(tokens=TOKENS, db=path, latency=600) as box,
        Caller(box.host, box.token) as first,
    ):
        _run(first, create_routine(first), "/run/async")

    (routine,) = _listed(start(tokens=TOKENS, db=path))

    assert routine["trend"] == {"description": STOPPED, "status": "WARNING"}


def test_the_demo_routine_runs_for_everybody_and_stays(start: Start) -> None:
    with start(demo_data=True, tokens=TOKENS) as ann, Caller(ann.host, "two") as bob:
        (ran,) = _run(ann, {"id": "routine_id_example"})
        deleted = ann.call("DELETE", "/routines/routine_id_example").json()

        assert (ran["agent_id"], len(ran["sessions"])) == ("agent_id_example", 1)
        assert ran["sessions"][0]["user_id"] == "ann"
        assert deleted == {"routines": [ran]}
        assert _listed(bob, "agent_id_example") == [{**ran, "sessions": [], "latest_answer": ""}]
