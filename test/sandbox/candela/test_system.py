"""All slots, for administrators."""

import pytest

from portal_sandbox import Slots

from .conftest import Candela, Json, Start
from .test_slots import assign, dispose, has_slot


def _set(candela: Candela, name: str, value: object) -> Json:
    path = "free_slots_target" if name == "target_free_slots" else name
    answer: Json = candela.put(f"/system/{path}", {"slot_type": "gpu", name: value}).json()
    return answer


def _state(candela: Candela) -> Json:
    state: Json = candela.get("/system/status")
    return state


@pytest.mark.parametrize(("name", "before"), [("max_slots", 8), ("target_free_slots", 0)])
def test_a_number_is_returned_as_it_was_and_as_it_is(start: Start, name: str, before: int) -> None:
    candela = start()
    assert _set(candela, name, 2) == {"old_value": before, "new_value": 2}
    assert _set(candela, name, 2) == {"old_value": 2, "new_value": 2}
    assert _state(candela)["gpu"][name] == 2


def test_free_slots_are_kept_up_to_the_target_and_the_maximum(start: Start) -> None:
    candela = start()
    _set(candela, "target_free_slots", 2)
    kept = [slot["slot_id"] for slot in candela.get("/system/list_slots")]
    assign(candela)

    assert candela.get("/slot/metadata")["slot_id"] == kept[0]
    state = {"max_slots": 8, "target_free_slots": 2, "free": 2, "assigned": 1, "starting": 0}
    assert _state(candela) == {"gpu": state}
    dispose(candela)
    assert _state(candela)["gpu"]["free"] == 2
    _set(candela, "max_slots", 1)  # takes none away
    assert _state(candela)["gpu"]["free"] == 2


def test_a_deleted_slot_is_not_replaced_and_its_session_stopped(start: Start) -> None:
    candela = start()
    name = candela.start()
    slot_id = candela.get("/slot/metadata")["slot_id"]
    deleted = candela.call("DELETE", "/system/slot", fields={"slot_id": slot_id})

    assert deleted.status == 200
    assert (has_slot(candela), candela.state(name)) == (False, "stopped")
    again = candela.call("DELETE", "/system/slot", fields={"slot_id": slot_id})
    assert (again.status, again.json()) == (404, {"detail": "Slot not found"})


@pytest.mark.parametrize("value", [-1, 1_001, "1.5", "many"])
def test_what_is_no_number_of_slots_is_422(start: Start, value: object) -> None:
    candela = start()
    for path, name in (("max_slots", "max_slots"), ("free_slots_target", "target_free_slots")):
        assert candela.put(f"/system/{path}", {"slot_type": "gpu", name: value}).status == 422
    assert _state(candela) == {}


def test_all_of_it_is_for_administrators_if_there_are_some(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"}, admins=["bob"])
    bob = ann.with_token("two")
    calls = {
        ("DELETE", "/system/slot?slot_id=x"): 404,
        ("GET", "/system/status"): 200,
        ("GET", "/system/list_slots"): 200,
        ("PUT", "/system/free_slots_target?slot_type=gpu&target_free_slots=0"): 200,
        ("PUT", "/system/max_slots?slot_type=gpu&max_slots=1"): 200,
    }
    for (method, path), allowed in calls.items():
        refused = ann.call(method, path)
        assert (refused.status, refused.json()) == (403, {"detail": "You are not an administrator"})
        assert bob.call(method, path).status == allowed


def test_a_free_slot_that_stops_is_listed_and_not_free(start: Start) -> None:
    candela = start(slots={"gpu": Slots(free=1)}, slot_stop=600)
    (slot,) = candela.get("/system/list_slots")
    for _ in range(2):  # the second time nothing changes
        assert candela.call("DELETE", "/system/slot", fields={"slot_id": slot["slot_id"]}).status == 200

    assert candela.get("/system/list_slots") == [{**slot, "state": 4}]
    assert _state(candela)["gpu"]["free"] == 0
    assign(candela)
    assert candela.get("/slot/metadata")["slot_id"] != slot["slot_id"]


def test_starting_slots_are_told_apart(start: Start) -> None:
    candela = start(slot_start=600)
    assign(candela)
    assert _state(candela)["gpu"]["starting"] == 1
