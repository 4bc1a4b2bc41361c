"""The operations on the playground, each through HTTP."""

from pathlib import Path
from typing import Any

import portal_sandbox

from ..conftest import Caller, Start

TOKENS = {"one": "ann", "two": "bob"}
MINE = {"id": "x", "name": "X ☃", "icon": "", "assistant_id": "asst_x", "instructions": "Be brief.\n"}
PATH = "/playground/agents"


def replace_playground(caller: Caller, *agents: Any) -> Any:
    return caller.call("PUT", PATH, json={"agents": agents}).json()


def test_the_playground_has_the_agents_at_first(start: Start) -> None:
    echo = {"id": "echo", "name": "Echo", "icon": "robot", "assistant_id": "asst_echo", "instructions": ""}

    assert start(agents={}).get(PATH) == {"agents": [echo]}


def test_the_list_is_replaced_as_a_whole(start: Start) -> None:
    caller = start(tokens=TOKENS)
    lists: list[list[Any]] = [[MINE, {**MINE, "id": "y"}], [{**MINE, "name": "new"}], []]

    for agents in lists:
        assert replace_playground(caller, *agents) == {"agents": agents}
        assert caller.get(PATH) == {"agents": agents}


def test_a_playground_is_its_users_own_and_agents_answer_as_before(start: Start) -> None:
    with start(tokens=TOKENS) as ann, Caller(ann.host, "two") as bob:
        before = bob.get(PATH)
        replace_playground(ann, {**MINE, "id": "echo"})

        assert bob.get(PATH) == before
        assert ann.get("/agents") == bob.get("/agents")
        assert ann.create("hello")["messages"][1]["text"] == "hello"


def test_two_agents_with_one_id_change_nothing(start: Start) -> None:
    caller = start(tokens=TOKENS)
    before = replace_playground(caller, MINE)

    response = caller.call("PUT", PATH, json={"agents": [{**MINE, "name": "a"}, MINE]})

    (error,) = response.json()["detail"]
    assert (response.status, error["loc"]) == (422, ["body", "agents"])
    assert caller.get(PATH) == before


def test_a_playground_survives_a_restart(start: Start, path: Path) -> None:
    with portal_sandbox.running(tokens=TOKENS, db=path) as box, Caller(box.host, box.token) as first:
        replaced = replace_playground(first, MINE)

    assert start(tokens=TOKENS, db=path).get(PATH) == replaced
