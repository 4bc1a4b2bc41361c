"""The caller's slot: assigned, disposed of, started, and needed by a session where the service is strict."""

from pathlib import Path
from threading import Thread

import pytest

from portal_sandbox import Slots

from ..conftest import LIMIT
from .conftest import Candela, Clock, Json, Start, named, running
from .test_objects import add

NO_SLOT = {"detail": "You have no slot: assign one first"}
READY, STOPPING = 3, 4


def assign(candela: Candela, slot_type: str = "gpu") -> int:
    return candela.put("/slot", {"slot_type": slot_type}).status


def dispose(candela: Candela) -> int:
    return candela.call("DELETE", "/slot").status


def has_slot(candela: Candela) -> bool:
    has: bool = candela.get("/slot/user_has_slot")
    return has


def test_a_slot_is_assigned_read_and_disposed_of(start: Start, clock: Clock) -> None:
    candela = start(now=clock)
    assert has_slot(candela) is False
    assert assign(candela) == 204

    slot = candela.get("/slot/metadata")
    now = "2026-11-25T12:00:00Z"
    assert slot == {
        "slot_id": slot["slot_id"],
        "slot_type": "gpu",
        "domain": "sandbox",
        "state": READY,
        "assigned_to": "sandbox-user",
        "url": None,
        "created": now,
        "assigned": now,
        "disposed": None,
        "ready": now,
    }
    assert (candela.get("/slot/state"), has_slot(candela)) == (READY, True)
    assert dispose(candela) == 204
    assert has_slot(candela) is False
    assert candela.get("/system/list_slots") == []


def test_without_a_slot_it_can_be_neither_read_nor_disposed_of(candela: Candela) -> None:
    for method, path in (("DELETE", "/slot"), ("GET", "/slot/state"), ("GET", "/slot/metadata")):
        response = candela.call(method, path)
        assert (response.status, response.json()) == (400, NO_SLOT)


def test_who_has_a_slot_keeps_it_whatever_type_is_asked_for(start: Start) -> None:
    candela = start()
    assign(candela)
    slot = candela.get("/slot/metadata")

    assert assign(candela, "cpu") == 204
    assert candela.get("/slot/metadata") == slot
    assert candela.get("/system/list_slots") == [slot]


def test_where_all_slots_of_a_type_are_taken_it_is_400(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"})
    bob = ann.with_token("two")
    ann.put("/system/max_slots", {"slot_type": "gpu", "max_slots": 1})
    assert assign(ann) == 204
    refused = bob.put("/slot", {"slot_type": "gpu"})

    assert (refused.status, refused.json()) == (400, {"detail": "No free slot of type gpu"})
    assert has_slot(bob) is False
    dispose(ann)
    assert assign(bob) == 204


def test_of_many_at_once_one_slot_is_made(start: Start) -> None:
    candela = start()
    threads = [Thread(target=assign, args=(candela,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(candela.get("/system/list_slots")) == 1


def test_a_slot_starts_in_steps(start: Start, clock: Clock) -> None:
    candela = start(now=clock, slot_start=3.0)
    assign(candela)
    states: list[int] = []
    for _ in range(4):
        states.append(candela.get("/slot/state"))
        clock.move(seconds=1)
    assert states == [0, 1, 2, READY]
    assert candela.get("/slot/metadata")["ready"] == "2026-11-25T12:00:03Z"


def test_a_slot_and_its_start_survive_a_restart(tmp_path: Path, clock: Clock) -> None:
    box = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}, "now": clock}
    with running(**box, slot_start=3.0) as candela:
        assign(candela)
        slot = candela.get("/slot/metadata")
    clock.move(seconds=1)
    with running(**box) as candela:
        assert candela.get("/slot/metadata") == {**slot, "state": 1}


def test_a_slot_stops_for_some_time(start: Start, clock: Clock) -> None:
    candela = start(now=clock, slot_stop=2.0)
    candela.start()
    slot = candela.get("/slot/metadata")
    clock.move(seconds=1)
    assert dispose(candela) == 204

    stopping = candela.get("/slot/metadata")
    assert stopping == {**slot, "state": STOPPING}
    assert (candela.get("/system/list_slots"), has_slot(candela)) == ([stopping], True)
    assert candela.try_to_start().json() == {"detail": "Your slot is not ready: its state is STOPPING"}
    assert (dispose(candela), assign(candela)) == (204, 204)  # and nothing changes
    assert candela.get("/slot/state") == STOPPING

    clock.move(seconds=2)
    assert (candela.get("/system/list_slots"), has_slot(candela)) == ([], False)
    assert candela.call("GET", "/slot/state").status == 400
    assign(candela)
    assert candela.get("/slot/metadata")["slot_id"] != slot["slot_id"]


def test_a_slot_that_was_disposed_of_before_it_was_ready_never_is(start: Start, clock: Clock) -> None:
    candela = start(now=clock, slot_start=1.0, slot_stop=60.0)
    assign(candela)
    dispose(candela)
    clock.move(seconds=2)
    assert (candela.get("/slot/state"), candela.get("/slot/metadata")["ready"]) == (STOPPING, None)


# ── types ──


def test_the_given_types_are_there_with_their_free_slots(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"}, slots={"gpu": Slots(max=2, free=1), "cpu": Slots()})
    bob = ann.with_token("two")
    (kept,) = ann.get("/system/list_slots")
    assert (kept["slot_type"], kept["assigned_to"]) == ("gpu", None)
    assert assign(ann) == 204
    assert ann.get("/slot/metadata")["slot_id"] == kept["slot_id"]
    assert ann.get("/system/status") == {
        "cpu": {"max_slots": 8, "target_free_slots": 0, "free": 0, "assigned": 0, "starting": 0},
        "gpu": {"max_slots": 2, "target_free_slots": 1, "free": 1, "assigned": 1, "starting": 0},
    }
    assert assign(bob) == 204
    assert len(ann.get("/system/list_slots")) == 2  # not one more than the maximum


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/slot", {}),
        ("/system/max_slots", {"max_slots": 1}),
        ("/system/free_slots_target", {"target_free_slots": 1}),
    ],
)
def test_another_type_is_422_and_the_given_ones_are_listed(start: Start, path: str, more: Json) -> None:
    candela = start(slots={"gpu": Slots(), "cpu": Slots()})
    response = candela.put(path, {"slot_type": "tpu", **more})

    assert response.status == 422
    (error,) = response.json()["detail"]
    assert error["loc"] == ["query", "slot_type"]
    assert error["msg"] == "Input should be a type of slots that there is: gpu, cpu"
    assert (has_slot(candela), [*candela.get("/system/status")]) == (False, ["cpu", "gpu"])


def test_a_start_on_the_way_needs_no_given_type(start: Start) -> None:
    candela = start(slots={"gpu": Slots(max=0)})
    candela.start()
    assert candela.get("/slot/metadata")["slot_type"] == "sandbox"


def test_a_file_keeps_the_numbers_that_were_set(tmp_path: Path) -> None:
    box = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}, "slots": {"gpu": Slots(max=2)}}
    with running(**box) as candela:
        candela.put("/system/max_slots", {"slot_type": "gpu", "max_slots": 5})
    with running(**box) as candela:
        assert candela.get("/system/status")["gpu"]["max_slots"] == 5


def test_the_type_of_the_examples_is_there_besides(start: Start) -> None:
    candela = start(demo_data=True, slots={"gpu": Slots()})
    assert [*candela.get("/system/status")] == ["gpu", "slot_type_example"]
    assert assign(candela, "slot_type_example") == 204


# ── sessions ──


def test_a_start_assigns_a_slot_on_the_way_and_a_stop_leaves_it(candela: Candela) -> None:
    name = candela.start()
    slot = candela.get("/slot/metadata")
    assert slot["slot_type"] == "sandbox"
    assert candela.get("/sessions/", **name)["host_id"] == slot["slot_id"]
    candela.stop()
    assert candela.get("/slot/metadata") == slot


def test_disposing_of_a_slot_stops_its_session(candela: Candela) -> None:
    name = candela.start()
    assert dispose(candela) == 204
    assert candela.state(name) == "stopped"


def test_a_session_does_not_start_on_a_slot_that_is_not_ready(start: Start, clock: Clock) -> None:
    candela = start(now=clock, slot_start=3.0)
    assign(candela)
    clock.move(seconds=1)
    refused = candela.try_to_start()

    assert (refused.status, refused.json()) == (
        409,
        {"detail": "Your slot is not ready: its state is NODE_STARTING"},
    )
    clock.move(seconds=2)
    candela.start()


# ── strict ──


def _store(candela: Candela, app_type: str = "agent") -> None:
    add(candela, "circuits", "c")
    add(candela, "directives", "d")
    data = {"type": app_type, "circuit": named("c"), "directive": named("d")}
    assert add(candela, "apps", "echo", data=data).status == 200
    model = {"hf_url": "u", "quantisation": "q", "description": "d", **named("model")}
    assert candela.put("/models/", model).status == 200


def test_a_strict_service_starts_no_session_without_a_slot(start: Start) -> None:
    candela = start(strict=True)
    _store(candela)
    refused = candela.try_to_start()

    assert (refused.status, refused.json()) == (400, NO_SLOT)
    assign(candela)
    assert candela.pipeline(candela.start()).status == 409  # the app is an agent


@pytest.mark.parametrize(
    ("path", "name", "detail"),
    [
        ("models", "model", "Model not found: default/model"),
        ("apps", "echo", "App not found: default/echo"),
        ("circuits", "c", "Circuit not found: default/c"),
        ("directives", "d", "Directive not found: default/d"),
    ],
)
def test_a_strict_service_starts_only_what_is_stored(start: Start, path: str, name: str, detail: str) -> None:
    candela = start(strict=True)
    _store(candela)
    assign(candela)
    candela.call("DELETE", f"/{path}/", fields=named(name))
    refused = candela.try_to_start()

    assert (refused.status, refused.json()) == (404, {"detail": detail})
    assert candela.get("/sessions/list") == []


@pytest.mark.parametrize(("app_type", "other"), [("agent", "pipeline"), ("pipeline", "agent")])
def test_an_app_takes_prompts_in_its_own_way_where_the_service_is_strict(
    start: Start, app_type: str, other: str
) -> None:
    candela = start(strict=True)
    _store(candela, app_type)
    assign(candela)
    name = candela.start()

    assert getattr(candela, app_type)(name).status == 200
    refused = getattr(candela, other)(name)
    detail = f"The app of the session is of type {app_type}, not {other}"
    assert (refused.status, refused.json()) == (409, {"detail": detail})


def test_a_session_keeps_the_versions_that_it_found(start: Start) -> None:
    candela = start()
    _store(candela)
    session: Json = candela.get("/sessions/", **candela.start())

    assert session["app"] == {**named("echo"), "version": "0.0.1"}
    assert session["model_cfg"] == {**named("model"), "version": "0.0.1"}


@pytest.mark.parametrize("part", ["circuit", "directive"])
def test_an_override_is_looked_up_in_the_scope_of_the_app(start: Start, part: str) -> None:
    candela = start(strict=True)
    _store(candela)
    assign(candela)
    add(candela, f"{part}s", "other", scope="elsewhere")
    override = {f"{part}_override": {"scope": "elsewhere", "identifier": "other"}}
    refused = candela.try_to_start(**override)
    assert refused.json() == {"detail": f"{part.capitalize()} not found: default/other"}

    add(candela, f"{part}s", "other")
    override[f"{part}_override"]["scope"] = "default"
    session: Json = candela.get("/sessions/", **candela.start(**override))
    assert session[f"{part}_override"] == {**named("other"), "version": "0.0.1"}


def test_a_stored_app_without_an_agent_of_its_name_echoes(start: Start) -> None:
    candela = start()
    add(candela, "apps", "mine")
    assert candela.pipeline(candela.start("mine"), "hello").json() == "hello"
