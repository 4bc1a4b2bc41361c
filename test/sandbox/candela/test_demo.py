"""Demo data: the documents' examples work, in their order and alone, for any user."""

from pathlib import Path
from typing import Any

import pytest
import urllib3

from .conftest import NDJSON, Candela, Json, Start, named, running

#: The content of the documents' secrets.json.
SECRETS = {
    "username": "<your-username>",
    "password": "<your-password>",
    "client_id": "<your-client-id>",
    "client_secret": "<your-client-secret>",
}
NAME = {"scope": "scope_example", "identifier": "identifier_example", "version": "version_example"}
OBJECT = {"scope": "scope_example", "identifier": "identifier_example"}
PROMPT = {"prompt": "prompt_example", "session_id": "identifier_example", "scope": "scope_example"}
NODES = {"first_example": {"type": "no-op", "node_id": "n", "child_id": None, "label": "l"}}
DEV = {"model_id": OBJECT, "circuit": {"first": "first_example", "nodes": NODES}, "directive": {}}

#: The operations in the order of the document, each as its example calls it.
EXAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    ("DELETE", "/sessions/", {"fields": NAME}),
    ("GET", "/sessions/", {"fields": NAME}),
    ("GET", "/sessions/metadata", {"fields": NAME}),
    ("GET", "/sessions/list", {"fields": {"all_versions": "False"}}),
    ("GET", "/sessions/exists", {"fields": NAME}),
    ("POST", "/session/dev", {"json": DEV}),
    ("POST", "/session", {"json": {"app": OBJECT, "model_cfg": OBJECT}}),
    ("GET", "/session/stop", {}),
    ("POST", "/session/pipeline_submit", {"json": PROMPT}),
    ("POST", "/session/agent_submit", {"json": PROMPT}),
]


@pytest.fixture
def guest(start: Start) -> Candela:
    return _guest(start(demo_data=True))


def _guest(candela: Candela, **changes: str) -> Candela:
    form = {"grant_type": "password", **SECRETS, **changes}
    response = candela.http.request("POST", candela.box.token_url, fields=form, encode_multipart=False)
    assert response.status == 200
    return candela.with_token(response.json()["access_token"])


def _good(response: urllib3.BaseHTTPResponse) -> Any:
    if response.status == 204:
        return None
    assert response.status == 200, response.data
    return response.json()


def _example(candela: Candela, method: str, path: str, options: dict[str, Any]) -> Any:
    return _good(candela.call(method, path, **options))


def test_the_examples_work_in_the_order_of_the_document(guest: Candela) -> None:
    answers = [_example(guest, *example) for example in EXAMPLES]

    assert [answers[0][0]["obj_id"], answers[2]["obj_id"]] == [NAME, NAME]
    assert answers[1]["app"] == {**OBJECT, "version": "version_example"}
    assert NAME in [each["obj_id"] for each in answers[3]]
    assert answers[4] is True
    assert answers[8:] == ["prompt_example", {"event_type": "result", "content": "prompt_example"}]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example[0]} {example[1]}")
def test_each_example_works_alone(guest: Candela, example: tuple[str, str, dict[str, Any]]) -> None:
    _example(guest, *example)


def test_an_example_works_again_and_again(guest: Candela) -> None:
    for example in EXAMPLES * 2:
        _example(guest, *example)


def test_whoever_signs_in_is_the_guest(start: Start) -> None:
    candela = start(demo_data=True)
    one = _guest(candela)
    other = _guest(candela, username="somebody", password="else", client_id="another")
    name = one.start()

    assert other.get("/sessions/metadata", **name)["created_by"] == "guest"
    secrets = candela.box.secrets["api"]
    known = _guest(candela, username=secrets["username"], password=secrets["password"])
    assert known.get("/sessions/metadata", **known.start())["created_by"] == "sandbox-user"


def test_what_is_said_in_a_demo_session_is_for_all_until_it_is_deleted(start: Start) -> None:
    def count(conversation: list[object], files: object) -> int:
        return len(conversation)

    candela = start(demo_data=True, agents={"identifier_example": count})
    guest = _guest(candela)

    assert [each.pipeline(NAME).json() for each in (guest, candela, guest)] == [1, 3, 5]
    assert [each["obj_id"] for each in guest.delete(NAME).json()] == [NAME]
    assert candela.pipeline(NAME).json() == 1
    assert candela.state(NAME) == "open to everyone"


def test_prompts_to_a_demo_session_go_side_by_side(start: Start) -> None:
    nested: list[Json] = []

    def asks_again(conversation: list[Any], files: object) -> str:
        if conversation[-1].text == "outer":
            nested.append(candela.pipeline(NAME, "inner").json())
        return str(conversation[-1].text)

    candela = start(demo_data=True, agents={"identifier_example": asks_again})

    assert candela.pipeline(NAME, "outer").json() == "outer"
    assert nested == ["inner"]


def test_the_session_of_an_example_leaves_the_slot_to_the_next(guest: Candela) -> None:
    example = guest.start("app_example")
    own = guest.start()

    assert guest.state(example) == "stopped"
    for agent in ("echo", "app_example"):
        assert guest.try_to_start(agent).status == 409
    assert guest.state(own) == "running"


def test_a_demo_session_can_be_continued_in_the_slot(guest: Candela) -> None:
    guest.pipeline(NAME, "before")
    own = guest.start(parent_session=NAME)

    assert {**own, "version": ""} == {**NAME, "version": ""}
    assert guest.events(own)[-1] == ("result", "hello")
    assert [each["obj_id"] for each in guest.delete(NAME).json()] == [NAME]
    assert guest.state(own) == "running"


def test_the_name_of_the_portal_documents_takes_prompts_too(guest: Candela) -> None:
    body = {"prompt": "prompt_example", "session_id": "session_id_example"}

    assert _good(guest.post("/session/pipeline_submit", body)) == "prompt_example"
    assert guest.post("/session/agent_submit", body, Accept=NDJSON).status == 200


def test_demo_data_twice_is_demo_data_once(tmp_path: Path) -> None:
    options: dict[str, Any] = {"db": tmp_path / "box.sqlite", "demo_data": True, "tokens": {"one": "ann"}}
    listed = []
    for _ in range(2):
        with running(**options) as candela:
            listed.append(candela.get("/sessions/list", all_versions=True))

    assert listed[0] == listed[1]
    assert len(listed[0]) == 2


def test_no_demo_data_unless_asked_for(candela: Candela) -> None:
    form = {"grant_type": "password", **SECRETS}
    response = candela.http.request("POST", candela.box.token_url, fields=form, encode_multipart=False)

    assert response.status == 401
    assert candela.get("/sessions/exists", **NAME) is False
    assert candela.try_to_start("identifier_example").status == 404
    assert candela.post("/session/dev", {**DEV, "model_id": named("any")}).status == 404
