"""The operations on businesses, each through HTTP."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox

from ..conftest import Caller, Start

TOKENS = {"one": "ann", "two": "bob"}
NEW = {"name": "Acme", "description": "We sell anvils ☃\nand rockets"}


def create_business(caller: Caller) -> Any:
    return caller.call("POST", "/business", json=NEW).json()


def test_a_business_is_created_once(start: Start) -> None:
    caller = start(tokens=TOKENS)
    assert caller.get("/business") == {"business": None}

    business = create_business(caller)
    again = caller.call("POST", "/business", json={"name": "Other", "description": ""})

    assert business == {"id": business["id"], "user_id": "ann", **NEW}
    assert len(business["id"]) == 32
    assert (again.status, again.json()) == (409, {"detail": "You have a business already"})
    assert caller.get("/business") == {"business": business}


def test_of_many_creations_at_once_one_wins(start: Start, path: Path) -> None:
    one, two = (start(tokens=TOKENS, db=path) for _ in range(2))
    with ThreadPoolExecutor() as threads:
        sent = [threads.submit(each.call, "POST", "/business", json=NEW) for each in [one, two] * 8]
        responses = [each.result() for each in sent]

    assert sorted(each.status for each in responses) == [200] + [409] * 15
    (created,) = [each.json() for each in responses if each.status == 200]
    assert [each.get("/business") for each in (one, two)] == [{"business": created}] * 2


def test_a_business_is_replaced(start: Start) -> None:
    caller = start(tokens=TOKENS)
    changed = {**create_business(caller), "name": "New", "description": ""}

    assert [caller.call("PUT", "/business", json=changed).json() for _ in range(2)] == [changed] * 2
    assert caller.get("/business") == {"business": changed}


def test_a_business_is_deleted_and_may_be_created_again(start: Start) -> None:
    caller = start(tokens=TOKENS)
    path = f"/business/{create_business(caller)['id']}"

    assert [caller.call("DELETE", path).json() for _ in range(2)] == [{"success": True}, {"success": False}]
    assert caller.get("/business") == {"business": None}
    assert create_business(caller)["name"] == "Acme"


def test_a_business_is_its_users_own(start: Start) -> None:
    with start(tokens=TOKENS) as ann, Caller(ann.host, "two") as bob:
        business = create_business(ann)
        own = create_business(bob)

        refused = [
            bob.call("PUT", "/business", json={**business, "name": "mine"}),
            bob.call("PUT", "/business", json={**business, "user_id": "bob"}),
            bob.call("DELETE", f"/business/{business['id']}"),
        ]

        assert [(each.status, each.json()) for each in refused] == [
            (403, {"detail": "This business belongs to another user"})
        ] * 3
        assert (ann.get("/business"), bob.get("/business")) == ({"business": business}, {"business": own})


def test_a_business_that_does_not_exist_is_not_replaced(start: Start) -> None:
    caller = start(tokens=TOKENS)
    response = caller.call("PUT", "/business", json={"id": "x", "user_id": "ann", **NEW})

    assert (response.status, response.json()) == (404, {"detail": "Business not found"})
    assert caller.get("/business") == {"business": None}


def test_a_business_is_given_to_nobody_else(start: Start) -> None:
    caller = start(tokens=TOKENS)
    business = create_business(caller)

    response = caller.call("PUT", "/business", json={**business, "user_id": "bob"})

    (error,) = response.json()["detail"]
    assert (response.status, error["loc"]) == (422, ["body", "user_id"])
    assert caller.get("/business") == {"business": business}


def test_a_business_survives_a_restart(start: Start, path: Path) -> None:
    with portal_sandbox.running(tokens=TOKENS, db=path) as box, Caller(box.host, box.token) as first:
        business = create_business(first)

    assert start(tokens=TOKENS, db=path).get("/business") == {"business": business}


@pytest.mark.parametrize("body", [b"{", b'{"name": "a"}', b'{"name": "\\ud800", "description": ""}'])
def test_a_body_that_is_no_business_is_refused(start: Start, body: bytes) -> None:
    caller = start(tokens=TOKENS)

    assert caller.call("POST", "/business", body=body).status == 422
    assert caller.get("/business") == {"business": None}
