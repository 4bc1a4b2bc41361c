"""Stored objects: their versions, who sees them, what is refused, and a restart."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import urllib3

from portal_sandbox.candela.kinds import KINDS, Kind

from ..conftest import LIMIT
from .conftest import Candela, Clock, Json, Start, named, running

NODE = {"type": "no-op", "node_id": "a", "child_id": None, "label": "x"}
CIRCUIT = {"first": "a", "nodes": {"a": NODE}}
DATA: dict[str, Json] = {
    "apps": {"type": "agent", "circuit": named("c"), "directive": named("d")},
    "circuits": CIRCUIT,
    "directives": {"point": " * ", "hide": False, "identity": ["You help."], "context_vals": {"a": "b"}},
    "tool_modules": {"content": "class Add(BaseTool): ..."},
}
POSTED = [kind for kind in KINDS.values() if kind.post is not None]
BY_NAME = {"scope": "default", "identifier": "x"}


def add(
    candela: Candela, path: str, identifier: str = "x", *, system: bool = False, **more: Any
) -> urllib3.BaseHTTPResponse:
    body = {"scope": "default", "identifier": identifier, "data": DATA[path], **more}
    return candela.call("PUT", f"/{path}/?system_level={str(system).lower()}", json=body)


def version_of(response: urllib3.BaseHTTPResponse) -> str:
    assert response.status == 200, response.data
    version: str = response.json()["obj_id"]["version"]
    return version


def versions(candela: Candela, path: str = "apps", **query: str) -> list[str]:
    return [each["obj_id"]["version"] for each in candela.get(f"/{path}/list", **query)]


def delete(candela: Candela, path: str = "apps", **name: str) -> urllib3.BaseHTTPResponse:
    return candela.call("DELETE", f"/{path}/", fields={**BY_NAME, **name})


@pytest.mark.parametrize("kind", POSTED, ids=lambda kind: kind.name)
def test_an_object_is_added_read_and_deleted(start: Start, clock: Clock, kind: Kind) -> None:
    candela = start(now=clock)
    data = {**DATA[kind.path], "own": {"kept": [None, 1.5]}}
    response = add(candela, kind.path, data=data, description="What it is")
    metadata = response.json()

    assert metadata == {
        "obj_id": {**BY_NAME, "version": "0.0.1"},
        "domain": "sandbox",
        "created_by": "sandbox-user",
        "created_at": "2026-11-25T12:00:00Z",
        "description": "What it is",
        **({"tools": ["Add"]} if kind.path == "tool_modules" else {}),
    }
    assert candela.get(f"/{kind.path}/metadata", **BY_NAME) == metadata
    assert candela.get(f"/{kind.path}/list") == [metadata]
    assert candela.get(f"/{kind.path}/exists", **BY_NAME) is True
    got = candela.get(f"/{kind.path}/", **BY_NAME)
    assert {name: got[name] for name in data if name not in ("circuit", "directive")} == {
        name: data[name] for name in data if name not in ("circuit", "directive")
    }
    deleted = delete(candela, kind.path)
    assert (deleted.status, deleted.json()) == (200, [metadata])
    assert candela.get(f"/{kind.path}/exists", **BY_NAME) is False
    assert candela.get(f"/{kind.path}/list") == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_what_is_not_stored_is_404_by_its_name(alone: Candela, kind: Kind) -> None:
    name = {**BY_NAME, "version": "9.9.9"}
    paths = [f"/{kind.path}/metadata", *([f"/{kind.path}/"] if kind.data else [])]
    refused = [alone.call("GET", path, fields=name) for path in paths]

    for response in (*refused, delete(alone, kind.path, version="9.9.9")):
        detail = f"{kind.noun.capitalize()} not found: default/x:9.9.9"
        assert (response.status, response.json()) == (404, {"detail": detail})
    assert alone.get(f"/{kind.path}/exists", **name) is False


def test_each_add_is_a_version_by_the_bump_and_no_number_is_given_twice(start: Start) -> None:
    candela = start()
    bumps: list[Json] = [{}, {}, {"version_bump": "minor"}, {}, {"version_bump": "major"}]
    assert [version_of(add(candela, "apps", **bump)) for bump in bumps] == [
        "0.0.1",
        "0.0.2",
        "0.1.0",
        "0.1.1",
        "1.0.0",
    ]
    assert versions(candela) == ["1.0.0"]
    assert versions(candela, all_versions="true") == ["1.0.0", "0.1.1", "0.1.0", "0.0.2", "0.0.1"]

    delete(candela, version="1.0.0")
    assert versions(candela) == ["0.1.1"]  # the one before is the latest now
    assert version_of(add(candela, "apps")) == "1.0.1"
    assert len(delete(candela).json()) == 5
    assert version_of(add(candela, "apps")) == "1.0.2"


def test_versions_are_compared_as_numbers(start: Start) -> None:
    candela = start()
    for _ in range(10):
        add(candela, "directives")
    assert versions(candela, "directives") == ["0.0.10"]


def test_of_many_adds_at_once_each_is_a_version(alone: Candela) -> None:
    added: list[str] = []
    threads = [Thread(target=lambda: added.append(version_of(add(alone, "apps")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(added) == [f"0.0.{number}" for number in range(1, 9)]


@pytest.mark.parametrize("kind", POSTED, ids=lambda kind: kind.name)
def test_the_users_of_a_domain_share_all_objects(start: Start, kind: Kind) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"})
    bob = ann.with_token("two")
    assert version_of(add(ann, kind.path)) == "0.0.1"
    assert bob.get(f"/{kind.path}/list") == ann.get(f"/{kind.path}/list")
    assert bob.get(f"/{kind.path}/", **BY_NAME) == ann.get(f"/{kind.path}/", **BY_NAME)
    assert version_of(add(bob, kind.path)) == "0.0.2"

    added = ann.get(f"/{kind.path}/list", all_versions="true")
    assert [(each["obj_id"]["version"], each["created_by"], each["domain"]) for each in added] == [
        ("0.0.2", "bob", "sandbox"),
        ("0.0.1", "ann", "sandbox"),
    ]
    assert len(delete(bob, kind.path).json()) == 2
    assert ann.get(f"/{kind.path}/exists", **BY_NAME) is False


def test_an_object_of_the_system_level_belongs_to_the_domain_system(start: Start) -> None:
    candela = start()
    assert add(candela, "apps", system=True).json()["domain"] == "system"
    assert version_of(add(candela, "apps")) == "0.0.2"  # of the same name
    domains = [each["domain"] for each in candela.get("/apps/list", all_versions="true")]
    assert domains == ["sandbox", "system"]


def test_the_system_level_is_for_administrators_if_there_are_some(start: Start) -> None:
    ann = start(tokens={"one": "ann", "two": "bob"}, admins=["bob"])
    bob = ann.with_token("two")
    not_allowed = (403, {"detail": "You are not an administrator"})
    refused = add(ann, "apps", system=True)

    assert (refused.status, refused.json()) == not_allowed
    assert ann.call("GET", "/system/list_slots").status == 403
    assert version_of(add(bob, "apps", system=True)) == "0.0.1"
    assert bob.call("GET", "/system/list_slots").status == 200

    version_of(add(ann, "apps"))
    refused = delete(ann)
    assert (refused.status, refused.json()) == not_allowed
    assert versions(ann, all_versions="true") == ["0.0.2", "0.0.1"]
    assert delete(ann, version="0.0.2").status == 200
    assert delete(bob).status == 200


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", ["scope", "identifier"])
def test_an_empty_name_is_422(alone: Candela, kind: Kind, name: str) -> None:
    calls = [("GET", "/metadata"), ("GET", "/exists"), ("DELETE", "/"), ("GET", "/")]
    for method, path in calls if kind.data else calls[:3]:
        response = alone.call(method, f"/{kind.path}{path}", fields={**BY_NAME, name: ""})
        assert (response.status, response.json()["detail"][0]["loc"]) == (422, ["query", name])


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"scope": ""}, ["body", "scope"]),
        ({"identifier": ""}, ["body", "identifier"]),
        ({"version_bump": "big"}, ["body", "version_bump"]),
        ({"data": {"type": "agent"}}, ["body", "data", "circuit"]),
    ],
)
def test_what_is_no_post_is_422_and_adds_nothing(alone: Candela, more: Json, place: list[str]) -> None:
    response = add(alone, "apps", **more)
    assert (response.status, response.json()["detail"][0]["loc"]) == (422, place)
    assert alone.get("/apps/list") == []


def test_objects_survive_a_restart(tmp_path: Path) -> None:
    box = {"db": tmp_path / "box.sqlite", "tokens": {"one": "ann"}}
    with running(**box) as candela:
        version_of(add(candela, "circuits"))
        before = candela.get("/circuits/list")
    with running(**box) as candela:
        assert candela.get("/circuits/list") == before
        assert version_of(add(candela, "circuits")) == "0.0.2"


def test_demo_objects_are_returned_when_deleted_and_stay(start: Start) -> None:
    candela = start(demo_data=True)
    name = {"scope": "scope_example", "identifier": "identifier_example", "version": "version_example"}
    for kind in KINDS.values():
        assert candela.call("DELETE", f"/{kind.path}/", fields=name).json()[0]["obj_id"] == name
        assert candela.get(f"/{kind.path}/exists", **name) is True
    body = {"scope": "scope_example", "identifier": "identifier_example", "data": DATA["apps"]}
    assert version_of(candela.call("PUT", "/apps/", json=body)) == "0.0.1"
